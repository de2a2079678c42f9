/** The program on one of the two hosts, as its operator has it there: this end is local, the other one is reached by ssh. */

import { programPath } from '../support/programs.js';
import type { Cell } from './cells.js';
import { type Outcome, said, wireFailures } from './connect-cell.js';
import type { Lab, Pair } from './lab.js';
import { pingBothWays } from './watch.js';

export async function tryOnHost(lab: Lab, pair: Pair, cell: Cell): Promise<Outcome> {
  const [here, there] = pair.hosts;
  const key = await lab.must(
    here,
    `ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519 && ssh-keyscan -t ed25519 ${there.address} >/root/.ssh/known_hosts 2>&1
     cat /root/.ssh/id_ed25519.pub`,
  );
  await lab.must(there, 'cat >>/root/.ssh/authorized_keys', key);
  const ours = (args: string) =>
    lab.run(here, `cd /root && exec '${process.execPath}' '${programPath}' ${args}`, '', 300);
  const capture = await lab.capture(pair);
  const addresses = pair.hosts.map(({ name, address }) => `${name}=${address}`).join(' ');
  const bridges = pair.hosts.map(({ name }, index) => `${name}=192.0.0.${index + 1}/24`).join(' ');
  const started = Date.now();
  const made = await ours('init');
  const connected = await ours(
    `connect ${addresses} --type ${cell.type} --auth ${cell.method} --bridge-address ${bridges}`,
  );
  const seconds = (Date.now() - started) / 1000;
  const pings = await pingBothWays(lab, pair, 10);
  const status = await ours(`status --to local ${there.address}`);
  const removed = await ours(`remove --port tun --identity --to local ${there.address}`);
  const wire = await capture.stop();
  const failures = [
    ...Object.entries({ init: made, connect: connected, status, remove: removed }).flatMap(([command, run]) =>
      run.status === 0 ? [] : [`${command}: ${said(run)}`],
    ),
    ...(pings.answered === pings.sent ? [] : [`${pings.answered} of ${pings.sent} pings were answered`]),
    ...wireFailures(wire),
  ];
  return { failures, seconds, wire, pings, note: 'the program runs on the first host' };
}
