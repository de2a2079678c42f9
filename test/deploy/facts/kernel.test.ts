import test from 'ava';
import { knownValue } from '../../../src/deploy/facts/fact.js';
import { existingEnds } from '../../../src/deploy/tunnels/existing.js';
import { hasGuard, hasIpsecPolicy } from '../../../src/deploy/tunnels/packets.js';
import { capturedFacts, guardedFacts } from '../../support/host-answers.js';

const working = [
  { name: 'strongswan-gre-ca-signed', selectors: ['gre'] },
  { name: 'strongswan-geneve-ca-signed', selectors: ['udp dport 6081', 'udp sport 6081'] },
  { name: 'libreswan-gre-ca-signed', selectors: ['gre'] },
  { name: 'libreswan-geneve-psk', selectors: ['udp dport 6081', 'udp sport 6081'] },
] as const;

for (const { name, selectors } of working) {
  test(`${name}: the kernel's policies for ESP are read, and what they are for`, (t) => {
    const facts = capturedFacts(name);
    const out = (knownValue(facts.policies) ?? []).filter(({ direction }) => direction === 'out');
    t.deepEqual(
      out
        .map(({ protocol, sourcePort, destinationPort }) =>
          [protocol, sourcePort && `sport ${sourcePort}`, destinationPort && `dport ${destinationPort}`]
            .filter((item) => item !== undefined)
            .join(' '),
        )
        .sort(),
      [...selectors],
    );
    t.true(out.every(({ action, esp, mark }) => action === 'allow' && esp && mark === undefined));
    for (const end of existingEnds(facts)) {
      t.true(hasIpsecPolicy(facts, end));
      t.false(hasGuard(facts, end));
      t.true(hasGuard(guardedFacts(name), end));
    }
  });
}

test('bytes are read from security associations of both directions, and no key with them', (t) => {
  const states = knownValue(capturedFacts('strongswan-gre-ca-signed').states) ?? [];
  t.deepEqual(
    states.map(({ source, bytes, packets, larval }) => ({ source, bytes, packets, larval })),
    [
      { source: '1.1.1.1', bytes: 472, packets: 6, larval: false },
      { source: '2.2.2.2', bytes: 398, packets: 5, larval: false },
    ],
  );
});

test('an acquire that waits is told from an association', (t) => {
  const states = knownValue(capturedFacts('strongswan-vxlan-acquire').states) ?? [];
  const waiting = states.filter(({ larval }) => larval);
  t.true(waiting.length > 0);
  t.true(waiting.every(({ bytes, destination }) => bytes === 0 && destination === '2.2.2.2'));
});

test('the drop policies of ipsec_skb_mark are read with their mark: 4 protocols, 2 families, 3 directions', (t) => {
  const policies = knownValue(capturedFacts('strongswan-marked').policies) ?? [];
  const dropping = policies.filter(({ action }) => action === 'block');
  t.is(dropping.length, 24);
  t.true(dropping.every(({ mark }) => mark === '0/0x1'));
});
