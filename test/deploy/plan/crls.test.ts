/** CRLs and the tunnels of revoked peers in plans, as values. */

import test from 'ava';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import { type Fact, known, unknown } from '../../../src/deploy/facts/fact.js';
import type { FileFact } from '../../../src/deploy/facts/files.js';
import type { SecurityAssociation } from '../../../src/deploy/facts/kernel.js';
import type { Action } from '../../../src/deploy/plan/action.js';
import { crlActions, crlWarnings, cutActions, cutWarnings } from '../../../src/deploy/plan/crls.js';
import { crlFileFor } from '../../../src/deploy/plan/identity-files.js';
import type { HostCrl, HostInput } from '../../../src/deploy/plan/input.js';
import { noLoops } from '../../../src/deploy/plan/loops.js';
import { endsToProve } from '../../../src/deploy/plan/proving.js';
import { planRemoval } from '../../../src/deploy/plan/removal.js';
import { type Certificate, decodeCertificate } from '../../../src/pki/certificate.js';
import { type Crl, decodeCrl } from '../../../src/pki/crl.js';
import { encodeInteger, encodeTime } from '../../../src/pki/der-encode.js';
import { oid } from '../../../src/pki/oid.js';
import { dayMs } from '../../../src/pki/validity.js';
import { notPlanned } from '../../../src/usecases/fleet/plan-file.js';
import { capturedAt, capturedFacts } from '../../support/host-answers.js';
import { buildCertificate, buildCrl, extension, fixtureKey, name, spkiOf } from '../../support/x509.js';

const facts = capturedFacts('strongswan-gre-ca-signed');
const subject = name(['CN', 'a CA that changes its key']);
/** Two keys of one CA: the names are the same. */
const [oldKey, newKey] = [1, 2].map((number) => {
  const key = fixtureKey(number);
  const parts = { subject, issuer: subject, spki: spkiOf(key), signKey: key };
  return { key, issuer: decodeCertificate(buildCertificate(parts)) };
}) as [CaKey, CaKey];
type CaKey = { readonly key: ReturnType<typeof fixtureKey>; readonly issuer: Certificate };

const listOf = ({ key }: CaKey, number: number | undefined, daysAgo = 1): Crl =>
  decodeCrl(
    buildCrl({
      issuer: subject,
      signKey: key,
      thisUpdate: daysAfterCapture(-daysAgo),
      nextUpdate: daysAfterCapture(30),
      extensions: number === undefined ? [] : [extension(oid.crlNumber, encodeInteger(number))],
    }),
  );
/** Two lists of the same words are the same list, whenever each was made. */
const daysAfterCapture = (days: number): Uint8Array => encodeTime(new Date(capturedAt.getTime() + days * dayMs));
const wanted = ({ issuer }: CaKey, crl: Crl | undefined): HostCrl => ({ issuer, crl, count: 0 });
const pathOf = ({ issuer }: CaKey): string => crlFileFor('/etc/ipsec.d/crls', issuer);

const gre: TunnelEnd = {
  ...{ bridge: 'br', port: 'tun', type: 'gre', method: 'ca-signed', peer: 'host_2', initiates: true },
  ...{ localIp: '1.1.1.1', remoteIp: '2.2.2.2', options: {}, pskFile: undefined },
};
const desired: DesiredHost = {
  name: 'host_1',
  target: { kind: 'ssh', destination: 'host_1' },
  ikeDaemon: 'strongswan',
  places: {},
  plaintext: 'keep',
  loopProtection: 'auto',
  identity: undefined,
  ends: [gre],
  bridgeAddresses: {},
};

interface Given {
  readonly crls?: readonly HostCrl[];
  readonly files?: readonly (readonly [string, Fact<FileFact>])[];
  readonly states?: readonly SecurityAssociation[];
  readonly ends?: readonly TunnelEnd[];
  readonly revoked?: readonly string[];
}

function inputOf({ crls = [], files = [], states = [], ends = [gre], revoked = [] }: Given): HostInput {
  return {
    desired: { ...desired, ends },
    facts: { ...facts, files: new Map([...facts.files, ...files]), states: known(states) },
    identity: undefined,
    peers: new Map(),
    psks: new Map(),
    crls,
    revokedPeers: new Set(revoked),
    notices: [],
    retired: [],
    watched: [],
    loops: noLoops,
    prove: true,
    now: capturedAt,
  };
}

const there = (ca: CaKey, crl: Crl): readonly [string, Fact<FileFact>] => [
  pathOf(ca),
  known({ kind: 'crl', mode: '644 root', crl }),
];
const second = listOf(oldKey, 2);
const isPlaced = true;

const cases: readonly (Given & { readonly title: string; readonly places: boolean; readonly warns?: boolean })[] = [
  { title: 'no list is there', crls: [wanted(oldKey, second)], places: isPlaced },
  {
    title: 'the same list is there',
    crls: [wanted(oldKey, second)],
    files: [there(oldKey, second)],
    places: !isPlaced,
  },
  {
    title: 'an older list is there',
    crls: [wanted(oldKey, second)],
    files: [there(oldKey, listOf(oldKey, 1))],
    places: isPlaced,
  },
  {
    title: 'a newer list is there',
    crls: [wanted(oldKey, second)],
    files: [there(oldKey, listOf(oldKey, 3))],
    places: !isPlaced,
    warns: true,
  },
  {
    title: 'a list with a higher number is there that somebody else has signed',
    crls: [wanted(oldKey, second)],
    files: [there(oldKey, listOf(newKey, 3))],
    places: isPlaced,
  },
  {
    title: 'a newer list without a number is there',
    crls: [wanted(oldKey, listOf(oldKey, undefined, 2))],
    files: [there(oldKey, listOf(oldKey, undefined, 1))],
    places: !isPlaced,
    warns: true,
  },
  {
    title: 'a list is there that cannot be read',
    crls: [wanted(oldKey, second)],
    files: [[pathOf(oldKey), unknown('it is damaged')]],
    places: isPlaced,
  },
  {
    title: 'a list is there, and a new one will be made',
    crls: [wanted(oldKey, undefined)],
    files: [there(oldKey, second)],
    places: isPlaced,
  },
];

