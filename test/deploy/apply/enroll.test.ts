/** The plan that is made again once keys are there, against the one that was shown. */

import test from 'ava';
import { enroll } from '../../../src/deploy/apply/enroll.js';
import type { DesiredHost } from '../../../src/deploy/desired/desired.js';
import type { HostPlan } from '../../../src/deploy/plan/action.js';
import { OvsPkiError } from '../../../src/errors.js';
import { capturedFacts } from '../../support/host-answers.js';
import { edges, progressWith } from '../../support/progress.js';

test('a plan that holds more once the keys are made is refused before it is carried out', async (t) => {
  const desired: DesiredHost = {
    ...({ name: 'host_1', target: { kind: 'local', destination: 'local' }, ikeDaemon: 'strongswan' } as const),
    ...({ places: {}, plaintext: 'keep', identity: undefined, loopProtection: 'auto' } as const),
    ...{ ends: [], bridgeAddresses: {} },
  };
  const facts = capturedFacts('strongswan-gre-ca-signed');
  const host = progressWith({ run: () => t.fail('nothing runs') } as never, { desired, facts }, []);
  const asked: [plan: HostPlan, isEnrolled: boolean][] = [];
  const refuse = (...question: [HostPlan, boolean]): OvsPkiError => {
    asked.push(question);
    return new OvsPkiError('PLAN_STALE', 'more than was shown');
  };
  await enroll([host], { ...edges, refuse });
  t.is(host.error?.code, 'PLAN_STALE');
  t.deepEqual(asked, [[host.plan, false]]);
});
