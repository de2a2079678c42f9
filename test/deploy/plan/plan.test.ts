/** Plans as values, over hosts whose database is a real ovsdb-server: what is done is enough, and it can be undone. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import type { AuthenticationMethod, DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { known, unknown } from '../../../src/deploy/facts/fact.js';
import type { PlanningFacts } from '../../../src/deploy/facts/host-facts.js';
import type { Action, LoopRole } from '../../../src/deploy/plan/action.js';
import {
  authorityFileFor,
  certificateFileFor,
  keyHashOf,
  privateKeyFileFor,
} from '../../../src/deploy/plan/identity-files.js';
import type { HostInput } from '../../../src/deploy/plan/input.js';
import { planHost } from '../../../src/deploy/plan/plan.js';
import { restoreTransaction } from '../../../src/deploy/remote/restore.js';
import { isChange } from '../../../src/deploy/remote/transaction.js';
import {
  carryOut,
  certificateFile,
  essence,
  factsOf,
  fillDatabase,
  type HostBefore,
  keyFile,
  loopColumns,
  loopsWith,
  nothingElse,
  rstpColumns,
} from '../../support/host-model.js';
import { type Identities, identityOf, makeIdentities, oldPaths } from '../../support/identities.js';
import { rsaKeyFile } from '../../support/keys.js';
import { type SocketDatabase, startSocketDatabase } from '../../support/ovsdb-socket.js';

const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-plan-'));
let database: SocketDatabase;
let identities: Identities;

test.before(async () => {
  database = await startSocketDatabase(folder);
  identities = await makeIdentities(folder);
});

test.after.always(async () => {
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

const psk = 'the-secret-that-is-in-no-plan';
const pskBefore = 'the-secret-that-was-there-before';
const withoutBigint = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
const ports = ['tun', 'tun_2', 'gre_host_3'] as const;
const someOptions: readonly Record<string, string>[] = [
  {},
  { key: '7' },
  { ipsec_dpdaction: 'restart', tos: 'inherit' },
];
const options = fc.constantFrom(...someOptions);

/** What is wanted of a host: one method for all of it, up to three tunnels. */
const wishes = fc.record({
  method: fc.constantFrom<AuthenticationMethod>('ca-signed', 'self-signed', 'psk'),
  certificate: fc.constantFrom<'old' | 'new'>('old', 'new'),
  ends: fc.subarray([...ports]),
  type: fc.constantFrom('gre', 'geneve', 'vxlan', 'stt'),
  bridge: fc.constantFrom('br-ipsec', 'br-other'),
  options,
  plaintext: fc.constantFrom('0/1', '1/1', 'none', 'keep'),
  address: fc.boolean(),
  loops: fc.constantFrom<LoopRole>('none', 'split-horizon', 'rstp'),
});

/** What is there already: parts of an older plan, and what is an operator's own. */
const beginnings = fc.record({
  identity: fc.constantFrom(...(['none', 'whole', 'files only', 'pointers only'] as const)),
  mark: fc.constantFrom(undefined, '0/1', '1/1'),
  ports: fc.subarray([...ports]),
  method: fc.constantFrom<AuthenticationMethod>('ca-signed', 'self-signed', 'psk'),
  peerFile: fc.boolean(),
  strangers: fc.boolean(),
  loops: fc.constantFrom<LoopRole>('none', 'split-horizon', 'rstp'),
});

type Wish = Readonly<typeof wishes extends fc.Arbitrary<infer T> ? Omit<T, 'ends'> : never> & {
  readonly ends: readonly (typeof ports)[number][];
};
type Beginning = typeof beginnings extends fc.Arbitrary<infer T> ? T : never;

test.serial(
  'a plan made right after a plan was carried out is empty, and the way back leads to what was there',
  async (t) => {
    const seen = { planned: 0, obstructed: 0, ports: 0 };
    const secrets = [join(folder, 'host_1-privkey.pem'), rsaKeyFile(1)].map(
      (path) => readFileSync(path, 'latin1').split('\n')[5] ?? '',
    );
    await fc.assert(
      fc.asyncProperty(wishes, beginnings, async (wish, beginning) => {
        const before = hostBefore(wish, beginning);
        await fillDatabase(database, before);
        const facts = await factsOf(database, before);
        const input = inputOf(wish, facts);
        const plan = planHost(input);
        const text = JSON.stringify({ plan, facts: { ...facts, files: [...facts.files] } }, withoutBigint);
        for (const secret of [psk, pskBefore, ...secrets])
          if (text.includes(secret)) throw new Error('a plan holds a secret');
        if (plan.obstacles.length > 0) {
          if (plan.actions.length > 0) throw new Error('something is done in spite of an obstacle');
          seen.obstructed++;
          return;
        }
        const edges = { pskOf: () => psk, keyHash: keyHashOf(certificateOf(wish)) };
        const after = await carryOut(database, facts, plan.actions, edges);
        const again = planHost(inputOf(wish, after));
        if (again.actions.length > 0) throw new Error(`done again: ${JSON.stringify(again.actions)}`);
        seen.planned++;
        seen.ports += plan.actions.filter(({ kind }) => kind === 'port').length;
        const changes = plan.actions.filter(isChange);
        await database.transact(restoreTransaction(changes, facts, after, true, new Set(ports)));
        t.deepEqual(
          essence(await database.read()),
          essence(facts.ovsdb.state === 'known' ? facts.ovsdb.value : undefined),
        );
      }),
      { numRuns: 220 },
    );
    t.true(seen.planned > 50 && seen.obstructed > 5 && seen.ports > 30, JSON.stringify(seen));
  },
);

