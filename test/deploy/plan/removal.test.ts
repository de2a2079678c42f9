import test from 'ava';
import { knownValue } from '../../../src/deploy/facts/fact.js';
import { planRemoval } from '../../../src/deploy/plan/removal.js';
import { existingEnds } from '../../../src/deploy/tunnels/existing.js';
import { capturedFacts, examinedHost } from '../../support/host-answers.js';

const facts = capturedFacts('strongswan-gre-ca-signed');
const { desired } = examinedHost('host_1', facts);

test('a tunnel is taken away, and a port that is none is not', (t) => {
  const [end] = existingEnds(facts);
  const other = knownValue(facts.ovsdb)?.interfaces.find(({ type }) => type === 'internal');
  if (end === undefined || other === undefined) throw new Error('the host has no tunnel, or no port that is none');
  const planFor = (port: string) => planRemoval(desired, facts, { ports: [port], identity: false, plaintext: false });
  t.deepEqual(planFor(end.port).actions[0], { kind: 'remove-port', port: end.port, bridge: end.bridge });
  t.deepEqual(planFor(other.name).actions, []);
  t.deepEqual(
    planFor(other.name).obstacles.map(({ code }) => code),
    ['HOST_UNFIT'],
  );
});
