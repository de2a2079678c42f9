/** Hosts that have been broken into, while tunnels that are at work go over to certificates of the next CA key. */

import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { identityLinks, privateKeyFileFor } from '../../src/deploy/plan/identity-files.js';
import { decodeCertificatePem } from '../../src/pki/certificate.js';
import { readDer } from '../../src/pki/der.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { keyHash } from '../../src/pki/key-identity.js';
import { encodePem } from '../../src/pki/pem.js';
import { requestOf } from '../cases/hostile-enrollments.js';
import { authenticationAttacks } from '../cases/hostile-removals.js';
import { scripts } from '../cases/hostile-replies.js';
import {
  type Answer,
  type Attacked,
  accepts,
  databaseText,
  factsText,
  hostileField,
  unharmed,
} from '../support/hostile.js';
import { makeRequest, oursWell } from '../support/pki.js';
import { spkiOf } from '../support/x509.js';

const certs = '/etc/ipsec.d/certs';
const places = { certs, private: '/etc/ipsec.d/private', cacerts: '/etc/ipsec.d/cacerts', crls: '/etc/ipsec.d/crls' };
/** Of two renewed ends the one whose name comes first asks: each hostile host is held for the first, and asks the last. */
const hubs = ['a_hub', 'z_hub'] as const;
const names = [...hubs, ...authenticationAttacks.map((_, index) => `bad_${String(index + 1).padStart(2, '0')}`)];
const addressOf = (name: string): string => `198.51.100.${names.indexOf(name) + 1}`;
const makeKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

