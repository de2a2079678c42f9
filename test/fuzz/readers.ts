/**
 * Every reader of what others write, what it is fed, and how it is called. With any input a reader gives a value or an
 * OvsPkiError, within a second and without holding much.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readFacts } from '../../src/deploy/facts/host-facts.js';
import { parseInventory } from '../../src/deploy/inventory/inventory.js';
import { decodeCertificate, decodeCertificatesPem } from '../../src/pki/certificate.js';
import { decodeCertificationRequest } from '../../src/pki/certification-request.js';
import { readContents } from '../../src/pki/content.js';
import { decodeCrl, decodeCrlsPem } from '../../src/pki/crl.js';
import { children, readDer } from '../../src/pki/der.js';
import { parseFileName } from '../../src/pki/file-name.js';
import { decodePrivateKey, decodePublicKey } from '../../src/pki/key.js';
import { isCanonical, keyHash } from '../../src/pki/key-identity.js';
import { leafFindings } from '../../src/pki/lint/leaf-rules.js';
import { comparedName, nameFault, nameOfCommonName } from '../../src/pki/name.js';
import { expandNames, parseNameFile } from '../../src/pki/name-list.js';
import { decodePem, encodePem } from '../../src/pki/pem.js';
import { parsePkcs11Uri } from '../../src/pki/pkcs11-uri.js';
import { isPlainlyStrong } from '../../src/pki/strength.js';
import { certificateText, requestText } from '../../src/pki/text.js';
import { indexRows, parseIndexRow } from '../../src/store/index/row.js';
import { distrustedNames, lastRevoked, readRevoked, validNames } from '../../src/store/index/scan.js';
import { shownContent } from '../../src/usecases/certificate/shown-content.js';
import { readPlan } from '../../src/usecases/fleet/plan-file.js';
import { capturedAnswers } from '../cases/captured-answers.js';
import { authority, crl, leaf } from '../cases/verify-paths.js';
import { answerNames, answerOf, capturedAt } from '../support/host-answers.js';
import { keyForms } from '../support/key-forms.js';
import { ecKeyFile, readPem } from '../support/keys.js';
import { mutated } from '../support/mutated.js';
import { projectRoot } from '../support/programs.js';
import { buildRequest, fixtureKey, hostName, loadKey, spkiOf, subjectAltName } from '../support/x509.js';
import { anyDer, damagedText } from './grammars.js';
import { pkcs12Samples } from './samples.js';

export interface Reader {
  readonly name: string;
  readonly input: fc.Arbitrary<Uint8Array>;
  readonly read: (bytes: Uint8Array) => unknown;
  /** CPU time that one input may cost, if not a second. */
  readonly longestMs?: number;
}

const certificates = [leaf(), authority()];
const request = buildRequest({ subject: hostName('h'), signKey: fixtureKey(1), extensions: [subjectAltName('h')] });
const lists = [crl(), crl({ revoked: [Uint8Array.of(2, 1, 5)] })];
const keys = [fixtureKey(1), loadKey(ecKeyFile('p256', 1))];
const rsaForms = keyForms.filter(({ of }) => of === 'rsa').map(({ spki }) => spki(fixtureKey(1)));
const pem = [
  ...certificates.map((der) => encodePem('CERTIFICATE', der)),
  ...lists.map((der) => encodePem('X509 CRL', der)),
];

