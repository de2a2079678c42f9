import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseSections } from '../../src/deploy/answer/sections.js';
import { readFacts } from '../../src/deploy/facts/host-facts.js';
import { parseInventory } from '../../src/deploy/inventory/inventory.js';
import { OvsPkiError } from '../../src/errors.js';
import { decodeCertificate } from '../../src/pki/certificate.js';
import { decodeCertificationRequest } from '../../src/pki/certification-request.js';
import { readContents } from '../../src/pki/content.js';
import { decodeCrl } from '../../src/pki/crl.js';
import { children, readDer, tag } from '../../src/pki/der.js';
import {
  encode,
  encodeBitString,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
} from '../../src/pki/der-encode.js';
import { readOid } from '../../src/pki/der-values.js';
import { decodePrivateKey, decodePublicKey } from '../../src/pki/key.js';
import { nameFault, nameOfCommonName } from '../../src/pki/name.js';
import { expandNames, parseNameFile } from '../../src/pki/name-list.js';
import { oid } from '../../src/pki/oid.js';
import { decodePem, encodePem } from '../../src/pki/pem.js';
import { parsePkcs11Uri } from '../../src/pki/pkcs11-uri.js';
import { requireModestStructure } from '../../src/pki/work.js';
import { indexRows } from '../../src/store/index/row.js';
import { lastRevoked } from '../../src/store/index/scan.js';
import { readPlan } from '../../src/usecases/fleet/plan-file.js';
import { capturedAt } from '../support/host-answers.js';

/** An answer of a host in which one section is as long as we like. */
function facts(section: string, body: string, more = ''): () => unknown {
  const version = /^ike/.test(section) ? more : 'Linux strongSwan U5.9.8';
  const answer = `\nm ipsec-version 0\n${version}\nm ${section} 0\n${body}\nm end 0\n`;
  return () => readFacts('h', answer, '', 'm', capturedAt);
}

const [swan, libre] = ['Linux strongSwan U5.9.8', 'Linux Libreswan 4.9'];
const charon = 'Status of IKE charon daemon\n';
const nulls = (n: number): Uint8Array => new Uint8Array(n).map((_, at) => (at % 2 === 0 ? tag.null : 0));
const nested = (n: number): Uint8Array => {
  const bytes = new Uint8Array(n).fill(0x30);
  for (let at = 1; at < n; at += 2) bytes[at] = 0x80;
  return bytes;
};
/** PKCS #12 whose contents are these bytes. */
const pkcs12 = (contents: Uint8Array) => () => {
  const data = encodeSequence(encodeOid(oid.pkcs7Data), encode(0xa0, encodeOctetString(contents)));
  return readContents(encodeSequence(encodeInteger(3), data), 'x', async () => 'p');
};
const rsaKeyOf = (modulus: Uint8Array): Uint8Array => {
  const key = encodeSequence(modulus, encodeInteger(65537));
  return encodeSequence(encodeSequence(encodeOid(oid.rsaEncryption), encode(tag.null)), encodeBitString(key));
};
const pem = (body: string) => () => decodePem(body, 'x');

