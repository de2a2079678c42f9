/** What is made of all the facts of a host together takes time in proportion to them, for each of them may be many. */

import test from 'ava';
import { findingsOn } from '../../src/deploy/doctor/doctor.js';
import { hostStatus } from '../../src/deploy/doctor/host-status.js';
import { readFacts } from '../../src/deploy/facts/host-facts.js';
import { planRemoval } from '../../src/deploy/plan/removal.js';
import { crowdedFacts } from '../support/crowd.js';
import { capturedAt, examinedHost } from '../support/host-answers.js';

const [mark, count, floorMs] = ['m', 500, 30] as const;
const factsOf = (times: number, oneAddress: boolean) => {
  const text = crowdedFacts(count * times, mark, oneAddress);
  return () => readFacts('h', text, '', mark, capturedAt);
};
const removal = { ports: 'all', identity: true, plaintext: true, ours: true } as const;
const others = { removedPeers: [], prune: false };

for (const oneAddress of [false, true]) {
  const way = oneAddress ? 'to one address' : 'to many addresses';
  const looks: readonly (readonly [what: string, look: (times: number) => () => unknown])[] = [
    [
      'doctor beside a host of the same kind',
      (times) => lookingAt(times, (host) => findingsOn([host, twin(host)], capturedAt)),
    ],
    [
      'status by an inventory',
      (times) => lookingAt(times, (host) => hostStatus({ ...host, desired: { ...host.desired, others } })),
    ],
    ['remove', (times) => lookingAt(times, ({ desired, facts }) => planRemoval(desired, facts, removal))],
  ];
  // Facts are put in order once: each run has its own.
  const lookingAt = (times: number, look: (host: ReturnType<typeof examinedHost>) => unknown) => {
    const read = factsOf(times, oneAddress);
    return () => look(examinedHost('h', read()));
  };
  for (const [what, look] of looks) {
    test.serial(`with thousands of tunnels ${way}, ${what} takes linear time`, (t) => {
      const [one = 0, two = 0, four = 0] = [1, 2, 4].map((times) => Math.max(floorMs, costOf(look(times))));
      const exponent = Math.log2(four / one) / 2;
      const table = `${one.toFixed(0)}, ${two.toFixed(0)}, ${four.toFixed(0)} ms: n^${exponent.toFixed(1)}`;
      t.log(table);
      t.true(exponent < 1.6, table);
    });
  }
}

function twin({ desired, facts }: ReturnType<typeof examinedHost>): ReturnType<typeof examinedHost> {
  return { desired: { ...desired, name: 'other' }, facts };
}

/** The least CPU time of two runs, in milliseconds. */
function costOf(look: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run++) {
    const begun = process.cpuUsage();
    look();
    const { user, system } = process.cpuUsage(begun);
    least = Math.min(least, (user + system) / 1000);
    if (least > 3000) break;
  }
  return least;
}
