/** PKCS #12 files as OpenSSL writes them, with so few iterations that a thousand are read in a second. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ecKeyFile } from '../support/keys.js';

export function pkcs12Samples(): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  try {
    const key = ecKeyFile('p256', 1);
    const made = execFileSync('openssl', ['req', '-x509', '-key', key, '-subj', '/O=o/CN=host']);
    writeFileSync(join(folder, 'c.pem'), made);
    const all = ['pkcs12', '-export', '-in', 'c.pem', '-inkey', key, '-out', 'x', '-passout', 'pass:p'];
    return [
      ['-iter', '1'],
      ['-nomac', '-iter', '1'],
      ['-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'],
    ].map((more) => {
      execFileSync('openssl', [...all, ...more], { cwd: folder, stdio: 'pipe' });
      return new Uint8Array(readFileSync(join(folder, 'x')));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