test('what hostile hosts do while tunnels at work authenticate anew: rollover switch', async (t) => {
  const { folder, attack } = hostileField(t);
  await oursWell(folder, ['init', '--key', 'ec']);
  const keys = new Map(names.map((name) => [name, makeKey()]));
  for (const [name, key] of keys) {
    writeFileSync(join(folder, `${name}.key`), key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    await makeRequest(folder, name, join(folder, `${name}.key`));
  }
  await oursWell(folder, ['sign', '-b', ...names]);
  await oursWell(folder, ['rollover', 'prepare']);
  const pem = (file: string): string => readFileSync(join(folder, file), 'latin1');
  const authorities = ['', 'rollover/new/'].map((below) => pem(`pki/switchca/${below}cacert.pem`));
  const hosts = Object.fromEntries(
    names.map((name) => [name, answersOf(name, keys.get(name) as KeyObject, pem(`${name}-cert.pem`), authorities)]),
  );
  const list = names.map((name) => `  ${name}: {address: ${addressOf(name)}}`).join('\n');
  const spokes = names.slice(2).join(', ');
  writeFileSync(
    join(folder, 'fleet.yaml'),
    `version: 1\ndefaults: {auth: ca-signed}\nhosts:\n${list}\ntunnels:\n${hubs.map((hub) => `  - {hub: ${hub}, spokes: [${spokes}]}\n`).join('')}`,
  );
  const result = await attack(hosts, ['rollover', 'switch', '--json']);
  unharmed(t, folder, result);
  t.is(result.status, 6, result.stderr);
  const { results } = JSON.parse(result.stdout) as { results: { host: string; error?: { code: string } }[] };
  const codes = Object.fromEntries(results.map(({ host, error }) => [host, error?.code]));
  // Nobody's new certificate is seen in the answers of a table: who was not stopped before gets as far as the proof.
  t.deepEqual(
    codes,
    Object.fromEntries(
      names.map((name, index) => [name, authenticationAttacks[index - hubs.length]?.code ?? 'HOST_PROOF_FAILED']),
    ),
  );
  eachIsAskedOnce(t, result);
});

/** And what it says goes back to it alone, as words. */
function eachIsAskedOnce(t: ExecutionContext, result: Attacked): void {
  const calls = (host: string, word: string): string[] =>
    result.sent(host).match(new RegExp(`^${word} .*$`, 'gm')) ?? [];
  for (const host of ['bad_01', 'bad_02', 'bad_03']) {
    t.is(calls(host, 'pin').length, 1, `${host} was held`);
    t.is(calls(host, 'authenticate').length, 1, `${host} was asked`);
  }
  t.deepEqual(calls('bad_01', 'leave'), ["leave 12 '$(touch$IFS$9pwned)' ''\\'';touch'"]);
  t.is(calls('bad_02', 'leave').length, 1);
  // No host has as many; what it says goes back to it alone.
  t.true((calls('bad_03', 'leave')[0] ?? '').length < 20_000);
  t.is(calls('a_hub', 'authenticate').length, 1);
  for (const hub of hubs) {
    t.deepEqual(
      calls(hub, 'leave').filter((line) => line.trim() !== 'leave 12'),
      [],
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    t.notRegex(result.sent(hub), /pwned|swordfish|[\u001b\u009b\u202e]/, hub);
  }
}

/** A host with a certificate of the old key in use, which makes another key when it is told to. */
function answersOf(
  name: string,
  key: KeyObject,
  certificate: string,
  authorities: readonly string[],
): readonly Answer[] {
  const { says = [] } = authenticationAttacks[names.indexOf(name) - 2] ?? {};
  const next = makeKey();
  const place = privateKeyFileFor(places.private, name, keyHash(decodePublicKey(readDer(spkiOf(next)))));
  const facts = factsOf(name, key, certificate, authorities);
  const request = requestOf(name, next, { signature: 'sha256-ecdsa' });
  return [
    { when: scripts.enroll, out: `\n@mark@ key 0\n${place}\n\n@mark@ request 0\n${request}\n` },
    ...says,
    { when: '-switched', out: `\n@mark@-switched\n${facts}` },
    { when: scripts.facts, out: facts },
    accepts,
  ];
}

/** All tunnels between it and the others, as the kernel has them while they are at work. */
function tunnelsOf(name: string): { readonly policies: string; readonly states: string } {
  const peers = (hubs as readonly string[]).includes(name) ? names.slice(2) : hubs;
  const ways = peers.flatMap((peer) => [
    [addressOf(name), addressOf(peer), 'out'],
    [addressOf(peer), addressOf(name), 'in'],
  ]);
  const esp = 'proto esp spi 0xc7588b70 reqid 1 mode transport';
  return {
    policies: ways
      .map(
        ([from, to, way]) =>
          `src ${from}/32 dst ${to}/32 proto gre \n\tdir ${way} priority 366975 ptype main \n\ttmpl src 0.0.0.0 dst 0.0.0.0\n\t\t${esp}\n`,
      )
      .join(''),
    states: ways
      .map(
        ([from, to]) =>
          `src ${from} dst ${to}\n\t${esp}\n\tsel src ${from}/32 dst ${to}/32 proto gre uid 0\n\tlifetime current:\n\t  472(bytes), 6(packets)\n`,
      )
      .join(''),
  };
}

function factsOf(name: string, key: KeyObject, certificate: string, authorities: readonly string[]): string {
  const links = identityLinks(places, name);
  const publicKey = encodePem('PUBLIC KEY', spkiOf(key));
  const loaded = authorities.map((text) => decodeCertificatePem(text, 'x').serialNumber.toLowerCase());
  const [old = '', coming = ''] = authorities.map((text) => `certificate 644 root\n${text}`);
  const files = [
    [links.certificate, `${certs}/${name}-cert.pem`, `certificate 644 root\n${certificate}`],
    [links.private_key, `${places.private}/${name}-privkey.pem`, `key 600 root PRIVATE-KEY\n${publicKey}`],
    [links.ca_cert, `${places.cacerts}/a.pem`, old],
  ] as const;
  return factsText(addressOf(name), {
    ovsdb: databaseText([], { otherConfig: links, systemId: name }),
    'ike-cacerts': loaded.map((serial) => `  subject:  "CN=x"\n  serial:    ${serial}\n`).join(''),
    ...tunnelsOf(name),
    ...Object.fromEntries(
      files.flatMap(([link, file, text]) => [
        [`link:${link}`, file],
        [`file:${link}`, text],
        [`file:${file}`, text],
      ]),
    ),
    [`file:${places.cacerts}/b.pem`]: coming,
  });
}
