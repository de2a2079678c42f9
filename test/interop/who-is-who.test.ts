/** Whose identity a host gets, and that one machine has one: as hosts say who they are, and as inventories call them. */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { privateKeyFileFor } from '../../src/deploy/plan/identity-files.js';
import { readDer } from '../../src/pki/der.js';
import { decodePublicKey } from '../../src/pki/key.js';
import { keyHash } from '../../src/pki/key-identity.js';
import { requestOf } from '../cases/hostile-enrollments.js';
import { scripts } from '../cases/hostile-replies.js';
import { type Answer, accepts, databaseText, factsText, hostileField } from '../support/hostile.js';
import { oursWell } from '../support/pki.js';
import { runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { fixtureKey, spkiOf } from '../support/x509.js';

interface Machine {
  readonly address: string;
  readonly hostName: string;
  readonly systemId: string;
  readonly externalIds?: Readonly<Record<string, string>>;
  /** Of the start of its kernel. */
  readonly bootId?: string;
}

/** A host that makes a key for whatever name it is asked to. */
function answersOf(
  { address, hostName, systemId, externalIds = {}, bootId = '' }: Machine,
  requested = hostName,
): Answer[] {
  const key = fixtureKey(1);
  const path = privateKeyFileFor('/etc/ipsec.d/private', requested, keyHash(decodePublicKey(readDer(spkiOf(key)))));
  return [
    { when: scripts.enroll, out: `\n@mark@ key 0\n${path}\n\n@mark@ request 0\n${requestOf(requested, key)}\n` },
    {
      when: scripts.facts,
      out: factsText(address, { name: hostName, boot: bootId, ovsdb: databaseText([], { systemId, externalIds }) }),
    },
    accepts,
  ];
}

const bootId = '5e1f0d6c-2f7c-4a53-9d1e-0a6f7b9c8d10';
const machine: Machine = { address: '198.51.100.1', hostName: 'node-7', systemId: 'chassis-2', bootId };
const remote = { 'ovn-remote': 'ssl:192.0.2.1:6642' };

const chassis: readonly (readonly [what: string, machine: Machine, name: string])[] = [
  ['an OVN chassis has the name of its system-id', { ...machine, externalIds: remote }, 'chassis-2'],
  ['a host with a system-id and without OVN has its own name', machine, 'node-7'],
  [
    'a system-id that can be no name in a certificate gives way to the name of the host',
    { ...machine, systemId: 'a chassis/2', externalIds: remote },
    'node-7',
  ],
  ['of a name with a domain the first part counts', { ...machine, hostName: 'node-7.example.org' }, 'node-7'],
];

for (const [what, there, name] of chassis) {
  test(`distribute --to: ${what}`, async (t) => {
    const { folder, attack } = hostileField(t);
    await oursWell(folder, ['init', '--key', 'ec']);
    const { address } = there;
    const given = await attack({ [address]: answersOf(there, name) }, ['distribute', '--skip-proof', '--to', address]);
    t.is(given.status, 0, given.stderr);
    const index = readFileSync(join(folder, 'pki/switchca/index.txt'), 'latin1');
    t.deepEqual(
      [...index.matchAll(/\/CN=(?!OVS )(.*)$/gm)].map(([, commonName]) => commonName),
      [name],
    );
  });
}

const twins: readonly (readonly [what: string, second: Machine, isRefused: boolean])[] = [
  ['one machine under two names of ssh', machine, true],
  ['clones with a system-id and a name in common', { ...machine, address: '198.51.100.2' }, false],
  ['a host and one that says all that can be known of it', { ...machine, bootId: bootId.replace('5e', '5f') }, false],
  ['machines with one name', { ...machine, address: '198.51.100.2', systemId: 'another' }, false],
];

for (const [what, second, isRefused] of twins) {
  test(`${what} ${isRefused ? 'gets one identity' : 'are two hosts'}`, async (t) => {
    const { folder, attack } = hostileField(t);
    await oursWell(folder, ['init', '--key', 'ec']);
    writeFileSync(join(folder, 'fleet.yaml'), 'version: 1\nhosts:\n  a: {ssh: one}\n  b: {ssh: two}\n');
    const hosts = { one: answersOf(machine), two: answersOf(second) };
    const plan = await attack(hosts, ['plan', '--skip-proof', 'fleet.yaml']);
    t.is(plan.status, isRefused ? 6 : 0, plan.stderr);
    const told = /b \(two\) is the machine that is a already, and one machine has one identity \[IDENTITY_AMBIGUOUS\]/;
    t.is(told.test(plan.stderr), isRefused, plan.stderr);
    t.regex(plan.stdout, /^a \(one\):\n/m);
  });
}

for (const file of ['fleet.yaml', 'my fleet.yaml', 'sites/one.yaml']) {
  test(`an inventory that is there is replaced when it is asked for: ${file}`, async (t) => {
    const folder = scratchFolder(t);
    const ours = (...args: readonly string[]) => runOurs([...args, '--log', 'log'], { cwd: folder });
    mkdirSync(join(folder, 'sites'));
    const missing = await ours('plan', file);
    t.true(missing.stderr.includes(`ovs-pki-ts inventory init ${file.includes(' ') ? `'${file}'` : file}\n`));
    writeFileSync(join(folder, file), 'mine\n');
    const refused = await ours('inventory', 'init', file);
    t.is(refused.status, 3);
    t.regex(refused.stderr, /\[FILE_EXISTS\]\n.*hint: .*--force/);
    t.is(readFileSync(join(folder, file), 'utf8'), 'mine\n');
    const replaced = await ours('inventory', 'init', file, '--force');
    t.is(replaced.status, 0, replaced.stderr);
    t.regex(readFileSync(join(folder, file), 'utf8'), /^version: 1$/m);
    t.deepEqual(readdirSync(folder).sort(), [...new Set(['log', 'sites', file.split('/')[0] ?? ''])].sort());
  });
}
