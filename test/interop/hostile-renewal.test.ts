/** Hosts that have been broken into, while a fleet gets certificates of the next CA key: from the enrolment to the end of the old one. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { identityLinks, privateKeyFileFor } from '../../src/deploy/plan/identity-files.js';
import { decodeCertificatePem } from '../../src/pki/certificate.js';
import { readDer } from '../../src/pki/der.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { keyHash } from '../../src/pki/key-identity.js';
import { encodePem } from '../../src/pki/pem.js';
import { requestOf } from '../cases/hostile-enrollments.js';
import { renewalAttacks } from '../cases/hostile-removals.js';
import { scripts } from '../cases/hostile-replies.js';
import { type Answer, accepts, databaseText, factsText, hostileField, unharmed } from '../support/hostile.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import { makeRequest, oursWell } from '../support/pki.js';
import { fixtureKey, loadKey, spkiOf } from '../support/x509.js';

const certs = '/etc/ipsec.d/certs';
const places = { certs, private: '/etc/ipsec.d/private', cacerts: '/etc/ipsec.d/cacerts', crls: '/etc/ipsec.d/crls' };
const names = ['good_1', 'good_2', ...renewalAttacks.map((_, index) => `bad_${index + 1}`)];
const files = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => rsaKeyFile(index));
const nextKeys = [fixtureKey(10), fixtureKey(11), fixtureKey(12), loadKey(ecKeyFile('p256', 1))];
const moreKeys = [loadKey(ecKeyFile('p256', 2)), loadKey(ecKeyFile('p384', 1)), loadKey(ecKeyFile('p384', 2))];

test('what hostile hosts do while certificates of the next CA key are brought to them: rollover switch', async (t) => {
  const { folder, attack } = hostileField(t);
  await oursWell(folder, ['init', '--key', 'ec']);
  for (const [index, name] of names.entries()) await makeRequest(folder, name, files[index] ?? '');
  await oursWell(folder, ['sign', '-b', ...names]);
  await oursWell(folder, ['rollover', 'prepare']);
  const pem = (file: string): string => readFileSync(join(folder, file), 'latin1');
  const authorities = ['', 'rollover/new/'].map((below) => pem(`pki/switchca/${below}cacert.pem`));
  const hosts = Object.fromEntries(names.map((name, index) => [name, answersOf(name, index, pem, authorities)]));
  const list = names.map((name, index) => `  ${name}: {address: 198.51.100.${index + 1}}`).join('\n');
  writeFileSync(
    join(folder, 'fleet.yaml'),
    `version: 1\ndefaults: {auth: ca-signed}\nhosts:\n${list}\ntunnels:\n  - {hub: good_1, spokes: [${names.slice(1).join(', ')}]}\n`,
  );
  const result = await attack(hosts, ['rollover', 'switch', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6, result.stderr);
  const { results } = JSON.parse(result.stdout) as {
    results: { host: string; outcome: string; error?: { code: string } }[];
  };
  const codes = Object.fromEntries(results.map(({ host, error }) => [host, error?.code]));
  t.deepEqual(codes, {
    good_1: undefined,
    good_2: undefined,
    ...Object.fromEntries(renewalAttacks.map(({ code }, index) => [`bad_${index + 1}`, code])),
  });
  for (const host of ['good_1', 'good_2']) {
    const sent = result.sent(host);
    t.true(sent.includes(`\nreread ${host} `), 'it has its new certificate');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    t.notRegex(sent, /pwned|swordfish|[\u001b\u009b\u202e]/, host);
  }
  const silent = { ...hosts, bad_1: [{ when: '', silent: true }] } as const;
  const retired = await attack(silent, ['rollover', 'retire', '--json']);
  unharmed(t, folder, retired);
  t.regex(
    retired.stdout,
    /ROLLOVER_LAGS/,
    'the old key is there as long as hosts say that they present its certificates',
  );
});

function signatureOf({ asymmetricKeyType }: ReturnType<typeof loadKey>) {
  return asymmetricKeyType === 'ec' ? ({ signature: 'sha256-ecdsa' } as const) : {};
}

/** A host with a certificate of the old key in use, which makes another key when it is told to. */
function answersOf(
  name: string,
  index: number,
  pem: (file: string) => string,
  authorities: readonly string[],
): readonly Answer[] {
  const { says = [], requests } = renewalAttacks[index - 2] ?? {};
  const next = [...nextKeys, ...moreKeys][index] ?? loadKey(files[index] ?? '');
  const place = privateKeyFileFor(places.private, name, keyHash(decodePublicKey(readDer(spkiOf(next)))));
  const request = requestOf(requests === 'for another' ? 'good_1' : name, next, signatureOf(next));
  const made = requests === 'no key' ? '' : request;
  return [
    { when: scripts.enroll, out: `\n@mark@ key 0\n${place}\n\n@mark@ request 0\n${made}\n` },
    ...says,
    { when: scripts.facts, out: factsOf(name, index, pem(`${name}-cert.pem`), authorities) },
    accepts,
  ];
}

function factsOf(name: string, index: number, certificate: string, authorities: readonly string[]): string {
  const links = identityLinks(places, name);
  const publicKey = encodePem('PUBLIC KEY', spkiOf(loadKey(files[index] ?? '')));
  const loaded = authorities.map((text) => decodeCertificatePem(text, 'x').serialNumber.toLowerCase());
  const [old = '', coming = ''] = authorities.map((text) => `certificate 644 root\n${text}`);
  const own = `${certs}/${name}-cert.pem`;
  const key = `${places.private}/${name}-privkey.pem`;
  const there = `${places.cacerts}/a.pem`;
  return factsText(`198.51.100.${index + 1}`, {
    ovsdb: databaseText([], { otherConfig: links, systemId: name }),
    'ike-cacerts': loaded.map((serial) => `  subject:  "CN=x"\n  serial:    ${serial}\n`).join(''),
    ...{ [`link:${links.certificate}`]: own, [`link:${links.private_key}`]: key, [`link:${links.ca_cert}`]: there },
    ...both(links.certificate, own, `certificate 644 root\n${certificate}`),
    ...both(links.private_key, key, `key 600 root PRIVATE-KEY\n${publicKey}`),
    ...both(links.ca_cert, there, old),
    [`file:${places.cacerts}/b.pem`]: coming,
  });
}

/** A link and the file that it leads to. */
function both(link: string, file: string, text: string): Record<string, string> {
  return { [`file:${link}`]: text, [`file:${file}`]: text };
}
