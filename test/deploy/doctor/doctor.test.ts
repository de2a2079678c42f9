import test from 'ava';
import { type ExaminedHost, findingsOn, rules } from '../../../src/deploy/doctor/doctor.js';
import type { Finding } from '../../../src/deploy/doctor/rule.js';
import { knownValue } from '../../../src/deploy/facts/fact.js';
import type { HostCrl } from '../../../src/deploy/plan/input.js';
import { decodeCrlsPem } from '../../../src/pki/crl.js';
import { type SickHost, sickHosts } from '../../cases/sick-hosts.js';
import { capturedAt, capturedFacts, examinedHost, guardedFacts } from '../../support/host-answers.js';

/** Captured hosts whose tunnels were encrypted, alone and with their peers. */
const wellHosts: readonly (readonly string[])[] = [
  ['strongswan-gre-ca-signed'],
  ['strongswan-gre-ca-signed', 'strongswan-gre-ca-signed-peer'],
  ['strongswan-gre-self-signed', 'strongswan-gre-self-signed-peer'],
  ['strongswan-geneve-ca-signed'],
  ['strongswan-geneve-psk'],
  ['libreswan-gre-ca-signed', 'libreswan-gre-ca-signed-peer'],
  ['libreswan-geneve-psk'],
];

for (const names of wellHosts) {
  test(`nothing is found on ${names.join(' and ')}`, (t) => {
    const hosts = names.map((name) => examinedHost(name, guardedFacts(name)));
    t.deepEqual(findingsOn(hosts, capturedAt), []);
  });
}

for (const [index, sick] of sickHosts.entries()) {
  test(`${sick.id} is found (case ${index + 1})`, (t) => {
    const findings = findingsOfFirst(sick);
    t.deepEqual([...new Set(findings.map(({ id }) => id))].sort(), [sick.id, ...(sick.also ?? [])].sort());
    for (const { message, cure } of findings) {
      t.false(/undefined|\[object|swordfis/.test(message + cure), `${message} ${cure}`);
      t.true(message.length > 20 && cure.length > 8);
    }
  });
}

test('every rule has a host that is sick of it, and an id, a weight and a meaning of its own', (t) => {
  const ids = rules.map(({ id }) => id);
  t.deepEqual(
    [...new Set(sickHosts.map(({ id }) => id))].sort(),
    [...ids].filter((id) => id !== 'port-missing').sort(),
  );
  t.is(new Set(ids).size, ids.length);
  t.is(new Set(rules.map(({ meaning }) => meaning)).size, ids.length);
});

test('a tunnel of the inventory that is not there is found', (t) => {
  const host = examinedHost('strongswan-gre-ca-signed', guardedFacts('strongswan-gre-ca-signed'));
  const end = {
    bridge: 'br',
    port: 'tun_x',
    type: 'gre',
    method: 'psk',
    localIp: '1.1.1.1',
    remoteIp: '3.3.3.3',
  } as const;
  const more = { ...end, peer: 'x', options: {}, pskFile: undefined, initiates: true };
  const found = findingsOn([{ ...host, desired: { ...host.desired, ends: [more] } }], capturedAt);
  t.deepEqual(
    found.map(({ id, port }) => [id, port]),
    [['port-missing', 'tun_x']],
  );
});

function findingsOfFirst({ hosts, isUnguarded, isWhole, crl }: SickHost): Finding[] {
  const facts = isUnguarded ? capturedFacts : guardedFacts;
  const others = isWhole === true ? { others: { removedPeers: [], prune: false } } : {};
  const examined = hosts.map(([name, ...edits]): ExaminedHost => {
    const { desired, ...host } = examinedHost(name, facts(name, edits));
    return { ...host, desired: { ...desired, ...others } };
  });
  const here = crl === undefined || examined[0] === undefined ? [] : [crlOfCa(examined[0], crl)];
  return findingsOn(examined, capturedAt, here).filter(({ host }) => host === hosts[0]?.[0]);
}

/** A list as the PKI directory of a host's CA has it. */
function crlOfCa({ facts }: ExaminedHost, pem: string): HostCrl {
  const file = [...facts.files].find(([path]) => path.endsWith('cacert.pem'))?.[1];
  const found = file && knownValue(file);
  if (found?.kind !== 'certificate') throw new Error('the host has no certificate of a CA');
  const [crl] = decodeCrlsPem(pem, 'crl.pem');
  return { issuer: found.certificates[0], crl, count: crl.revoked.size };
}
