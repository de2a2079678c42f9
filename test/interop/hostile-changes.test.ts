/** Hosts that have been broken into, while they and others are changed: what they answer to each step of it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { privateKeyFileFor } from '../../src/deploy/plan/identity-files.js';
import { readDer } from '../../src/pki/der.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { keyHash } from '../../src/pki/key-identity.js';
import {
  certificateAttacks,
  certificateOf,
  type EnrollmentAttack,
  requestAttacks,
  requestOf,
  type Said,
} from '../cases/hostile-enrollments.js';
import { replyAttacks, scripts } from '../cases/hostile-replies.js';
import {
  type Answer,
  type Attacked,
  accepts,
  factsText,
  type Hosts,
  hostileField,
  unharmed,
} from '../support/hostile.js';
import { oursWell } from '../support/pki.js';
import { fixtureKey, spkiOf } from '../support/x509.js';

const good = ['good_1', 'good_2'] as const;
const idOf = (index: number): string => `bad_${String(index + 1).padStart(2, '0')}`;

/** A key of an RSA fixture, for a host that is asked to make one. */
function enrolls(host: string, { pem = '', key, place, answer }: Said): Answer {
  const hash = key === undefined ? '' : keyHash(decodePublicKey(readDer(spkiOf(key))));
  const file = place ?? privateKeyFileFor('/etc/ipsec.d/private', host, hash);
  return { when: scripts.enroll, out: `\n@mark@ key 0\n${file}\n\n@mark@ request 0\n${pem}\n`, ...answer };
}

const facts = (address: string): Answer => ({ when: scripts.facts, out: factsText(address) });

/** A hub, a sound spoke, and a hostile spoke for each attack. */
function fleet<T>(
  attacks: readonly T[],
  goodSays: (host: string, number: number) => readonly Answer[],
  badSays: (host: string, attack: T) => readonly Answer[],
): { readonly hosts: Hosts; readonly names: readonly string[] } {
  const bad = attacks.map((attack, index) => [idOf(index), attack] as const);
  const names = [...good, ...bad.map(([id]) => id)];
  const sound = good.map((host, index) => [
    host,
    [...goodSays(host, index + 1), facts(addressOf(names, host)), accepts],
  ]);
  const hostile = bad.map(([id, attack]) => [id, [...badSays(id, attack), facts(addressOf(names, id)), accepts]]);
  return { hosts: Object.fromEntries([...sound, ...hostile]) as Hosts, names };
}

const addressOf = (names: readonly string[], name: string): string => `198.51.100.${names.indexOf(name) + 1}`;

function inventory(names: readonly string[], auth: string): string {
  const hosts = names.map((name) => `  ${name}: {address: ${addressOf(names, name)}}`).join('\n');
  return `version: 1\ndefaults: {auth: ${auth}}\nhosts:\n${hosts}\ntunnels:\n  - {hub: good_1, spokes: [${names.slice(1).join(', ')}]}\n`;
}

interface Told {
  readonly results: readonly {
    readonly host: string;
    readonly outcome: string;
    readonly error?: { readonly code: string };
  }[];
}

/** Sound hosts are done, and each hostile one has failed as its attack says. */
function eachHasItsOutcome(
  t: ExecutionContext,
  result: Attacked,
  attacks: readonly { readonly what: string; readonly code?: string }[],
): void {
  const { results } = JSON.parse(result.stdout) as Told;
  const told = new Map(results.map((item) => [item.host, item]));
  for (const host of good)
    t.like(told.get(host), { outcome: 'changed', error: undefined }, JSON.stringify(told.get(host)?.error));
  for (const [index, { what, code }] of attacks.entries()) {
    const item = told.get(idOf(index));
    if (code !== 'either') t.is(item?.error?.code, code, `${idOf(index)}: ${what}: ${JSON.stringify(item?.error)}`);
  }
}

/** Nothing of a refused answer is in what went to other hosts. */
function nothingReaches(t: ExecutionContext, result: Attacked, attacks: readonly EnrollmentAttack[]): void {
  for (const host of good) {
    const sent = result.sent(host);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    t.notRegex(sent, /pwned|swordfish|[\u001b\u009b\u202e]/, host);
    for (const [index, { what, says, code }] of attacks.entries()) {
      // A line of the signature, which no other answer has.
      const line = says(idOf(index)).pem?.trimEnd().split('\n').at(-4);
      if (code !== undefined && line !== undefined && line.length === 64) t.false(sent.includes(line), what);
    }
  }
}

test('what hostile hosts ask the CA for: apply', async (t) => {
  const { folder, attack } = hostileField(t);
  await oursWell(folder, ['init', '--key', 'ec']);
  const { hosts, names } = fleet(
    requestAttacks,
    (host, number) => [enrolls(host, { key: fixtureKey(number), pem: requestOf(host, fixtureKey(number)) })],
    (host, { says }) => [enrolls(host, says(host))],
  );
  writeFileSync(join(folder, 'fleet.yaml'), inventory(names, 'ca-signed'));
  const result = await attack(hosts, ['apply', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  eachHasItsOutcome(t, result, requestAttacks);
  nothingReaches(t, result, requestAttacks);
  const certified = await oursWell(folder, ['list', 'switch', '--json']);
  const { results } = JSON.parse(certified) as { results: { commonName: string }[] };
  const may = (wanted: EnrollmentAttack['code']): string[] =>
    requestAttacks.flatMap(({ code }, index) => (code === wanted ? [idOf(index)] : []));
  const got = results.slice(1).map(({ commonName }) => commonName);
  t.is(got.filter((name) => may('either').includes(name)).length, 1, 'one key, one name');
  t.deepEqual(got.filter((name) => !may('either').includes(name)).sort(), [...good, ...may(undefined)].sort());
});

test('what hostile hosts show as their own certificates: apply', async (t) => {
  const { folder, attack } = hostileField(t);
  const { hosts, names } = fleet(
    certificateAttacks,
    (host, number) => [enrolls(host, certificateOf(host, fixtureKey(number)))],
    (host, { says }) => [enrolls(host, says(host))],
  );
  writeFileSync(join(folder, 'fleet.yaml'), inventory(names, 'self-signed'));
  const result = await attack(hosts, ['apply', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  eachHasItsOutcome(t, result, certificateAttacks);
  nothingReaches(t, result, certificateAttacks);
});

test('what hostile hosts reply when they are changed: apply', async (t) => {
  const { folder, attack } = hostileField(t);
  const { hosts, names } = fleet(
    replyAttacks,
    () => [],
    (_, { says }) => says,
  );
  writeFileSync(join(folder, 'fleet.yaml'), inventory(names, 'psk'));
  const result = await attack(hosts, ['apply', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  eachHasItsOutcome(t, result, replyAttacks);
  nothingReaches(t, result, []);
});
