import test from 'ava';
import { known, knownValue } from '../../../src/deploy/facts/fact.js';
import type { HostFacts } from '../../../src/deploy/facts/host-facts.js';
import { existingEnds } from '../../../src/deploy/tunnels/existing.js';
import { proveEnd } from '../../../src/deploy/tunnels/proof.js';
import { capturedFacts, examinedHost } from '../../support/host-answers.js';

const facts = capturedFacts('strongswan-gre-ca-signed');
const { desired } = examinedHost('host_1', facts);
const [end] = existingEnds(facts);

/** The same host, whose IKE daemon says that the other end proved to be somebody. */
function withPeer(remoteId: string | undefined): HostFacts {
  const ike = knownValue(facts.ike);
  if (ike === undefined) throw new Error('the host has no IKE daemon');
  return { ...facts, ike: known({ ...ike, connections: ike.connections.map((item) => ({ ...item, remoteId })) }) };
}

function complaintsAbout(remoteId: string | undefined): readonly string[] {
  if (end === undefined) throw new Error('the host has no tunnel');
  const { reasons } = proveEnd({ host: desired, end, facts: withPeer(remoteId), certificate: undefined });
  return reasons.filter((reason) => reason.includes('is authenticated as'));
}

const peer = end?.peer ?? '';

/** What the other end proved to be, and whether that is the peer. */
const identities: readonly (readonly [id: string | undefined, isPeer: boolean])[] = [
  [peer, true],
  [`C=US, ST=CA, O=Open vSwitch, OU=Open vSwitch certifier, CN=${peer}`, true],
  [undefined, true],
  ['host_c', false],
  [`${peer}x`, false],
  [`C=US, O=Open vSwitch, CN=host_c`, false],
  [`C=US, O=CN=${peer}, CN=host_c`, false],
  [`CN=${peer}, CN=host_c`, false],
  ['%any', false],
  ['', false],
];

for (const [id, isPeer] of identities) {
  test(`a tunnel to its peer is ${isPeer ? 'not ' : ''}refused where the other end proved to be ${JSON.stringify(id)}`, (t) => {
    t.true(peer.length > 0);
    const complaints = complaintsAbout(id);
    if (isPeer) t.deepEqual(complaints, []);
    else t.regex(complaints[0] ?? '', new RegExp(`and not as ${peer}$`));
  });
}
