import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { OvsPkiError } from '../../src/errors.js';
import { readContents } from '../../src/pki/content.js';
import { encodePem } from '../../src/pki/pem.js';
import { shownContent } from '../../src/usecases/certificate/shown-content.js';
import { authority, crl, leaf } from '../cases/verify-paths.js';
import { rsaKeyFile } from '../support/keys.js';
import { mutated } from '../support/mutated.js';
import { buildRequest, fixtureKey, hostName } from '../support/x509.js';

const request = buildRequest({ subject: hostName('host'), signKey: fixtureKey(1) });
const plain = [leaf(), authority(), request, crl(), fixtureKey(1).export({ type: 'pkcs8', format: 'der' })];
const bundle = Buffer.from([encodePem('CERTIFICATE', leaf()), encodePem('X509 CRL', crl())].join(''));

const inputs: readonly (readonly [what: string, input: fc.Arbitrary<Uint8Array>, runs: number])[] = [
  ['anything', fc.uint8Array({ maxLength: 400 }), 1500],
  [
    'what begins as DER does',
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from([0x30, bytes.length, ...bytes])),
    1500,
  ],
  ['DER of any kind', mutated(...plain), 1500],
  ['PEM', mutated(bundle), 500],
  ['containers', mutated(...containers()), 500],
];

for (const [what, input, numRuns] of inputs) {
  test(`The contents of a file are found or refused with a code, whatever its bytes: ${what}`, async (t) => {
    await fc.assert(
      fc.asyncProperty(input, async (bytes) => {
        try {
          for (const content of await readContents(bytes, 'x', async () => 'p')) {
            JSON.stringify(shownContent(content, new Date()));
          }
        } catch (error) {
          if (!(error instanceof OvsPkiError)) throw error;
        }
      }),
      { numRuns },
    );
    t.pass();
  });
}

/** CMS, and PKCS #12 with little between the bytes and their reader: without encryption, without integrity check. */
function containers(): Uint8Array[] {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  try {
    const key = rsaKeyFile(1);
    writeFileSync(
      join(folder, 'c.pem'),
      execFileSync('openssl', ['req', '-x509', '-key', key, '-subj', '/O=o/CN=host']),
    );
    const pkcs12 = ['pkcs12', '-export', '-in', 'c.pem', '-inkey', key, '-out', 'x', '-passout', 'pass:p'];
    const commands = [
      ['crl2pkcs7', '-nocrl', '-certfile', 'c.pem', '-outform', 'der', '-out', 'x'],
      [...pkcs12, '-iter', '1'],
      [...pkcs12, '-nomac', '-iter', '1'],
      [...pkcs12, '-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'],
    ];
    return commands.map((args) => {
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
      return new Uint8Array(readFileSync(join(folder, 'x')));
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
