/** Requests of keytool, openssl, routers and Windows: of them nothing but the key comes into a certificate. */

import { createPublicKey, X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { tag } from '../../src/pki/der.js';
import {
  encode,
  encodeInteger,
  encodeOctetString,
  encodeOid,
  encodeSequence,
  encodeText,
} from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { badKeyFile, rsaKeyFile } from '../support/keys.js';
import { makeRequest, ours, oursWell } from '../support/pki.js';
import { fixturesFolder, programPath, run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import {
  type Attribute,
  attribute,
  buildRequest,
  extension,
  fixtureKey,
  keyUsage,
  name,
  requestPem,
} from '../support/x509.js';

/** Puts a request into the file `request` of a folder. */
type Make = (folder: string) => Promise<unknown> | unknown;

const fixture =
  (file: string): Make =>
  (folder) =>
    copyFileSync(`${fixturesFolder}/requests/${file}`, join(folder, 'request'));

const openssl =
  (extensions: readonly string[], ...more: readonly string[]): Make =>
  (folder) =>
    runWell(
      'openssl',
      [
        ...[
          'req',
          '-new',
          '-key',
          rsaKeyFile(1),
          '-subj',
          '/C=DE/O=Evil/CN=victim/emailAddress=a@b.example',
          '-out',
          'request',
        ],
        ...extensions.flatMap((text) => ['-addext', text]),
        ...more,
      ],
      { cwd: folder },
    );

const usual = [
  'subjectAltName=DNS:victim,DNS:*.victim,IP:192.0.2.1,email:a@b.example,URI:https://x/',
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'extendedKeyUsage=codeSigning,OCSPSigning',
  'certificatePolicies=1.2.3.4',
  'nsCertType=sslCA',
  'nsComment=hello',
  'tlsfeature=status_request',
  'noCheck=ignored',
  'subjectKeyIdentifier=hash',
];

const windows = (): Uint8Array => {
  const bmp = (text: string): Uint8Array => encode(tag.bmpString, Buffer.from(text, 'utf16le').swap16());
  return buildRequest({
    subject: name(
      ['0.9.2342.19200300.100.1.25', 'local', tag.ia5String],
      ['0.9.2342.19200300.100.1.25', 'corp', tag.ia5String],
      ['CN', 'WIN-HOST'],
    ),
    signKey: fixtureKey(1),
    attributes: [
      attribute('1.3.6.1.4.1.311.13.2.3', encodeText(tag.ia5String, '10.0.20348.2')),
      attribute(
        '1.3.6.1.4.1.311.21.20',
        encodeSequence(
          encodeInteger(5),
          encodeText(tag.utf8String, 'win.corp.local'),
          encodeText(tag.utf8String, 'CORP\\admin'),
        ),
      ),
      attribute(
        '1.3.6.1.4.1.311.13.2.2',
        encodeSequence(encodeInteger(1), bmp('Microsoft RSA SChannel'), encode(tag.bitString, Uint8Array.of(0))),
      ),
      attribute(
        '1.3.6.1.4.1.311.2.1.14',
        encodeSequence(
          keyUsage(0, 2),
          extension('1.3.6.1.4.1.311.20.2', bmp('WebServer')),
          // That it is not critical is said, which strict DER leaves away.
          encodeSequence(
            encodeOid(oid.subjectAltName),
            encode(tag.boolean, Uint8Array.of(0)),
            encodeOctetString(encodeSequence()),
          ),
        ),
      ),
    ],
  });
};

const router: readonly Attribute[] = [
  ['2.5.4.5', 'FTX1234', tag.printableString],
  ['1.2.840.113549.1.9.2', 'router.example', tag.ia5String],
  ['1.2.840.113549.1.9.8', '192.0.2.9', tag.printableString],
];

const built =
  (make: () => Uint8Array): Make =>
  (folder) =>
    writeFileSync(join(folder, 'request'), requestPem(make()));

const good: readonly { readonly title: string; readonly make: Make; readonly leftOut: readonly RegExp[] }[] = [
  {
    title: 'keytool, RSA',
    make: fixture('keytool-rsa.pem'),
    leftOut: [/the subject O=Acme/, /Alternative Name DNS:odl\.example, IP/, /Key Usage/],
  },
  { title: 'keytool, EC', make: fixture('keytool-ec.pem'), leftOut: [/the subject O=Acme/, /Subject Key Identifier/] },
  {
    title: 'openssl with every usual extension',
    make: openssl(usual),
    leftOut: [/Basic Constraints/, /DNS:victim, DNS:\*\.victim/, /Netscape Comment/],
  },
  { title: 'openssl in DER', make: openssl([], '-outform', 'DER'), leftOut: [/the subject C=DE/] },
  { title: 'openssl with RSASSA-PSS', make: openssl([], '-sigopt', 'rsa_padding_mode:pss'), leftOut: [] },
  {
    title: 'a router with SHA-1, a serial number and a password',
    make: built(() =>
      buildRequest({
        subject: name(...router),
        signKey: fixtureKey(1),
        signature: 'sha1-rsa',
        attributes: [attribute('1.2.840.113549.1.9.7', encodeText(tag.printableString, 'secret'))],
      }),
    ),
    leftOut: [/the subject .*FTX1234/, /challengePassword/],
  },
  {
    title: 'Windows',
    make: built(windows),
    leftOut: [/WIN-HOST/, /the client of Windows/, /Key Usage/, /Subject Alternative Name/],
  },
  {
    title: 'Windows in UTF-16',
    make: (folder) =>
      writeFileSync(
        join(folder, 'request'),
        `\ufeff${requestPem(windows()).replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST').replaceAll('\n', '\r\n')}`,
        'utf16le',
      ),
    leftOut: [/WIN-HOST/],
  },
  {
    title: 'an appliance without a subject',
    make: built(() => buildRequest({ subject: name(), signKey: fixtureKey(1) })),
    leftOut: [],
  },
  {
    title: 'an appliance whose subject is no text',
    make: built(() => buildRequest({ subject: name(['CN', 'x', 0x05]), signKey: fixtureKey(1) })),
    leftOut: [/a subject that cannot be read/],
  },
];

for (const { title, make, leftOut } of good) {
  test(`the key of a request of ${title} is certified for the name of the operator, and nothing else`, async (t) => {
    const folder = await begun(t);
    await make(folder);
    const { status, stderr } = await ours(folder, ['-b', 'sign', 'request', '--as', 'odl', '--key-only', 'controller']);
    t.is(status, 0, stderr);
    for (const pattern of leftOut) t.regex(stderr, pattern);
    const certificate = new X509Certificate(readFileSync(join(folder, 'odl-cert.pem')));
    t.is(certificate.subjectAltName, 'DNS:odl');
    t.regex(certificate.subject, /^C=US\nST=CA\nO=Open vSwitch\nOU=Open vSwitch certifier\nCN=odl$/);
    t.false(certificate.ca);
    const text = await runWell('openssl', ['x509', '-in', 'odl-cert.pem', '-noout', '-text'], { cwd: folder });
    t.deepEqual(
      [...text.replace(/^[\s\S]*X509v3 extensions:\n/, '').matchAll(/^ {12}(\S[^:\n]*):/gm)].map(([, found]) => found),
      [
        'Basic Constraints',
        'Key Usage',
        'Extended Key Usage',
        'Subject Alternative Name',
        'Subject Key Identifier',
        'Authority Key Identifier',
      ].map((found) => `X509v3 ${found}`),
      'no other extension',
    );
    t.true(certificate.publicKey.equals(await keyOf(folder)));
    t.is(await oursWell(folder, ['verify', 'odl', 'controller']), 'odl-cert.pem: OK\n');
  });
}

const forged = (folder: string): void => {
  const der = buildRequest({ subject: name(['CN', 'host']), signKey: fixtureKey(1) });
  der[der.length - 1] = (der.at(-1) as number) ^ 1;
  writeFileSync(join(folder, 'request'), requestPem(der));
};

const bad: readonly { readonly title: string; readonly make: Make; readonly says: RegExp }[] = [
  { title: 'a forged signature', make: forged, says: /does not prove that the sender has the private key/ },
  { title: 'a signature with MD5', make: openssl([], '-md5'), says: /signed with MD5, which proves nothing/ },
  {
    title: 'a key of 1024 bits',
    make: (folder) =>
      runWell('openssl', ['req', '-new', '-key', badKeyFile('weak-rsa-1024'), '-subj', '/CN=x', '-out', 'request'], {
        cwd: folder,
      }),
    says: /1024 bits/,
  },
  {
    title: 'a certificate in its place',
    make: (folder) =>
      runWell('openssl', ['req', '-x509', '-new', '-key', rsaKeyFile(1), '-subj', '/CN=x', '-out', 'request'], {
        cwd: folder,
      }),
    says: /no CERTIFICATE REQUEST in it, but: CERTIFICATE/,
  },
  {
    title: 'a key that is certified for another name',
    make: async (folder) => {
      await makeRequest(folder, 'other', rsaKeyFile(1));
      await oursWell(folder, ['-b', 'sign', 'other', 'controller']);
      await openssl([])(folder);
    },
    says: /certified already, for "other"/,
  },
];

for (const { title, make, says } of bad) {
  test(`--key-only refuses ${title}`, async (t) => {
    const folder = await begun(t);
    await make(folder);
    const { status, stderr } = await ours(folder, ['-b', 'sign', 'request', '--as', 'odl', '--key-only', 'controller']);
    t.is(status, 3, stderr);
    t.regex(stderr, says);
  });
}

test('a request comes from standard input, or from NAME-req.pem; without --key-only the usual rules hold', async (t) => {
  const folder = await begun(t);
  await openssl([])(folder);
  const input = readFileSync(join(folder, 'request'), 'utf8');
  const sign = ['--dir', 'pki', '--log', 'log', '-b', 'sign', '-'];
  const piped = await run(process.execPath, [programPath, ...sign, '--as', 'odl', '--key-only'], {
    cwd: folder,
    input,
  });
  t.is(piped.status, 0, piped.stderr);
  t.regex(piped.stdout, /^standard input\t/);
  const strict = await run(process.execPath, [programPath, ...sign, '--as', 'host_9'], { cwd: folder, input });
  t.is(strict.status, 3);
  t.regex(strict.stderr, /but the name that was to be signed is "host_9"/);
  copyFileSync(join(folder, 'request'), join(folder, 'odl-req.pem'));
  t.is((await ours(folder, ['-b', '-f', 'sign', 'odl', '--key-only'])).status, 0);
  const several = await ours(folder, ['-b', 'sign', 'odl', 'h2', '--key-only']);
  t.is(several.status, 2);
  t.regex(several.stderr, /go with one request/);
});

async function begun(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  return folder;
}

/** The key of the request as OpenSSL reads it; of what it cannot read, the one it was made with. */
async function keyOf(folder: string): Promise<ReturnType<typeof createPublicKey>> {
  for (const form of ['PEM', 'DER']) {
    const { status, stdout } = await run('openssl', ['req', '-inform', form, '-in', 'request', '-noout', '-pubkey'], {
      cwd: folder,
    });
    if (status === 0 && stdout.includes('PUBLIC KEY')) return createPublicKey(stdout);
  }
  return createPublicKey(fixtureKey(1));
}
