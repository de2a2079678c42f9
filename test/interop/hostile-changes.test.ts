/** Hosts that have been broken into, while they and others are changed: what they answer to each step of it. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TunnelEnd } from '../../src/deploy/desired/desired.js';
import { privateKeyFileFor } from '../../src/deploy/plan/identity-files.js';
import { leaveScript, readAuthenticated } from '../../src/deploy/remote/ike-scripts.js';
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
import { authentications, removalAttacks, rolloverAttacks } from '../cases/hostile-removals.js';
import { replyAttacks, scripts } from '../cases/hostile-replies.js';
import {
  type Answer,
  type Attacked,
  accepts,
  databaseText,
  factsText,
  type Hosts,
  hostileField,
  type Parts,
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

/** A host that has its tunnel to the hub, or the hub that has one. */
function wired(host: string, parts: Parts = {}): string {
  const remote_ip = host === 'good_1' ? '198.51.100.2' : '198.51.100.1';
  const name = host === 'good_1' ? 'tun_good_2' : 'tun_good_1';
  const ports = ['tun', name].map((port) => ({ name: port, type: 'gre', options: { remote_ip, psk: 'swordfish' } }));
  return factsText('198.51.100.77', { ovsdb: databaseText(ports), ...parts });
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

test('what hostile hosts say when something is taken away: remove', async (t) => {
  const { folder, attack } = hostileField(t);
  const { hosts, names } = fleet(
    removalAttacks,
    () => [],
    (host, { says, facts: parts }) => [...says, { when: scripts.facts, out: wired(host, parts) }],
  );
  const sound = Object.fromEntries(
    good.map((host) => [host, [{ when: scripts.facts, out: wired(host) }, accepts]] as const),
  );
  writeFileSync(join(folder, 'fleet.yaml'), inventory(names, 'psk'));
  const result = await attack({ ...hosts, ...sound }, ['remove', '--json']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  eachHasItsOutcome(t, result, removalAttacks);
  nothingReaches(t, result, []);
});

test('what hostile hosts answer when the CAs of a rollover are brought to them: rollover', async (t) => {
  const { folder, attack } = hostileField(t);
  await oursWell(folder, ['init', '--key', 'ec']);
  const { hosts, names } = fleet(
    rolloverAttacks,
    () => [],
    (_, { says }) => says,
  );
  await oursWell(folder, ['req+sign', '-b', '--key', 'ec', ...names]);
  await oursWell(folder, ['rollover', 'prepare']);
  writeFileSync(join(folder, 'fleet.yaml'), inventory(names, 'ca-signed'));
  const result = await attack(hosts, ['rollover', 'distribute', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  eachHasItsOutcome(t, result, rolloverAttacks);
  nothingReaches(t, result, []);
  const refused = await attack({ ...hosts, bad_01: [{ when: '', exit: 255, err: 'x' }] }, [
    'rollover',
    'switch',
    '--json',
  ]);
  unharmed(t, folder, refused);
  t.regex(refused.stdout, /ROLLOVER_LAGS/, 'nobody is switched while one cannot be asked');
});

for (const [index, [said, before, unanswered]] of authentications.entries()) {
  test(`what a hostile host says of its renewal goes back to it as words: ${index + 1}`, (t) => {
    const end = { port: 'tun' } as TunnelEnd;
    const read = readAuthenticated(said, [end]);
    t.deepEqual([read.before, read.unanswered.length], [before, unanswered]);
    const line = leaveScript('', read.before, 1).trimEnd().split('\n').at(-1) ?? '';
    t.is(line.trimEnd(), ['leave 1', ...before.map((word) => `'${word.replaceAll("'", "'\\''")}'`)].join(' '));
  });
}
