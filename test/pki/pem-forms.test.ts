/** The forms in which a certificate comes from other programs are the same certificate to all who read one. */

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { init, nodePlatform } from '../../src/index.js';
import { decodeCertificatePem } from '../../src/pki/certificate.js';
import { readContents } from '../../src/pki/content.js';
import { scratchFolder } from '../support/scratch.js';

const openssl =
  (...args: readonly string[]) =>
  (_pem: string, file: string): Buffer =>
    execFileSync('openssl', ['x509', '-in', file, ...args]);

const forms: Readonly<Record<string, (pem: string, file: string) => Buffer>> = {
  PEM: (pem) => Buffer.from(pem),
  DER: openssl('-outform', 'DER'),
  'text before it': openssl('-text'),
  'a trusted certificate of OpenSSL': openssl('-trustout', '-addtrust', 'serverAuth', '-setalias', 'ours'),
  'the label of old OpenSSL': (pem) => Buffer.from(pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')),
  'a byte order mark of UTF-8': (pem) => Buffer.from(`\ufeff${pem}`),
  'CRLF at the ends of lines': (pem) => Buffer.from(pem.replaceAll('\n', '\r\n')),
  'UTF-16, little end first': (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le'),
  'UTF-16, big end first': (pem) => Buffer.from(`\ufeff${pem}`, 'utf16le').swap16(),
  'UTF-16 without a byte order mark': (pem) => Buffer.from(pem, 'utf16le'),
  'UTF-16, big end first, without a byte order mark': (pem) => Buffer.from(pem, 'utf16le').swap16(),
};

test('a certificate is the same in all its forms', async (t) => {
  const folder = scratchFolder(t);
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  await init(nodePlatform(), { pkiDirectory: join(folder, 'pki'), keySpec, days: 30, force: false });
  const source = join(folder, 'pki/switchca/cacert.pem');
  const pem = readFileSync(source, 'latin1');
  const { serialNumber } = decodeCertificatePem(pem, source);
  for (const [title, form] of Object.entries(forms)) {
    const file = join(folder, 'form.pem');
    writeFileSync(file, form(pem, source));
    t.is(decodeCertificatePem(readFileSync(file, 'latin1'), file).serialNumber, serialNumber, title);
    const found = await readContents(readFileSync(file), file, () => Promise.reject(new Error('no passphrase')));
    t.deepEqual(
      found.map((item) => item.kind === 'certificate' && item.certificate.serialNumber),
      [serialNumber],
      title,
    );
  }
});