type UnknownFact = 'ovsdb' | 'addresses' | 'certificate' | 'private folder';
const unknownFacts: readonly (readonly [UnknownFact, (facts: PlanningFacts) => PlanningFacts])[] = [
  ['ovsdb', (facts) => ({ ...facts, ovsdb: unknown('ovs-vsctl: timed out') })],
  ['addresses', (facts) => ({ ...facts, addresses: unknown('Operation not permitted') })],
  [
    'certificate',
    (facts) => ({
      ...facts,
      files: new Map([...facts.files, [oldPaths(identities).certificate, unknown('Permission denied')]]),
    }),
  ],
  [
    'private folder',
    (facts) => ({
      ...facts,
      files: new Map([...facts.files, ['/etc/ipsec.d/private/*', unknown('/etc/ipsec.d/private: Permission denied')]]),
    }),
  ],
];

for (const [what, change] of unknownFacts) {
  test.serial(
    `nothing is done to a host whose ${what} could not be found out, with a hint what to look at`,
    async (t) => {
      const wish = { ...ordinary, certificate: 'new' } as const;
      const before = hostBefore(wish, { ...nothing, identity: 'whole' });
      await fillDatabase(database, before);
      const facts = await factsOf(database, before);
      t.true(planHost(inputOf(wish, facts)).actions.length > 0);
      const { actions, obstacles } = planHost(inputOf(wish, change(facts)));
      t.deepEqual(actions, []);
      t.true(
        obstacles.some(({ code }) => code === 'HOST_FACT_UNKNOWN'),
        JSON.stringify(obstacles),
      );
      for (const { hint } of obstacles) t.regex(hint, /ovs-pki-ts|systemctl/);
    },
  );
}

test.serial('a transaction is refused where what it stands on has changed, and changes nothing then', async (t) => {
  const wish = { ...ordinary, certificate: 'new' } as const;
  const before = hostBefore(wish, { ...nothing, identity: 'whole' });
  await fillDatabase(database, before);
  const facts = await factsOf(database, before);
  const plan = planHost(inputOf(wish, facts));
  await database.transact([
    'Open_vSwitch',
    { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['other_config', 'insert', ['map', [['a', 'b']]]]] },
  ]);
  const changed = essence(await database.read());
  const edges = { pskOf: () => psk, keyHash: keyHashOf(identities.new) };
  await t.throwsAsync(carryOut(database, facts, plan.actions, edges), { message: /timed out/ });
  t.deepEqual(essence(await database.read()), changed);
});

const repeated = (word: string, times: number): string[] => new Array<string>(times).fill(word);

const identityCases: readonly {
  readonly title: string;
  readonly beginning: Partial<Beginning>;
  readonly expected: (action: Action) => unknown;
  readonly says: readonly unknown[];
}[] = [
  {
    title: 'a bare host gets CA, key and certificate before anything points to them',
    beginning: {},
    expected: ({ kind }) => kind,
    says: [...repeated('place', 3), ...repeated('link', 3), ...repeated('other_config', 3), 'verify', 'trust'],
  },
  {
    title: 'a host with the older generation gets new files, and loses the old ones last',
    beginning: { identity: 'whole' },
    expected: (action) => (action.kind === 'place' ? action.role : action.kind),
    says: [
      ...['private-key', 'certificate'],
      ...repeated('link', 2),
      ...[...repeated('other_config', 2), 'verify', 'trust'],
      ...repeated('remove-file', 2),
    ],
  },
  {
    title: 'files that nothing points to are used where they are',
    beginning: { identity: 'files only' },
    expected: (action) => (action.kind === 'place' ? action.role : action.kind),
    says: [
      ...['private-key', 'certificate'],
      ...repeated('link', 3),
      ...[...repeated('other_config', 3), 'verify', 'trust'],
      ...repeated('remove-file', 2),
    ],
  },
];

