/** What hosts do together: whose port comes first, who waits for whom, and what a plan in a file says of it. */

import test from 'ava';
import type { DesiredHost, TunnelEnd } from '../../../src/deploy/desired/desired.js';
import type { IkeDaemonName } from '../../../src/deploy/ike/daemon.js';
import type { Action, HostPlan } from '../../../src/deploy/plan/action.js';
import { type PlannedAlone, plannedTogether } from '../../../src/deploy/plan/together.js';
import { notPlanned } from '../../../src/usecases/fleet/plan-file.js';
import { capturedFacts } from '../../support/host-answers.js';
import { progressWith } from '../../support/progress.js';

/** host_1 and host_2 get a tunnel, which host_1 is to set up; where it is one host, the other is not of the fleet. */
const cases: readonly {
  readonly daemons: readonly IkeDaemonName[];
  readonly says: readonly string[];
}[] = [
  { daemons: ['strongswan', 'strongswan'], says: ['host_1 port', 'host_2 port'] },
  {
    daemons: ['libreswan', 'libreswan'],
    says: ['host_1 port after host_2', 'host_2 port', 'host_2 waits for host_1'],
  },
  {
    daemons: ['libreswan', 'strongswan'],
    says: ['host_1 port', 'host_1 waits for host_2', 'host_2 port after host_1'],
  },
  {
    daemons: ['strongswan', 'libreswan'],
    says: ['host_1 port after host_2', 'host_2 port', 'host_2 waits for host_1'],
  },
  { daemons: ['libreswan'], says: ['host_1 port'] },
];

for (const { daemons, says } of cases) {
  test(`of ${daemons.join(' and ')} the plan says which end is wired first`, (t) => {
    const plans = plannedTogether(daemons.map((daemon, index) => aloneOf(daemon, index)));
    t.deepEqual(
      plans.flatMap(({ host, actions }) => actions.flatMap((action) => lineOf(host, action))),
      says,
    );
  });
}

test('a host to which nothing can be done gets nothing to do by its peers', (t) => {
  const obstacles: HostPlan['obstacles'] = [{ code: 'HOST_UNFIT', message: 'host_2: no', hint: 'none' }];
  const blocked = aloneOf('libreswan', 1);
  const plans = plannedTogether([aloneOf('libreswan', 0), { ...blocked, plan: { ...blocked.plan, obstacles } }]);
  t.deepEqual(plans[1]?.actions, blocked.plan.actions);
});

test('who asks and who waits is a part of the plan that was written; only its turn may be another', (t) => {
  const [, plan] = plannedTogether([aloneOf('libreswan', 0), aloneOf('libreswan', 1)]);
  const asked: Action = { kind: 'authenticate', port: 'tun', peer: 'host_1', turn: 0 };
  t.deepEqual(notPlanned(plan, plan?.actions ?? []), []);
  t.deepEqual(notPlanned(plan, [asked]), [asked]);
  const written = { ...(plan as HostPlan), actions: [asked] };
  t.deepEqual(notPlanned(written, [{ ...asked, turn: 2, unless: 'host_1' }]), []);
  t.is(notPlanned(written, [{ ...asked, port: 'tun_2' }]).length, 1);
  t.is(notPlanned({ ...written, actions: [] }, [{ kind: 'wait-for-peer', port: 'tun', peer: 'host_1' }]).length, 1);
});

function lineOf(host: string, action: Action): string[] {
  if (action.kind === 'wait-for-peer') return [`${host} waits for ${action.peer}`];
  if (action.kind !== 'port') return [];
  return [`${host} port${action.after === undefined ? '' : ` after ${action.after}`}`];
}

function aloneOf(ikeDaemon: IkeDaemonName, index: number): PlannedAlone {
  const [name, peer] = index === 0 ? ['host_1', 'host_2'] : ['host_2', 'host_1'];
  const end: TunnelEnd = {
    ...{ bridge: 'br', port: 'tun', type: 'gre', method: 'ca-signed', peer, initiates: index === 0 },
    ...{ localIp: `192.0.2.${index + 1}`, remoteIp: `192.0.2.${2 - index}`, options: {}, pskFile: undefined },
  };
  const port: Action = {
    ...{ kind: 'port', port: 'tun', bridge: 'br', type: 'gre', isNew: true, set: {}, remove: [], psk: undefined, peer },
  };
  const target = { kind: 'local', destination: 'local' } as const;
  const shell = { run: () => Promise.reject(new Error('nothing is run')), exchanges: () => 0, close: () => undefined };
  const desired: DesiredHost = {
    ...{ name, target, ikeDaemon, places: {}, plaintext: 'keep', identity: undefined, loopProtection: 'auto' },
    ...{ ends: [end], bridgeAddresses: {} },
  };
  return progressWith(shell, { desired, facts: capturedFacts('strongswan-gre-ca-signed') }, [port]);
}
