import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { normalizeArguments } from '../../src/cli/options/argv.js';
import { OvsPkiError } from '../../src/errors.js';
import { decodeCertificate, decodeCertificatePem } from '../../src/pki/certificate.js';
import { decodeCertificationRequest, decodeCertificationRequestPem } from '../../src/pki/certification-request.js';
import { decodeCrl } from '../../src/pki/crl.js';
import { readDer } from '../../src/pki/der.js';
import { verifySignature } from '../../src/pki/engine.js';
import { parseFileName } from '../../src/pki/file-name.js';
import { decodePrivateKey, decodePublicKey } from '../../src/pki/key.js';
import { leafFindings } from '../../src/pki/lint/leaf-rules.js';
import { requestFindings } from '../../src/pki/lint/request-rules.js';
import { expandNames, parseNameFile } from '../../src/pki/name-list.js';
import { decodePem, encodePem } from '../../src/pki/pem.js';
import { certificateText, requestText } from '../../src/pki/text.js';
import { parseIndexRow } from '../../src/store/index/row.js';
import { authority, crl, leaf } from '../cases/verify-paths.js';
import { mutated } from '../support/mutated.js';
import { buildRequest, fixtureKey, hostName, requestPem, spkiOf, subjectAltName } from '../support/x509.js';

const request = buildRequest({
  subject: hostName('host'),
  signKey: fixtureKey(1),
  extensions: [subjectAltName('host')],
});
const pkcs8 = fixtureKey(1).export({ type: 'pkcs8', format: 'der' });
const certificates = [leaf(), authority()];

const anyBytes = fc.uint8Array({ maxLength: 400 });
const anyText = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 100 }));

const parsers: readonly (readonly [
  what: string,
  input: fc.Arbitrary<Uint8Array>,
  parse: (bytes: Uint8Array) => unknown,
])[] = [
  ['DER', anyBytes, readDer],
  ['a certificate', fc.oneof(anyBytes, mutated(...certificates)), readCertificate],
  ['a request', fc.oneof(anyBytes, mutated(request)), readRequest],
  ['a CRL', fc.oneof(anyBytes, mutated(crl(), crl({ revoked: [Uint8Array.of(2, 1, 5)] }))), decodeCrl],
  ['a public key', fc.oneof(anyBytes, mutated(spkiOf(fixtureKey(1)))), (bytes) => decodePublicKey(readDer(bytes))],
  [
    'a PKCS#8 key',
    fc.oneof(anyBytes, mutated(pkcs8)),
    (bytes) => decodePrivateKey(encodePem('PRIVATE KEY', bytes), 'x'),
  ],
  [
    'a PKCS#1 key',
    fc.oneof(anyBytes, mutated(pkcs8.subarray(26))),
    (bytes) => decodePrivateKey(encodePem('RSA PRIVATE KEY', bytes), 'x'),
  ],
  ['a SEC 1 key', anyBytes, (bytes) => decodePrivateKey(encodePem('EC PRIVATE KEY', bytes), 'x')],
  ['a PEM file', fc.oneof(anyBytes, mutated(Buffer.from(requestPem(request)))), readPemFile],
];

for (const [what, input, parse] of parsers) {
  test(`Reading ${what} gives a value or an OvsPkiError, whatever the bytes`, (t) => {
    fc.assert(
      fc.property(input, (bytes) => onlyRefuses(() => parse(bytes))),
      { numRuns: 1500 },
    );
    t.pass();
  });
}

const readers: readonly (readonly [what: string, input: fc.Arbitrary<string>, read: (text: string) => unknown])[] = [
  [
    'a row of index.txt',
    fc.oneof(anyText, fc.stringMatching(/^[VRE]\t[0-9Z]{0,16}\t[0-9Z,a-z]{0,16}\t[0-9A-F-]{0,8}\t/)),
    (line) => parseIndexRow(line),
  ],
  ['a name', anyText, parseFileName],
  [
    'a pattern of names',
    fc.oneof(anyText, fc.stringMatching(/^[a-z]?(\[[0-9]{0,3}-[0-9]{0,3}\]?[a-z]?){0,3}$/)),
    (text) => expandNames([text]),
  ],
  ['a file of names', anyText, (text) => expandNames(parseNameFile(text))],
];

for (const [what, input, read] of readers) {
  test(`Reading ${what} gives a value or an OvsPkiError, whatever the text`, (t) => {
    fc.assert(
      fc.property(input, (text) => onlyRefuses(() => read(text))),
      { numRuns: 1500 },
    );
    t.pass();
  });
}

test('A command line comes into order or is refused, and what is in order stays as it is', (t) => {
  const token = fc.oneof(
    anyText,
    fc.constantFrom(
      '--',
      '-',
      '-k',
      '-B',
      '--dir',
      '--di',
      '--d',
      '--json',
      '--key=',
      '--log=x',
      'req',
      'sign',
      '-h',
      '-V',
    ),
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 8 }), (args) => {
      let once: string[];
      try {
        once = normalizeArguments(args);
      } catch (error) {
        return error instanceof OvsPkiError;
      }
      return JSON.stringify(normalizeArguments(once)) === JSON.stringify(once);
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

test('A good request with any bit of it changed is never signed', async (t) => {
  t.deepEqual(await refusalsOf(request), [], 'the request itself is good');
  await fc.assert(
    fc.asyncProperty(fc.nat(request.length * 8 - 1), async (bit) => {
      const changed = request.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const reasons = await refusalsOf(changed);
      return reasons.length > 0;
    }),
    { numRuns: 1000 },
  );
  await assertAllRefused(t, [request.subarray(1), new Uint8Array(), Uint8Array.of(0x30)]);
});

async function assertAllRefused(t: ExecutionContext, requests: readonly Uint8Array[]): Promise<void> {
  for (const der of requests) t.not((await refusalsOf(der)).length, 0);
}

/** The rules that a request breaks, or the code of the error where it cannot be read. */
async function refusalsOf(der: Uint8Array): Promise<string[]> {
  try {
    const decoded = decodeCertificationRequest(der);
    const { publicKey, signatureAlgorithm, toBeSigned, signature } = decoded;
    const possessionProved = verifySignature(publicKey, signatureAlgorithm, toBeSigned.bytes, signature);
    const context = {
      name: 'host',
      possessionProved,
      caOrganization: 'Open vSwitch',
      keyCertifiedFor: undefined,
      keyRevoked: undefined,
      isCaKey: false,
    };
    return requestFindings(decoded, context).map(({ rule }) => rule);
  } catch (error) {
    if (error instanceof OvsPkiError) return [error.code];
    throw error;
  }
}

function readCertificate(bytes: Uint8Array): unknown {
  const certificate = decodeCertificate(bytes);
  return [certificateText(certificate), leafFindings(certificate)];
}

function readRequest(bytes: Uint8Array): unknown {
  return requestText(decodeCertificationRequest(bytes));
}

function readPemFile(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('latin1');
  const all = [decodePem, decodeCertificationRequestPem, decodeCertificatePem, decodePrivateKey];
  return all.map((decode) => onlyRefuses(() => decode(text, 'x')));
}

/** Runs it; an OvsPkiError is as good as a value, and any other exception goes on. */
function onlyRefuses(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof OvsPkiError) return true;
    throw error;
  }
}