for (const { title, beginning, expected, says } of identityCases) {
  test.serial(title, async (t) => {
    const wish = { ...ordinary, ends: [], certificate: 'new', plaintext: 'keep' } as const;
    const before = hostBefore(wish, { ...nothing, ...beginning });
    await fillDatabase(database, before);
    const { actions } = planHost(inputOf(wish, await factsOf(database, before)));
    t.deepEqual(actions.map(expected), says);
  });
}

test.serial(
  'a host gets each CA above its certificate in a file of its own, and those that it has are left',
  async (t) => {
    const wish = { ...ordinary, ends: [], plaintext: 'keep' } as const;
    const before = hostBefore(wish, nothing);
    await fillDatabase(database, before);
    const input = inputOf(wish, await factsOf(database, before));
    const { authority, peer: root } = identities;
    const chained = { ...identityOf(identities.new, authority), authorities: [authority, root] };
    const [caPath, rootPath] = [authority, root].map((item) => authorityFileFor('/etc/ipsec.d/cacerts', item));
    const placed = (now: HostInput) =>
      planHost(now).actions.flatMap((action) => (action.kind === 'place' && action.role === 'ca' ? [action.path] : []));
    t.deepEqual(placed({ ...input, identity: chained }), [caPath, rootPath]);
    const files = new Map([...input.facts.files, [rootPath ?? '', known(certificateFile(root))]]);
    t.deepEqual(placed({ ...input, identity: chained, facts: { ...input.facts, files } }), [caPath]);
    const pointed = planHost({ ...input, identity: chained }).actions.filter(({ kind }) => kind === 'other_config');
    t.like(pointed.at(-1), { key: 'ca_cert', to: '/etc/ipsec.d/cacerts/ovs-ca.pem' });
    const links = planHost({ ...input, identity: chained }).actions.filter(({ kind }) => kind === 'link');
    t.like(links.at(-1), { path: '/etc/ipsec.d/cacerts/ovs-ca.pem', to: caPath, inUse: false });
  },
);

test.serial('the file of a retired CA goes, and of libreswan it is told that it goes on trusting it', async (t) => {
  const wish = { ...ordinary, ends: [], plaintext: 'keep' } as const;
  const before = hostBefore(wish, nothing);
  await fillDatabase(database, before);
  const input = inputOf(wish, await factsOf(database, before));
  for (const [ikeDaemon, folder, told] of [
    ['strongswan', '/etc/ipsec.d/cacerts', 0],
    ['libreswan', '/etc/keys', 1],
  ] as const) {
    const path = authorityFileFor(folder, identities.peer);
    const files = new Map([...input.facts.files, [path, known(certificateFile(identities.peer))]]);
    const { actions, warnings } = planHost({
      ...{ ...input, desired: { ...input.desired, ikeDaemon }, facts: { ...input.facts, files } },
      retired: [identities.peer],
    });
    t.deepEqual(actions.at(-1), { kind: 'remove-file', path });
    t.is(warnings.filter((text) => text.includes('libreswan trusts the retired CA')).length, told);
  }
});

test.serial('a renewal changes where the links lead, and nothing that ovs-monitor-ipsec looks at', async (t) => {
  const before: Wish = { ...ordinary, ends: [], certificate: 'old', plaintext: 'keep' };
  const after: Wish = { ...before, certificate: 'new' };
  const bare = hostBefore(before, nothing);
  await fillDatabase(database, bare);
  const facts = await factsOf(database, bare);
  const first = planHost(inputOf(before, facts));
  const edges = { pskOf: () => psk, keyHash: keyHashOf(certificateOf(before)) };
  const deployed = await carryOut(database, facts, first.actions, edges);
  const renewal = planHost(inputOf(after, deployed));
  const [oldFiles, newFiles] = [identities.old, identities.new].map((certificate) => [
    certificateFileFor('/etc/ipsec.d/certs', 'host_1', certificate),
    privateKeyFileFor('/etc/ipsec.d/private', 'host_1', keyHashOf(certificate)),
  ]);
  t.deepEqual(
    renewal.actions.filter(({ kind }) => kind === 'link'),
    ['/etc/ipsec.d/certs/ovs-host_1-cert.pem', '/etc/ipsec.d/private/ovs-host_1-privkey.pem'].map((path, index) => ({
      ...{ kind: 'link' as const, path, from: oldFiles?.[index], to: newFiles?.[index] ?? '', inUse: true },
    })),
  );
  t.deepEqual(renewal.actions.filter(isChange), []);
  t.deepEqual(
    renewal.actions.flatMap((action) => (action.kind === 'remove-file' ? [action.path] : [])).sort(),
    oldFiles?.toSorted(),
  );
  t.deepEqual(renewal.warnings, []);
});