for (const { title, places, warns = false, ...given } of cases) {
  test(`${title}: ${places ? 'it is brought' : 'nothing is done'}${warns ? ', with a warning' : ''}`, (t) => {
    const input = inputOf(given);
    t.deepEqual(
      crlActions(input).map((action) => (action.kind === 'place' ? action.path : action.kind)),
      places ? [pathOf(oldKey)] : [],
    );
    t.is(crlWarnings(input).length, warns ? 1 : 0);
  });
}

test('the lists of two keys of one CA lie beside each other, and are taken away together', (t) => {
  const crls = [wanted(oldKey, second), wanted(newKey, listOf(newKey, 7))];
  const paths = crlActions(inputOf({ crls })).flatMap((action) => (action.kind === 'place' ? [action.path] : []));
  t.deepEqual(paths, [pathOf(oldKey), pathOf(newKey)]);
  t.not(paths[0], paths[1]);
  const input = inputOf({ crls, files: [there(oldKey, second), there(newKey, listOf(newKey, 7))] });
  t.deepEqual(crlActions(input), []);
  const { actions } = planRemoval(desired, input.facts, { ports: 'all', identity: true, plaintext: false });
  t.deepEqual(
    actions.flatMap((action) => (action.kind === 'remove-file' && action.path.includes('crl') ? [action.path] : [])),
    paths,
  );
});

test('a written plan with a list that is still to be made allows the list that is made', (t) => {
  const [planned, made] = [undefined, second].map((crl) => crlActions(inputOf({ crls: [wanted(oldKey, crl)] })));
  const written = { host: 'host_1', target: desired.target, actions: planned as Action[], warnings: [], obstacles: [] };
  t.deepEqual(notPlanned(written, made as Action[]), []);
  t.is(notPlanned({ ...written, actions: [] }, made as Action[]).length, 1);
});

const association = (source: string, destination: string, more: Partial<SecurityAssociation> = {}) => ({
  ...{ source, destination, spi: '0x1', bytes: 0, packets: 0, selector: undefined, larval: false },
  ...more,
});
const up = [association('1.1.1.1', '2.2.2.2'), association('2.2.2.2', '1.1.1.1')];
const cutIt: Action[] = [{ kind: 'cut', port: 'tun', peer: 'host_2' }];

const cuts: readonly (Given & { readonly title: string; readonly says: readonly Action[] })[] = [
  { title: 'a tunnel that is up to a revoked peer is taken down', states: up, revoked: ['host_2'], says: cutIt },
  {
    title: 'an association that leads here is enough for that',
    states: up.slice(1),
    revoked: ['host_2'],
    says: cutIt,
  },
  { title: 'one that is down is left', states: [], revoked: ['host_2'], says: [] },
  {
    title: 'one that the kernel only waits for is left',
    states: [association('1.1.1.1', '2.2.2.2', { spi: '0x0', larval: true })],
    revoked: ['host_2'],
    says: [],
  },
  {
    title: 'one to another address is left',
    states: [association('1.1.1.1', '3.3.3.3')],
    revoked: ['host_2'],
    says: [],
  },
  { title: 'one to a peer that is trusted is left', states: up, revoked: ['host_3'], says: [] },
  {
    title: 'one that needs no certificate of a CA is left',
    states: up,
    ends: [{ ...gre, method: 'psk' }],
    revoked: ['host_2'],
    says: [],
  },
];

for (const { title, says, ...given } of cuts) {
  test(title, (t) => t.deepEqual(cutActions(inputOf(given)), says));
}

test('where libreswan has to notice the list first, it is said that the tunnel can come back until then', (t) => {
  const input = inputOf({ states: up, revoked: ['host_2'] });
  t.deepEqual(cutWarnings(input, cutIt), []);
  const libreswan = { ...input, desired: { ...desired, ikeDaemon: 'libreswan' } } as const;
  t.regex(
    cutWarnings(libreswan, cutIt).join(),
    /^host_1: libreswan may need a minute .* the tunnel to host_2 has come back /,
  );
  t.deepEqual(cutWarnings(libreswan, []), []);
});

test('a tunnel that is taken down is not proved to be encrypted, and one that is new is', (t) => {
  const other = { ...gre, port: 'tun_3', remoteIp: '3.3.3.3', peer: 'host_3' };
  const input = { ...inputOf({ ends: [gre, other] }), facts };
  const renewed: Action = { kind: 'other_config', key: 'certificate', from: '/old.pem', to: '/new.pem' };
  const proved = (actions: readonly Action[]) => {
    const plan = { host: 'host_1', target: desired.target, actions, warnings: [], obstacles: [] };
    return endsToProve({ input, plan } as unknown as Parameters<typeof endsToProve>[0]).map(({ port }) => port);
  };
  t.deepEqual(proved([renewed]), ['tun'], 'it is at work');
  t.deepEqual(proved([...cutIt, renewed]), []);
});
