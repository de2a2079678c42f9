/** What is said of fleets that are too large to be told host by host. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { planText, resultText } from '../../../src/cli/render/fleet.js';
import { findingsText } from '../../../src/cli/render/many/findings.js';
import { fleetPlanText } from '../../../src/cli/render/many/plan.js';
import { resultsText } from '../../../src/cli/render/many/results.js';
import { hostStates } from '../../../src/cli/render/many/status.js';
import { statusText } from '../../../src/cli/render/status.js';
import type { HostResult } from '../../../src/deploy/apply/host-run.js';
import type { DesiredFleet } from '../../../src/deploy/desired/desired.js';
import { hostStatus } from '../../../src/deploy/doctor/host-status.js';
import type { Action, HostPlan } from '../../../src/deploy/plan/action.js';
import { OvsPkiError } from '../../../src/errors.js';
import { capturedFacts, examinedHost } from '../../support/host-answers.js';
import { freshPlans, meshOf, planWith } from '../../support/large-fleet.js';
import { projectRoot } from '../../support/programs.js';

const lines = (text: string): string[] => text.split('\n').slice(0, -1);
const planned = (fleet: DesiredFleet, plans: readonly HostPlan[], failed: readonly string[] = []) => ({
  fleet,
  plans,
  failed,
  chosen: undefined,
});

const interruption = { why: 'rebuilt', seconds: 2 } as const;
const fates: Readonly<Record<string, Action>> = {
  removed: { kind: 'remove-port', port: 'old', bridge: 'br0', peer: 'gone' },
  cut: { kind: 'cut', port: 't1', peer: 'edge_1' },
  open: { kind: 'plaintext', from: '0/1', to: undefined },
  rebuilt: { kind: 'plaintext', from: undefined, to: '0/1', rebuilds: ['t1', 't2'], interruption },
};

test('a plan of eleven hosts says once what is the same, and by host what is dangerous', (t) => {
  const fleet = meshOf(11);
  const plans = freshPlans(fleet).map((plan, index): HostPlan => {
    const action = [fates['removed'], fates['cut'], fates['open'], fates['rebuilt']][index];
    if (index === 9) return { ...plan, actions: [] };
    if (index === 10) return { ...plan, obstacles: [{ code: 'HOST_UNFIT', message: 'edge_11: no', hint: 'x' }] };
    return action === undefined ? plan : { ...plan, actions: [action, ...plan.actions] };
  });
  t.is(
    fleetPlanText(planned(fleet, plans, ['x'])),
    `to change: 9 hosts: edge_[1-9]
  + key and request, made on the host with its own openssl (ca-signed)
  + /etc/ipsec.d/cacerts/ovs-ca-0011223344.pem
  + /etc/ipsec.d/certs/edge_…-cert.pem
  + /etc/ipsec.d/certs/ovs-edge_…-cert.pem -> edge_…-cert.pem
  + /etc/ipsec.d/private/ovs-edge_…-privkey.pem -> edge_…-privkey.pem
  + other_config:certificate=/etc/ipsec.d/certs/ovs-edge_…-cert.pem
  + other_config:ipsec_skb_mark=0/1
  + bridge br-ipsec
  + drop policy for unencrypted geneve to 10.1.0.… (90, 10 a host)
  + port t… of br-ipsec: geneve to edge_… (90, 10 a host)
      + options:local_ip=10.1.0.…
      + options:remote_ip=10.1.0.…
      + options:remote_name=edge_…
      + protected=true: split horizon, so that a mesh of tunnels is no loop
interrupted, removed or let through unencrypted:
  edge_1:
    - port old of br0, the tunnel to gone
  edge_2:
    - the tunnel t1 to edge_1 is taken down: its certificate was revoked
  edge_3:
    - other_config:ipsec_skb_mark=0/1
  edge_4:
    + other_config:ipsec_skb_mark=0/1 (t1, t2 are rebuilt and lose packets for about 2 s)
nothing to do: 1 host: edge_10
nothing can be done: 1 host: edge_11
  ! edge_11: no
all of one host: give --host NAME
12 hosts: 1 unchanged, 9 to change, 2 cannot; 55 tunnels: 0 unchanged, 54 new, 0 to change, 1 cannot, and 1 to remove
`,
  );
});

test('a danger of more hosts than can be read is said once, with the names of all of them', (t) => {
  const fleet = meshOf(40);
  const plans = fleet.hosts.map((host, index) => {
    const old = (port: string): Action => ({ kind: 'remove-port', port, bridge: 'br0', peer: `p${index}` });
    return planWith(host, index % 10 === 9 ? [] : [old('old_1'), old('old_2')]);
  });
  const said = lines(fleetPlanText(planned(fleet, plans)));
  t.deepEqual(said.slice(0, 4), [
    'interrupted, removed or let through unencrypted:',
    '  - port old_… of br0, the tunnel to p… (72 on 36 hosts)',
    '      on edge_[1-9], edge_[11-19], edge_[21-29], edge_[31-39]',
    'nothing to do: 4 hosts: edge_10, edge_20, edge_30, edge_40',
  ]);
});

test('up to ten hosts, and for those that are named, a plan is told line by line', (t) => {
  const ten = meshOf(10);
  t.is(fleetPlanText(planned(ten, freshPlans(ten))), planText(freshPlans(ten)));
  const fleet = meshOf(30);
  const plans = freshPlans(fleet);
  const one = fleetPlanText({ ...planned(fleet, plans), chosen: ['edge_7'] });
  t.is(
    one,
    `${planText(plans.slice(6, 7))}30 hosts: 0 unchanged, 30 to change, 0 cannot; 435 tunnels: 0 unchanged, 435 new, 0 to change\n`,
  );
});

for (const [count, tunnels] of [
  [50, 1225],
  [300, 44_850],
] as const) {
  test(`a mesh of ${count} hosts is read in a minute`, (t) => {
    const fleet = meshOf(count);
    const plans = freshPlans(fleet);
    const text = fleetPlanText(planned(fleet, plans));
    t.log(`${count} hosts: ${lines(planText(plans)).length} lines in full, ${lines(text).length} here`);
    t.true(lines(text).length <= 25, `${lines(text).length} lines`);
    t.true(lines(text).every((line) => line.length <= 160));
    t.true(
      text.endsWith(
        `${count} hosts: 0 unchanged, ${count} to change, 0 cannot; ${tunnels} tunnels: 0 unchanged, ${tunnels} new, 0 to change\n`,
      ),
    );
  });
}

test('hosts that differ in everything do not bring the lines back', (t) => {
  const fleet = meshOf(60);
  const plans = fleet.hosts.map((host, index) => {
    const path = `/etc/keys/${index}/${'x'.repeat(index % 7)}-cert.pem`;
    return planWith(host, [
      { kind: 'place', role: 'certificate', path, content: 'x', source: `f${index}` },
      { kind: 'bridge', bridge: `br${index}` },
      { kind: 'remove-file', path },
    ]);
  });
  t.true(lines(fleetPlanText(planned(fleet, plans))).length < 12);
});

test('docs/tunnels.md shows the plan of a mesh of 300 hosts as it is', (t) => {
  const fleet = meshOf(300);
  const page = readFileSync(join(projectRoot, 'docs/tunnels.md'), 'utf8');
  t.deepEqual(/^```text\n(.*?)^```$/ms.exec(page)?.[1], fleetPlanText(planned(fleet, freshPlans(fleet))));
});

const resultOf = (host: string, more: Partial<HostResult> = {}): HostResult => ({
  host,
  outcome: 'changed',
  actions: [],
  warnings: [],
  error: undefined,
  proofs: [],
  exchanges: 2,
  pointedBack: false,
  ...more,
});

test('the result of an apply tells failures by their code, with the hosts of each', (t) => {
  const proof = {
    port: 't1',
    encrypted: true,
    bytesOut: 1,
    bytesIn: 1,
    peerId: undefined,
    serialNumber: undefined,
    reasons: [],
  };
  const results = Array.from({ length: 20 }, (_, index) => {
    const host = `h${index}`;
    const proofs = [{ ...proof, host }];
    if (index < 3) return resultOf(host, { outcome: 'failed', error: new OvsPkiError('HOST_UNREACHABLE', 'x') });
    if (index < 5) {
      return resultOf(host, {
        outcome: 'failed',
        error: new OvsPkiError('HOST_PROOF_FAILED', 'x'),
        proofs,
        pointedBack: true,
      });
    }
    return index < 8
      ? resultOf(host, { outcome: 'unchanged' })
      : resultOf(host, { actions: [{ kind: 'bridge', bridge: 'b' }], proofs });
  });
  t.is(
    resultsText(results),
    `changed: 12 hosts: h[8-19]
  + bridge b
encrypted, with ESP both ways: 12 ends of tunnels on 12 hosts: h[8-19]
nothing to do: 3 hosts: h[5-7]
FAILED:
  3 hosts: h[0-2] [HOST_UNREACHABLE]
  2 hosts: h3, h4 [HOST_PROOF_FAILED]
  pointed back to what they had: 2 hosts: h3, h4
all of one host: give --host NAME
20 hosts: 3 unchanged, 12 changed, 5 failed; 12 ends of tunnels proved to be encrypted
`,
  );
  t.is(resultsText(results.slice(0, 9)), results.slice(0, 9).map(resultText).join(''));
  t.true(resultsText(results, ['h9']).startsWith('h9:\n  + bridge b\n  = t1: encrypted'));
});

test('doctor tells a fault of many hosts once, errors first', (t) => {
  const hosts = Array.from({ length: 12 }, (_, index) => `h${index}`);
  const finding = (host: string, severity: 'error' | 'warning') => ({
    id: 'x-y',
    severity,
    host,
    port: 'tun',
    message: `tun is ${severity === 'error' ? 'down' : 'late'} since ${host}`,
    cure: `cure ${host}`,
    at: 'host' as const,
  });
  const findings = [finding('h5', 'warning'), ...hosts.slice(0, 4).map((host) => finding(host, 'error'))];
  const unasked = [{ host: 'gone', error: new OvsPkiError('HOST_UNREACHABLE', 'x') }];
  t.is(
    findingsText({ hosts, findings, unasked }),
    `error: h0: tun is down since h0 [x-y]
  cure, on h0: cure h0
  likewise 3 hosts: h[1-3]
warning: h5: tun is late since h5 [x-y]
  cure, on h5: cure h5
nothing found: 7 hosts: h4, h[6-11]
13 hosts: 7 with nothing found, 4 with errors, 1 with warnings, 1 not asked
`,
  );
  t.true(findingsText({ hosts, findings, unasked }, ['h5']).startsWith('h5:\n  warning: tun is late'));
});

test('the status of many hosts tells those that are not well, and the others in few lines', (t) => {
  const name = 'strongswan-gre-ca-signed';
  const captured = hostStatus(examinedHost(name, capturedFacts(name)));
  const [tunnel] = captured.tunnels;
  if (tunnel === undefined) throw new Error('no tunnel was captured');
  const down = {
    ...tunnel,
    state: 'down' as const,
    reasons: ['no answer'],
    bytesIn: 0,
    bytesOut: 0,
    peerId: undefined,
  };
  const hosts = Array.from({ length: 12 }, (_, index) => {
    const many = ['a', 'b1', 'b2', 'b3', 'b4'].map((peer) => ({ ...down, peer, port: peer }));
    const tunnels = index === 2 ? [tunnel, ...many] : [tunnel];
    const host = { ...captured, host: `h${index}`, hostName: `h${index}`, tunnels };
    return { ...host, findings: { errors: index === 3 ? 1 : 0, warnings: 0 } };
  });
  const result = {
    hosts,
    unasked: [{ host: 'gone', error: new OvsPkiError('HOST_UNREACHABLE', 'x') }],
    withoutHost: [],
  };
  const heading = 'Open vSwitch 3.1.0, strongswan 5.9.8, Linux 6.1.0-56-amd64';
  t.is(
    hostStates(result).join(''),
    `h2: ${heading}
  a (gre, ca-signed) to a: down: no answer
  b1 (gre, ca-signed) to b1: down: no answer
  b2 (gre, ca-signed) to b2: down: no answer
  and 2 more tunnels that are not encrypted, to b3, b4
  1 tunnel encrypted
h3: ${heading}
  1 tunnel encrypted
  1 error, see: ovs-pki-ts doctor
10 hosts well, Open vSwitch 3.1.0, strongswan 5.9.8: h0, h1, h[4-11]
the first certificate expires on 2036-11-19: h[0-11]
all of one host: give --host NAME
13 hosts: 10 well, 2 not well, 1 not asked; 17 ends of tunnels: 12 encrypted, 0 not encrypted, 5 down
`,
  );
  t.deepEqual(hostStates({ ...result, hosts: hosts.slice(0, 9) }), hosts.slice(0, 9).map(statusText));
  t.is(hostStates(result, ['h7'])[0], hosts.slice(7, 8).map(statusText).join(''));
});
