/** What doctor finds on a host and what stops a plan for it are one judgement. */

import test from 'ava';
import { findingsOn } from '../../../src/deploy/doctor/doctor.js';
import type { HostFacts } from '../../../src/deploy/facts/host-facts.js';
import { fitnessRules } from '../../../src/deploy/fitness/rules.js';
import type { HostPlan } from '../../../src/deploy/plan/action.js';
import type { HostCrl } from '../../../src/deploy/plan/input.js';
import { planHost } from '../../../src/deploy/plan/plan.js';
import { planRemoval } from '../../../src/deploy/plan/removal.js';
import { existingEnds } from '../../../src/deploy/tunnels/existing.js';
import { decodeCrlsPem } from '../../../src/pki/crl.js';
import { sickHosts } from '../../cases/sick-hosts.js';
import { capturedAt, capturedFacts, examinedHost, guardedFacts } from '../../support/host-answers.js';
import { nothingElse } from '../../support/host-model.js';

const name = 'host_1';

/** The plan of a host that is to have a certificate, the CRLs of its CA and the tunnels that it has, all of them proved. */
function planFor(facts: HostFacts, crls: readonly HostCrl[]): HostPlan {
  const { desired } = examinedHost(name, facts);
  const identity = { method: 'ca-signed', type: 'switch', days: 10, keySpec: { type: 'rsa', bits: 2048 } } as const;
  const wish = { ...desired, identity, plaintext: '0/1', ends: existingEnds(facts) } as const;
  const more = { ...nothingElse, peers: new Map(), psks: new Map(), crls, prove: true, now: capturedAt };
  return planHost({ desired: wish, facts, identity: 'enroll', ...more });
}

/** What is lacking there is a package. */
const installable: ReadonlySet<string> = new Set([
  ...['openssl', 'python3', 'iproute2', 'certutil', 'pk12util', 'crlutil', 'open-vswitch'].map((of) => `${of}-missing`),
  ...['ovs-monitor-ipsec-not-running', 'ike-starter-missing', 'charon-missing', 'ike-daemon-missing'],
]);

for (const { id, blocks } of fitnessRules) {
  const sick = sickHosts.find((host) => host.id === id && host.hosts.length === 1);
  test(`${id}: doctor and plan say the same`, (t) => {
    const [captured = '', ...edits] = sick?.hosts[0] ?? [];
    const facts = capturedFacts(captured, edits);
    const crls = sick?.crl === undefined ? [] : [anyCrl(sick.crl, facts)];
    const found = findingsOn([examinedHost(name, facts)], capturedAt, crls).filter((finding) => finding.id === id);
    const [finding] = found;
    t.is(found.length, 1);
    const { obstacles, warnings } = planFor(facts, crls);
    const byOption = installable.has(id) ? ', or let --install-packages do it' : '';
    const stops = obstacles.filter((obstacle) => obstacle.id === id);
    t.deepEqual(
      stops.map(({ message, hint }) => [message, hint]),
      blocks.length === 0 ? [] : [[`${name}: ${finding?.message}`, `${finding?.cure}, on root@${name}${byOption}`]],
    );
    if (blocks.length === 0) t.true(warnings.includes(`${name}: ${finding?.message}`), warnings.join('\n'));
  });
}

function anyCrl(pem: string, { files }: HostFacts): HostCrl {
  const [crl] = decodeCrlsPem(pem, 'crl.pem');
  const issuer = [...files].flatMap(([path, fact]) =>
    path.endsWith('cacert.pem') && fact.state === 'known' && fact.value.kind === 'certificate'
      ? [fact.value.certificates[0]]
      : [],
  )[0];
  if (issuer === undefined) throw new Error('the host has no certificate of a CA');
  return { issuer, crl, count: 0 };
}

for (const plugin of ['gcm', 'openssl', 'aesni', 'botan', 'wolfssl']) {
  test(`a strongSwan whose AES-GCM comes from the plugin ${plugin} is fit for doctor and for plan`, (t) => {
    const edited = guardedFacts('strongswan-gre-ca-signed', [[/loaded plugins: .*/, `loaded plugins: aes ${plugin}`]]);
    t.deepEqual(
      findingsOn([examinedHost(name, edited)], capturedAt).map(({ id }) => id),
      [],
    );
    t.deepEqual(planFor(edited, []).obstacles, []);
  });
}

test('all that stands against taking something away is said at once', (t) => {
  const facts = guardedFacts('strongswan-gre-ca-signed', [[/ python3 /, ' ']]);
  const [end] = existingEnds(facts);
  const other = facts.ovsdb.state === 'known' ? facts.ovsdb.value.bridges[0] : undefined;
  if (end === undefined || other === undefined) return t.fail('the host has no tunnel or no bridge');
  const removal = { ports: [other], identity: true, plaintext: false };
  const { obstacles } = planRemoval(examinedHost(name, facts).desired, facts, removal);
  t.deepEqual(
    obstacles.map(({ id, message }) => id ?? message.replace(/^host_1: (the tunnels|\S+ is no tunnel).*/, '$1')),
    ['python3-missing', `${other} is no tunnel`, 'the tunnels'],
  );
});
