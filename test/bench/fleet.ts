/** Certificates, keys and tunnels for many hosts: `apply` against an Ansible playbook that does the same. */

import { runAnsible, writeAnsibleInventory } from './ansible.js';
import { comparisonOf, type Pair, type Row } from './measure.js';
import { type Pairs, startPairs } from './pairs.js';

const hosts = 50;
const rounds = 3;
/** Of one machine all programs share the cores: those of the hosts are in the times of both. */
const note = `all ${hosts} hosts and what runs on them, Ansible's modules among it, share the cores of this machine`;

export async function fleet(): Promise<Row[]> {
  const pairs = await startPairs(hosts);
  try {
    return await measure(pairs);
  } finally {
    await pairs.fleet.close();
  }
}

/** In each round both begin with bare hosts, and then find all done already. */
async function measure(pairs: Pairs): Promise<Row[]> {
  const inventory = writeAnsibleInventory(pairs.fleet, pairs.identityOf);
  const fresh: Pair[] = [];
  const again: Pair[] = [];
  let exchanges = { fresh: 0, again: 0 };
  for (let round = 0; round < rounds; round++) {
    await pairs.reset();
    const theirs = await runAnsible(pairs.fleet, inventory);
    const theirsAgain = await runAnsible(pairs.fleet, inventory);
    if (theirsAgain.changed > 0) throw new Error('the second run of the playbook has changed something');
    await pairs.reset();
    const mine = await pairs.apply();
    const mineAgain = await pairs.apply();
    if (mineAgain.outcomes.some((outcome) => outcome !== 'unchanged')) throw new Error('the second apply is not empty');
    fresh.push({ first: theirs.seconds, second: mine.seconds });
    again.push({ first: theirsAgain.seconds, second: mineAgain.seconds });
    exchanges = { fresh: Math.max(...mine.exchanges), again: Math.max(...mineAgain.exchanges) };
  }
  const row = (what: string, rows: readonly Pair[], trips: number): Row => ({
    what: `${what}, against ansible-playbook (${trips} round trips a host at most)`,
    comparison: comparisonOf(rows),
    reads: 'times faster than the peer',
    bar: 10,
    note,
  });
  return [
    row(`apply to ${hosts} bare hosts, certificates made before`, fresh, exchanges.fresh),
    row(`apply to ${hosts} hosts, nothing to do`, again, exchanges.again),
  ];
}
