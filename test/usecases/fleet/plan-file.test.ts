/** A written plan is a stranger's file: its seal, its key, and what stands in it. */

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkInventory, expandInventory } from '../../../src/deploy/inventory/inventory.js';
import type { ErrorCode } from '../../../src/errors.js';
import { planFileText, readPlan, readPlanKey } from '../../../src/usecases/fleet/plan-file.js';

const fleet = expandInventory(
  checkInventory({
    version: 1,
    hosts: { host_1: { address: '198.51.100.1' }, host_2: { address: '198.51.100.2' } },
    tunnels: [{ between: ['host_1', 'host_2'] }],
  }),
  { folder: '.' },
);
const plan = { pkiDirectory: 'pki', prove: true, fleet, hosts: [] };
const [key, other] = ['0123456789abcdef0123456789abcdef', 'another key of a plan, as long'];

type Changed = Record<string, unknown> & { fleet: { hosts: Record<string, unknown>[] } };

function scratch(t: ExecutionContext): (name: string, content: string, mode?: number) => string {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return (name, content, mode = 0o600) => {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
    return join(folder, name);
  };
}

/** The plan with a change, and a seal that fits it: whoever changes a plan without a key can make that anew. */
function resealed(change: (content: Changed) => void): string {
  const content = JSON.parse(planFileText(plan)) as Changed;
  change(content);
  return planFileText(content as unknown as typeof plan);
}

const sealedAs = (withKey?: string): string => planFileText(plan, withKey);
const changedText = (text: string): string => text.replace('198.51.100.2', '198.51.100.9');

interface Sealing {
  readonly title: string;
  readonly text: string;
  readonly key?: string;
  /** Why it is refused, or undefined where it is read. */
  readonly refused?: RegExp;
}

const sealings: readonly Sealing[] = [
  { title: 'no key, and none asked for', text: sealedAs() },
  { title: 'the right key', text: sealedAs(key), key },
  { title: 'the right key, in other lines', text: JSON.stringify(JSON.parse(sealedAs(key))), key },
  {
    title: 'an earlier version',
    text: sealedAs().replace('"version": 2', '"version": 1'),
    refused: /an earlier version of ovs-pki-ts wrote it/,
  },
  { title: 'another key', text: sealedAs(key), key: other, refused: /what was written with this key/ },
  { title: 'a key that is not given', text: sealedAs(key), refused: /sealed with a key, which --plan-key names/ },
  { title: 'no key, where one is asked for', text: sealedAs(), key, refused: /it is not sealed with a key/ },
  {
    title: 'its own SHA-256 as the seal of a key',
    text: sealedAs().replace('"sha256"', '"hmacSha256"'),
    key,
    refused: /what was written with this key/,
  },
  { title: 'a change under a key', text: changedText(sealedAs(key)), key, refused: /what was written with this key/ },
  { title: 'a change by accident', text: changedText(sealedAs()), refused: /missing or changed/ },
  { title: 'a change under a key, with a new SHA-256', text: resealed(() => undefined), key, refused: /not sealed/ },
];

for (const { title, text, key: given, refused } of sealings) {
  test(`a plan with ${title} is ${refused === undefined ? 'read' : 'refused'}`, (t) => {
    const file = scratch(t)('plan.json', text);
    if (refused === undefined) t.deepEqual(readPlan(file, given)?.fleet, JSON.parse(JSON.stringify(fleet)));
    else t.regex(t.throws(() => readPlan(file, given), { code: 'PLAN_INVALID' })?.message ?? '', refused);
  });
}

const host = (content: Changed): Record<string, unknown> => content.fleet.hosts[0] as Record<string, unknown>;
const within = (name: string, change: (part: Record<string, unknown>) => void) => (content: Changed) => {
  const part = host(content)[name];
  change((Array.isArray(part) ? part[0] : part) as Record<string, unknown>);
};