const ordinary: Wish = {
  ...({ method: 'ca-signed', certificate: 'new', ends: ['tun'], type: 'gre', bridge: 'br-ipsec' } as const),
  ...({ options: {}, plaintext: '0/1', address: false, loops: 'none' } as const),
};
const nothing: Beginning = {
  ...({ identity: 'none', mark: undefined, method: 'ca-signed', loops: 'none' } as const),
  ...{ ports: [], peerFile: false, strangers: false },
};

function certificateOf({ method, certificate }: Pick<Wish, 'method' | 'certificate'>) {
  return method === 'self-signed' ? identities.selfSigned : identities[certificate];
}

function endsOf({ method, ends, type, bridge, options }: Wish): TunnelEnd[] {
  return ends.map((port, index) => ({
    ...{ bridge, port, type: type as TunnelEnd['type'], method, options },
    ...{ localIp: '198.51.100.1', remoteIp: `198.51.100.${index + 2}`, peer: `host_${index + 2}` },
    ...{ pskFile: undefined, initiates: true },
  }));
}

function inputOf(wish: Wish, facts: PlanningFacts): HostInput {
  const ends = endsOf(wish);
  const identity = { method: wish.method, type: 'switch', days: 30, keySpec: { type: 'rsa', bits: 2048 } } as const;
  const desired: DesiredHost = {
    ...({ name: 'host_1', target: { kind: 'ssh', destination: 'host_1' }, ikeDaemon: 'strongswan' } as const),
    ...({ places: {}, loopProtection: 'auto' } as const),
    plaintext: wish.plaintext as DesiredHost['plaintext'],
    identity: wish.method === 'psk' ? undefined : { ...identity, method: wish.method },
    ends,
    bridgeAddresses: wish.address ? { [wish.bridge]: '192.0.2.1/24' } : {},
  };
  const interfaces = facts.ovsdb.state === 'known' ? facts.ovsdb.value.interfaces : [];
  const changed = ends.filter(
    ({ port, method }) => method === 'psk' && interfaces.find(({ name }) => name === port)?.psk?.reveal() !== psk,
  );
  return {
    desired,
    facts,
    identity:
      wish.method === 'psk'
        ? undefined
        : identityOf(certificateOf(wish), wish.method === 'ca-signed' ? identities.authority : undefined),
    peers: new Map(wish.method === 'self-signed' ? ends.map(({ peer }) => [peer, identities.peer]) : []),
    psks: new Map(changed.map(({ port }) => [port, 'set'])),
    ...nothingElse,
    loops: loopsWith(wish.loops, ends, wish.bridge),
    prove: false,
    now: new Date(identities.new.notBefore.getTime() + 60_000),
  };
}

function hostBefore(
  { type, bridge }: Wish,
  { identity, mark, ports, method, peerFile, strangers, loops }: Beginning,
): HostBefore {
  const paths = oldPaths(identities);
  const hasFiles = identity === 'whole' || identity === 'files only';
  const peerPath = certificateFileFor('/etc/ipsec.d/certs', 'host_2', identities.peer);
  const authentication = {
    'ca-signed': { remote_name: 'somebody' },
    'self-signed': { remote_cert: peerPath },
    psk: { psk: pskBefore },
  };
  return {
    otherConfig: {
      ...(identity === 'whole' || identity === 'pointers only' ? paths : {}),
      ...(mark === undefined ? {} : { ipsec_skb_mark: mark }),
      ...(strangers ? { 'hw-offload': 'true' } : {}),
    },
    bridges: [...(ports.length > 0 ? [bridge] : []), ...(strangers ? ['br-int'] : [])],
    ports: [
      ...ports.map((name) => ({
        ...{ name, bridge, type, columns: loopColumns[loops] },
        options: { remote_ip: '198.51.100.2', ttl: '64', ipsec_ikelifetime: '1h', ...authentication[method] },
      })),
      ...(strangers ? [{ name: 'plain', bridge: 'br-int', type: 'vxlan', options: { remote_ip: '203.0.113.5' } }] : []),
    ],
    files: new Map([
      ...(hasFiles
        ? ([
            [paths.certificate, certificateFile(identities.old)],
            [paths.private_key, keyFile(keyHashOf(identities.old))],
            [paths.ca_cert, certificateFile(identities.authority)],
          ] as const)
        : []),
      ...(peerFile ? ([[peerPath, certificateFile(identities.peer)]] as const) : []),
      ...(strangers ? ([['/etc/ipsec.d/certs/my-own.pem', certificateFile(identities.peer)]] as const) : []),
    ]),
    addresses: ['198.51.100.1'],
    ...(loops === 'rstp' ? { bridgeColumns: rstpColumns } : {}),
  };
}
