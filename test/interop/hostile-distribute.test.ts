/** `distribute --to ADDRESS`: a host that says who it is may say the name of another one. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { requestOf } from '../cases/hostile-enrollments.js';
import { scripts } from '../cases/hostile-replies.js';
import { type Answer, accepts, type Field, factsText, hostileField, unharmed } from '../support/hostile.js';
import { ecKeyFile } from '../support/keys.js';
import { makeRequest, oursWell } from '../support/pki.js';
import { fixtureKey } from '../support/x509.js';

const [first, second] = ['198.51.100.1', '198.51.100.2'] as const;

/** A host at an address that calls itself by a name, and makes a key when it is asked to. */
function calls(address: string, name: string, key: number): Answer[] {
  const path = '/etc/ipsec.d/private/x';
  const request = requestOf(name, fixtureKey(key));
  return [
    { when: scripts.enroll, out: `\n@mark@ key 0\n${path}\n\n@mark@ request 0\n${request}\n` },
    { when: scripts.facts, out: factsText(address, { name }) },
    accepts,
  ];
}

async function withIdentities(t: ExecutionContext, ...names: readonly string[]): Promise<Field> {
  const field = hostileField(t);
  await oursWell(field.folder, ['init', '--key', 'ec']);
  for (const [index, name] of names.entries()) {
    await makeRequest(field.folder, name, ecKeyFile('p256', index === 0 ? 1 : 2));
    await oursWell(field.folder, ['sign', '-b', name]);
  }
  return field;
}

const distribute = (...words: readonly string[]) => ['distribute', '--json', '--skip-proof', ...words];

/** Nothing of an identity is in what was sent there. */
function nothingOf(t: ExecutionContext, { folder }: Field, sent: string, name: string): void {
  for (const file of [`${name}-privkey.pem`, `${name}-cert.pem`]) {
    const line = readFileSync(join(folder, file), 'latin1').split('\n')[2] ?? '';
    t.true(line.length > 20 && !sent.includes(line), file);
  }
}

test('a host that says the name of one that was served before gets nothing of it', async (t) => {
  const field = await withIdentities(t, 'host_1', 'host_2');
  const honest = await field.attack({ [first]: calls(first, 'host_1', 1) }, distribute('--to', first));
  t.is(honest.status, 0, honest.stderr);
  const hosts = { [second]: calls(second, 'host_1', 2), [first]: calls(first, 'host_1', 1) };
  const lie = await field.attack(hosts, distribute('--to', second));
  unharmed(t, field.folder, lie);
  t.is(lie.status, 6);
  t.regex(lie.stderr, /says that it is host_1, but that identity was taken to 198\.51\.100\.1 \[IDENTITY_AMBIGUOUS\]/);
  t.regex(lie.stderr, /hint: .*: ovs-pki-ts distribute (--dir pki )?host_1 --to 198\.51\.100\.2/);
  nothingOf(t, field, lie.sent(second), 'host_1');
  // The same host again, its peer under its own name, and an operator who says it.
  for (const [host, name, words] of [
    [first, 'host_1', ['--to', `root@${first}`]],
    [second, 'host_2', ['--to', second]],
    [second, 'whatever', ['host_1', '--to', second]],
  ] as const) {
    const place = words.at(-1) ?? host;
    const well = await field.attack({ [place]: calls(host, name, 3) }, distribute(...words));
    t.is(well.status, 0, well.stderr);
  }
});

test('a host that says the name that the inventory gives to another gets nothing of it', async (t) => {
  const field = await withIdentities(t, 'host_1', 'host_2');
  const inventory = `version: 1\nhosts:\n  host_1: {ssh: root@${first}}\n  host_2: {ssh: root@${second}}\n`;
  writeFileSync(join(field.folder, 'fleet.yaml'), inventory);
  const lie = await field.attack({ [second]: calls(second, 'host_1', 2) }, distribute('--to', second));
  t.is(lie.status, 6);
  t.regex(lie.stderr, /says that it is host_1, but fleet\.yaml calls it host_2 \[IDENTITY_AMBIGUOUS\]/);
  nothingOf(t, field, lie.sent(second), 'host_1');
  const elsewhere = await field.attack(
    { '198.51.100.9': calls(second, 'host_1', 2) },
    distribute('--to', '198.51.100.9'),
  );
  t.regex(elsewhere.stderr, /but that is root@198\.51\.100\.1 in fleet\.yaml \[IDENTITY_AMBIGUOUS\]/);
  const honest = await field.attack({ [second]: calls(second, 'host_2', 2) }, distribute('--to', second));
  t.is(honest.status, 0, honest.stderr);
});

test('a host that says the name of this machine, or of a host that made its own key, gets no certificate', async (t) => {
  const field = await withIdentities(t);
  const own = hostname().split('.')[0] ?? '';
  const here = await field.attack({ [second]: calls(second, own, 2) }, distribute('--to', second));
  t.regex(here.stderr, /but that is the machine on which this runs \[IDENTITY_AMBIGUOUS\]/);
  // A request that came from the host itself: its key was never here.
  await makeRequest(field.folder, 'host_1', ecKeyFile('p256', 1));
  await oursWell(field.folder, ['sign', '-b', 'host_1']);
  for (const file of ['privkey', 'req', 'cert']) rmSync(join(field.folder, `host_1-${file}.pem`));
  const lie = await field.attack({ [second]: calls(second, 'host_1', 2) }, distribute('--to', second));
  t.is(lie.status, 6);
  t.regex(lie.stderr, /but the CA has certified another key for that name \[IDENTITY_AMBIGUOUS\]/);
  t.notRegex(lie.sent(second), /BEGIN CERTIFICATE-----\n[A-Za-z0-9+/]/);
  t.is((await oursWell(field.folder, ['list', 'switch', '--name', 'host_1'])).trim().split('\n').length, 2);
  t.false(existsSync(join(field.folder, 'pki/distributed')));
});