/** What reaches a shell as a number, a word or a path, and what would run in place of it. */
const changes: readonly (readonly [title: string, change: (content: Changed) => void])[] = [
  [
    'the bits of a key',
    within('identity', (part) => Object.assign(part, { keySpec: { type: 'rsa', bits: '2048; touch pwned #' } })),
  ],
  [
    'the bits of a key as a list',
    within('identity', (part) => Object.assign(part, { keySpec: { type: 'rsa', bits: [3072] } })),
  ],
  ['the type of a key', within('identity', (part) => Object.assign(part, { keySpec: { type: '$(touch pwned)' } }))],
  ['the days of a certificate', within('identity', (part) => Object.assign(part, { days: '1; touch pwned' }))],
  ['days below zero', within('identity', (part) => Object.assign(part, { days: -1 }))],
  ['the method of an identity', within('identity', (part) => Object.assign(part, { method: 'none' }))],
  ['the name of a host', (content) => Object.assign(host(content), { name: '$(touch pwned)' })],
  ['the name of a host as a path', (content) => Object.assign(host(content), { name: '../../etc/passwd' })],
  ['a folder of certificates', within('places', (part) => Object.assign(part, { certs: '/etc/`touch pwned`' }))],
  ['a folder outside', within('places', (part) => Object.assign(part, { private: '../tmp' }))],
  ['the address of a peer', within('ends', (part) => Object.assign(part, { remoteIp: '$(touch pwned)' }))],
  ['the name of a peer', within('ends', (part) => Object.assign(part, { peer: "x';touch pwned;'" }))],
  ['the name of a port', within('ends', (part) => Object.assign(part, { port: '$(touch pwned)' }))],
  ['the name of a bridge', within('ends', (part) => Object.assign(part, { bridge: '$(touch pwned)' }))],
  ['the type of a tunnel', within('ends', (part) => Object.assign(part, { type: 'gre; touch pwned' }))],
  [
    'an option that runs a program',
    within('ends', (part) => Object.assign(part, { options: { ipsec_leftupdown: 'touch pwned' } })),
  ],
  [
    'a destination that is an option of ssh',
    within('target', (part) => Object.assign(part, { destination: '-oProxyCommand=touch pwned' })),
  ],
  ['a way to become root', within('target', (part) => Object.assign(part, { become: 'touch pwned' }))],
  ['an address of the bridge', (content) => Object.assign(host(content), { bridgeAddress: '$(touch pwned)' })],
  ...['unheard-of', 'constructor', 7].map(
    (kind) =>
      [
        `the kind of an action to ${kind}`,
        (content: Changed) => Object.assign(content, { hosts: [{ host: 'host_1', actions: [{ kind }] }] }),
      ] as const,
  ),
  [
    'the number of plans',
    (content) => Object.assign(content, { hosts: Array.from({ length: 3 }, () => ({ host: 'host_1', actions: [] })) }),
  ],
  [
    'the number of actions',
    (content) =>
      Object.assign(content, { hosts: [{ host: 'host_1', actions: Array(100_001).fill({ kind: 'leave' }) }] }),
  ],
  ['hosts that are no list', (content) => Object.assign(content, { fleet: { hosts: {} } })],
  ['a directory that is a number', (content) => Object.assign(content, { pkiDirectory: 7 })],
];

for (const [title, change] of changes) {
  test(`a plan is refused whose seal fits, and in which somebody has changed ${title}`, (t) => {
    const text = resealed(change);
    t.not(text, sealedAs(), 'something has changed');
    const file = scratch(t)('plan.json', text);
    t.throws(() => readPlan(file), { code: 'PLAN_INVALID' });
  });
}

/** Files that hold no key, or not for us alone. */
const keyFiles: readonly (readonly [title: string, content: string, mode: number, code: ErrorCode | undefined])[] = [
  ['its owner alone can read', `${key}\n`, 0o600, undefined],
  ['a group can read', `${key}\n`, 0o640, 'PASSPHRASE_EXPOSED'],
  ['all can read', `${key}\n`, 0o644, 'PASSPHRASE_EXPOSED'],
  ['is short', 'secret\n', 0o600, 'PASSPHRASE_INVALID'],
  ['is empty', '', 0o600, 'PASSPHRASE_INVALID'],
  ['has two lines', `${key}\n${key}\n`, 0o600, 'PASSPHRASE_INVALID'],
  ['holds what is no text', `${key}\0\n`, 0o600, 'PASSPHRASE_INVALID'],
];

for (const [title, content, mode, code] of keyFiles) {
  test(`a key of plans in a file that ${title} is ${code === undefined ? 'read' : 'refused'}`, (t) => {
    const file = scratch(t)('plan.key', content, mode);
    if (code === undefined) t.is(readPlanKey(file), key);
    else t.throws(() => readPlanKey(file), { code });
  });
}

test('a key of plans that is not there is told', (t) => {
  t.throws(() => readPlanKey(join(tmpdir(), 'ovs-pki-ts-no-such-key')), { code: 'FILE_NOT_FOUND' });
});

test('a plan sealed with a key holds no seal that can be made without it', (t) => {
  const file = scratch(t)('plan.json', sealedAs(key));
  t.notRegex(readFileSync(file, 'utf8'), /"sha256"/);
  t.notRegex(readFileSync(file, 'utf8'), new RegExp(key));
});