const ofText = (input: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  input.map((text) => Buffer.from(text, 'utf8'));
const text = (bytes: Uint8Array, as: 'utf8' | 'latin1' = 'utf8'): string => Buffer.from(bytes).toString(as);
const der = (...originals: readonly Uint8Array[]) =>
  fc.oneof(anyDer, mutated(...originals), fc.uint8Array({ maxLength: 300 }));
const inventories = ['fleet.yaml'].map((name) => readFileSync(join(projectRoot, 'templates', name), 'utf8'));
const index = [
  'V\t271122063200Z\t\t1A2B\tunknown\t/C=US/ST=CA/O=Open vSwitch/OU=x/CN=host_1\n',
  'R\t271122063200Z\t261122063200Z,keyCompromise\t1A2C\tunknown\t/CN=host_2 id:abc\n',
  'E\t20511122063200Z\t\t-01\tunknown\t/CN=host_3/emailAddress=a@b\n',
].join('');
const plan = `${JSON.stringify({ kind: 'ovs-pki-ts plan', version: 1, fleet: { hosts: [] }, hosts: [], sha256: '0' }, undefined, 2)}\n`;

/** The sections of the answers that hosts gave, by name; files and certificates of all hosts are one section each. */
const sections = new Map<string, { answer: string; name: string }[]>();
for (const answer of [...answerNames.map(answerOf), ...capturedAnswers.map(({ text: captured }) => captured)]) {
  for (const [, section = ''] of answer.matchAll(/^answer (\S+) \d+$/gm)) {
    const kind = section.replace(/:.*/, '');
    sections.set(kind, [...(sections.get(kind) ?? []), { answer, name: section }]);
  }
}

function withSection(answer: string, name: string, change: (body: string) => string): string {
  const start = answer.indexOf(`answer ${name} `);
  const bodyStart = answer.indexOf('\n', start) + 1;
  const next = answer.indexOf('\nanswer ', bodyStart - 1);
  const end = next < 0 ? answer.length : next;
  return answer.slice(0, bodyStart) + change(answer.slice(bodyStart, Math.max(end, bodyStart))) + answer.slice(end);
}

/** An answer in which one section is damaged. */
function factsInput(kind: string): fc.Arbitrary<Uint8Array> {
  return ofText(
    fc.constantFrom(...(sections.get(kind) ?? [])).chain(({ answer, name }) => {
      let body = '';
      withSection(answer, name, (found) => {
        body = found;
        return found;
      });
      return damagedText(body).map((damaged) => withSection(answer, name, () => damaged));
    }),
  );
}

const readAnswer = (bytes: Uint8Array): unknown => readFacts('h', text(bytes), '', 'answer', capturedAt);

/** In a file, for what reads files only. */
function inFile(bytes: Uint8Array, read: (file: string) => unknown): void {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  try {
    writeFileSync(join(folder, 'x'), bytes);
    read(join(folder, 'x'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const readers: readonly Reader[] = [
  { name: 'der', input: der(...certificates), read: (bytes) => children(readDer(bytes)).map(({ tag }) => tag) },
  {
    name: 'certificate',
    input: der(...certificates),
    read: (bytes) => {
      isPlainlyStrong(bytes);
      const certificate = decodeCertificate(bytes);
      return [certificateText(certificate), leafFindings(certificate)];
    },
  },
  { name: 'request', input: der(request), read: (bytes) => requestText(decodeCertificationRequest(bytes)) },
  { name: 'crl', input: der(...lists), read: decodeCrl },
  {
    name: 'public-key',
    input: der(...keys.map(spkiOf), ...rsaForms),
    read: (bytes) => {
      const key = decodePublicKey(readDer(bytes));
      return [keyHash(key), isCanonical(key)];
    },
  },
  {
    name: 'private-key',
    input: der(...keys.map((key) => new Uint8Array(key.export({ type: 'pkcs8', format: 'der' })))),
    read: (bytes) => decodePrivateKey(encodePem('PRIVATE KEY', bytes), 'x'),
  },
  {
    name: 'pem',
    input: ofText(damagedText(...pem, readPem(ecKeyFile('p256', 1)))),
    read: (bytes) => {
      const found = decodePem(text(bytes, 'latin1'), 'x');
      return found.length > 1
        ? decodeCrlsPem(text(bytes, 'latin1'), 'x')
        : decodeCertificatesPem(text(bytes, 'latin1'), 'x');
    },
  },
  {
    name: 'contents',
    input: fc.oneof(der(...certificates, request, ...lists), ofText(damagedText(...pem))),
    read: async (bytes) =>
      (await readContents(bytes, 'x', async () => 'p')).map((content) =>
        JSON.stringify(shownContent(content, capturedAt)),
      ),
  },
  { name: 'pkcs12', input: mutated(...pkcs12Samples()), read: (bytes) => readContents(bytes, 'x', async () => 'p') },
  {
    name: 'names',
    // A range may stand for a hundred thousand names.
    longestMs: 10_000,
    input: ofText(fc.oneof(fc.string({ unit: 'binary' }), damagedText('host_[1-3].example id:1-2', 'keys/host_1'))),
    read: (bytes) => {
      const name = text(bytes);
      return [
        nameFault(name),
        nameOfCommonName(name),
        comparedName(name),
        expandNames(parseNameFile(name)),
        parseFileName(name),
      ];
    },
  },
  {
    name: 'pkcs11-uri',
    input: ofText(damagedText('pkcs11:token=t;object=o;id=%01?module-path=/x.so&pin-source=file:/x')),
    read: (bytes) => parsePkcs11Uri(text(bytes)),
  },
  {
    name: 'index',
    input: ofText(damagedText(index)),
    read: (bytes) => {
      const content = Buffer.from(bytes);
      distrustedNames(content, capturedAt);
      validNames(content, capturedAt);
      inFile(bytes, (file) => [readRevoked(file).size, [...indexRows(file)].length]);
      return [lastRevoked(content), parseIndexRow(text(bytes))];
    },
  },
  { name: 'inventory', input: ofText(damagedText(...inventories)), read: (bytes) => parseInventory(text(bytes), 'x') },
  { name: 'plan', input: ofText(damagedText(plan)), read: (bytes) => inFile(bytes, readPlan) },
  ...[...sections.keys()].map((kind): Reader => ({ name: `facts-${kind}`, input: factsInput(kind), read: readAnswer })),
];
