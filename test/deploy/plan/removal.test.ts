import test from 'ava';
import { known, knownValue } from '../../../src/deploy/facts/fact.js';
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

test('an interface of a bond is not taken away with those that stay', (t) => {
  const database = knownValue(facts.ovsdb);
  const [end] = existingEnds(facts);
  if (database === undefined || end === undefined) throw new Error('the host has no database, or no tunnel');
  const second = database.interfaces.find(({ name }) => name === end.port);
  const port = database.ports.find(({ name }) => name === end.port);
  if (second === undefined || port === undefined) throw new Error('the host has no such port');
  const bonded = {
    ...facts,
    ovsdb: known({
      ...database,
      interfaces: [...database.interfaces, { ...second, name: 't2' }],
      ports: database.ports.map((item) =>
        item === port ? { ...port, name: 'bond0', interfaces: [end.port, 't2'] } : item,
      ),
    }),
  };
  const planFor = (...ports: string[]) => planRemoval(desired, bonded, { ports, identity: false, plaintext: false });
  t.deepEqual(planFor(end.port).actions, []);
  t.regex(planFor(end.port).obstacles[0]?.message ?? '', /one port, the bond bond0/);
  t.deepEqual(planFor(end.port, 't2').obstacles, []);
});
