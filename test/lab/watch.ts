/** What a host sees of its tunnel while it is made. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, LabHost, Pair } from './lab.js';

export interface Watch {
  /** Seconds from the port's appearance in the database until a ping through it was answered. */
  stop(): Promise<number | undefined>;
}

/** Pings through the tunnel from the moment its port is in the host's database, as impatient traffic would. */
export function watchFirstAnswer(lab: Lab, host: LabHost, address: string, port: string): Watch {
  const ended = lab.run(
    host,
    `rm -f /run/lab/stop /run/lab/appeared
     { ovs-vsctl --timeout=300 wait-until Interface ${port} && date +%s.%N >/run/lab/appeared; } >/dev/null 2>&1 </dev/null &
     until [ -s /run/lab/appeared ]; do [ -e /run/lab/stop ] && kill $! && exit; sleep 0.5; done
     until ping -c 1 -W 1 ${address} >/dev/null 2>&1; do [ -e /run/lab/stop ] && exit; sleep 0.1; done
     cat /run/lab/appeared
     date +%s.%N`,
    '',
    320,
  );
  return {
    stop: async () => {
      // It may be between two pings at this moment, and deserves one more.
      const soon = await Promise.race([ended, sleep(3000)]);
      if (soon === undefined) await lab.run(host, 'touch /run/lab/stop');
      const [appeared, answered] = (await ended).stdout.split('\n').map(Number);
      return appeared && answered ? answered - appeared : undefined;
    },
  };
}

export interface Pings {
  readonly sent: number;
  readonly answered: number;
}

/** From each host to the other one, one after the other. */
export async function pingBothWays(lab: Lab, pair: Pair, count: number): Promise<Pings> {
  const [first, second] = pair.hosts;
  const there = await answeredPings(lab, first, '192.0.0.2', count);
  const back = await answeredPings(lab, second, '192.0.0.1', count);
  return { sent: 2 * count, answered: there + back };
}

async function answeredPings(lab: Lab, host: LabHost, address: string, count: number): Promise<number> {
  const { stdout } = await lab.run(host, `ping -c ${count} -i 0.2 -W 2 ${address}`);
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}