/** What once took quadratic or cubic time, or a hundred times its size; and its kind. */
const inputs: readonly (readonly [title: string, of: (n: number) => () => unknown])[] = [
  ['a DER of NULLs', (n) => () => children(readDer(encode(tag.sequence, nulls(n))))],
  ['an object identifier', (n) => () => readOid(readDer(encode(tag.oid, new Uint8Array(n).fill(0xff))), 'x')],
  [
    'a certificate of NULLs',
    (n) => () => decodeCertificate(encodeSequence(encodeSequence(nulls(n)), nulls(2), nulls(2))),
  ],
  ['a CRL of NULLs', (n) => () => decodeCrl(encodeSequence(encodeSequence(nulls(n)), nulls(2), nulls(2)))],
  ['line ends in PEM', (n) => pem('\n'.repeat(n))],
  ['line ends in a block', (n) => pem(`-----BEGIN X-----\n${'\n'.repeat(n)}A\n-----END X-----\n`)],
  ['spaces in a block', (n) => pem(`-----BEGIN X-----\n${' '.repeat(n)}A\n-----END X-----\n`)],
  ['a label of dots', (n) => pem(`-----BEGIN X${'.'.repeat(n)}-----\n`)],
  ['beginnings of blocks', (n) => pem('-----BEGIN X----\n'.repeat(n / 16))],
  ['spaces behind a label', (n) => pem(`-----BEGIN X-----${' '.repeat(n)}x`)],
  ['line ends in a section', (n) => () => parseSections(`\nm a 0\n${'\n'.repeat(n)}x`, 'm')],
  ['numbers in the head of a section', (n) => () => parseSections(`\nm ${'1 '.repeat(n / 2)}x\n`, 'm')],
  ['line ends in states', (n) => facts('states', `src a dst b\n${'\n'.repeat(n)}x`)],
  ['spaces in states', (n) => facts('states', `src a dst b\n lifetime current:${' '.repeat(n)}`)],
  ['line ends in tunnels', (n) => facts('tunnels', `Interface name: a v1 (X)\n${'\n'.repeat(n)}x`)],
  ['spaces in addresses', (n) => facts('addresses', `1:${' '.repeat(n)}x`)],
  ['line ends in addresses', (n) => facts('addresses', '1:\n'.repeat(n / 3))],
  ['dots in a connection of charon', (n) => facts('ike-status', `${charon}a: ${'.'.repeat(n)}`, swan)],
  [
    'dots in an association of charon',
    (n) => facts('ike-status', `${charon}a[1]: ESTABLISHED ${'.'.repeat(n)}]`, swan),
  ],
  [
    'brackets in an association of charon',
    (n) => facts('ike-status', `${charon}a[1]: ESTABLISHED ${'...a['.repeat(n / 5)}`, swan),
  ],
  ['line ends in certificates of charon', (n) => facts('ike-certs', `${'\n'.repeat(n)}x`, swan)],
  ['line ends in CRLs of charon', (n) => facts('ike-crls', `${'\n'.repeat(n)}x`, swan)],
  ['associations of pluto without an end', (n) => facts('ike-traffic', '006 #1: "\n'.repeat(n / 10), libre)],
  ['connections of pluto', (n) => facts('ike-status', `000 #1: "a" ${':1'.repeat(n / 2)}`, libre)],
  ['complaints', (n) => facts('monitor-log', `${'|'.repeat(n)} x`)],
  ['names in a row of an index', (n) => () => lastRevoked(Buffer.from(`V\t\t\t\t\t${'/CN=a'.repeat(n / 5)}\n`))],
  ['an index of one line', (n) => () => inFile('V'.repeat(n), (file) => [...indexRows(file)])],
  [
    'a name',
    (n) => () => [nameFault('.'.repeat(n)), nameOfCommonName('a '.repeat(n / 2)), nameFault('1.'.repeat(n / 2))],
  ],
  ['a request of NULLs', (n) => () => decodeCertificationRequest(encodeSequence(encodeSequence(nulls(n)), nulls(2)))],
  ['a private key of NULLs', (n) => () => decodePrivateKey(encodePem('PRIVATE KEY', encodeSequence(nulls(n))), 'x')],
  ['a public key of NULLs', (n) => () => decodePublicKey(readDer(encodeSequence(encodeSequence(nulls(n)), nulls(2))))],
  [
    'an RSA key of a long modulus',
    (n) => () => decodePublicKey(readDer(rsaKeyOf(encode(tag.integer, new Uint8Array(n).fill(1))))),
  ],
  ['PKCS #12 of NULLs', (n) => pkcs12(encodeSequence(nulls(n)))],
  ['PKCS #12 in itself', (n) => pkcs12(nested(n))],
  ['a PKCS #11 URI', (n) => () => parsePkcs11Uri(`pkcs11:${'a=%41;'.repeat(n / 6)}`)],
  [
    'sets in a database',
    (n) => facts('ovsdb', `{"headings": ["a"], "data": [[${'['.repeat(n / 2)}${']'.repeat(n / 2)}]]}`),
  ],
  ['rows of a database', (n) => facts('ovsdb', `{"headings": ["name"], "data": [${'["x"],'.repeat(n / 6)}["x"]]}`)],
  ['spaces in policies', (n) => facts('policies', `src a dst b${' '.repeat(n)}`)],
  ['programs', (n) => facts('programs', 'a '.repeat(n / 2))],
  ['the command line of ovs-monitor-ipsec', (n) => facts('monitor', '--ipsec-d\n'.repeat(n / 10))],
  ['the nicknames of NSS', (n) => facts('nss', `${'a '.repeat(n / 2)}u,u,u`, libre)],
  [
    'a plan',
    (n) => () => inFile(`{"kind": "ovs-pki-ts plan", "version": 1, "hosts": [${'{},'.repeat(n / 3)}{}]}`, readPlan),
  ],
  ['brackets in names', (n) => () => expandNames(['['.repeat(n)])],
  ['comments in names', (n) => () => parseNameFile('#'.repeat(n))],
  ['an inventory of one list', (n) => () => parseInventory(`hosts: ${'[a], '.repeat(n / 5)}`, 'x')],
];

/** Bytes of the shortest input; quadratic time is a second at four times as many. */
const size = 20_000;
/** CPU time below which a machine that others use measures nothing. */
const floorMs = 15;

for (const [title, of] of inputs) {
  test.serial(`Reading ${title} takes linear time`, async (t) => {
    const costs: number[] = [];
    for (const times of [1, 2, 4]) costs.push(Math.max(floorMs, await costOf(of(times * size))));
    const [one = 0, two = 0, four = 0] = costs;
    // The slope of the line that fits the three best.
    const exponent = Math.log2(four / one) / 2;
    const table = [one, two, four].map((ms) => ms.toFixed(0)).join(', ');
    t.log(`${table} ms at n, 2n and 4n: n^${exponent.toFixed(1)}`);
    t.true(exponent < 1.6, `${table} ms at n, 2n and 4n: n^${exponent.toFixed(1)}`);
  });
}

/** The least CPU time of five runs, in milliseconds. */
async function costOf(read: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const begun = process.cpuUsage();
    try {
      await read();
    } catch (error) {
      if (!(error instanceof OvsPkiError)) throw error;
    }
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1000);
    if (least > 3000) break;
  }
  return least;
}

function inFile(content: string, read: (file: string) => unknown): void {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  try {
    writeFileSync(join(folder, 'x'), content);
    read(join(folder, 'x'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('What holds much, lies deep or is long is refused, whatever is in it', (t) => {
  const refused = (read: () => unknown): string => {
    const { message } = t.throws(read, { code: 'DER_INVALID' }) ?? {};
    return message ?? '';
  };
  t.regex(
    refused(() => children(readDer(encode(tag.sequence, nulls(40_000))))),
    /more than 10000 elements/,
  );
  t.regex(
    refused(() => readOid(readDer(encode(tag.oid, new Uint8Array(270_000).fill(1))), 'x')),
    /of 270000 bytes/,
  );
  t.regex(
    refused(() => decodeCertificate(encodeSequence(nulls(600_000)))),
    /a certificate of \d+ bytes/,
  );
  t.regex(
    refused(() => requireModestStructure(nested(400))),
    /deep in each other/,
  );
  t.regex(
    refused(() => requireModestStructure(nulls(60_000))),
    /more than 20000 elements/,
  );
});
