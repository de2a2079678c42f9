/**
 * A shell on each host, and what each host says of itself.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { DesiredFleet, DesiredHost } from '../../deploy/desired/desired.js';
import { gatherFacts, gatherPlanningFacts, type HostFacts, type PlanningFacts } from '../../deploy/facts/host-facts.js';
import { takeLock } from '../../deploy/facts/host-lock.js';
import { checkedPsk } from '../../deploy/plan/psks.js';
import { matched } from '../../deploy/tunnels/matching.js';
import type { OvsPkiError } from '../../errors.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type HostShell, openHostShell } from '../../platform/ssh.js';
import { makeDialer } from '../../platform/ssh-dial.js';
import { inParallel } from '../certificate/req.js';

/** A host and what was found out about it, or why nothing could be. */
export type AskedHost<Facts = PlanningFacts> =
  | { readonly desired: DesiredHost; readonly shell: HostShell; readonly facts: Facts }
  | { readonly desired: DesiredHost; readonly error: OvsPkiError };

/** @param lock the hosts are to be changed, and nobody else may do that at the same moment */
export function askHosts(
  platform: Platform,
  fleet: DesiredFleet,
  lock: boolean,
  onProgress?: (done: number, total: number) => void,
): Promise<AskedHost[]> {
  return askEach(platform, fleet, lock, gatherPlanningFacts, onProgress);
}

/** The same, and not only for what plans are made from. */
export function askHostsAll(
  platform: Platform,
  fleet: DesiredFleet,
  lock: boolean,
  onProgress?: (done: number, total: number) => void,
): Promise<AskedHost<HostFacts>[]> {
  return askEach(platform, fleet, lock, gatherFacts, onProgress);
}

async function askEach<Facts extends PlanningFacts>(
  { clock, log, hostsAtOnce, loginsAtOnce, operator }: Platform,
  fleet: DesiredFleet,
  lock: boolean,
  gather: (shell: HostShell, host: string, folders: readonly string[], now: () => Date) => Promise<Facts>,
  onProgress: (done: number, total: number) => void = () => undefined,
): Promise<AskedHost<Facts>[]> {
  // What is wrong here is told before anybody is asked.
  for (const { pskFile } of fleet.hosts.flatMap(({ ends }) => ends)) if (pskFile !== undefined) pskIn(pskFile);
  let done = 0;
  const dialer = makeDialer({ loginsAtOnce, onRetry: (_, tries, why) => log.write(`try ${tries}: ${why}`) });
  const preamble = lock ? takeLock(operator) : '';
  return inParallel(fleet.hosts, hostsAtOnce, async (desired): Promise<AskedHost<Facts>> => {
    const shell = openHostShell(desired.target, preamble, dialer);
    try {
      const facts = await gather(shell, desired.name, Object.values(desired.places), () => clock.now());
      return { desired: matched(desired, facts), shell, facts };
    } catch (error) {
      shell.close();
      return { desired, error: refusalOf(desired.name, error) };
    } finally {
      done += 1;
      onProgress(done, fleet.hosts.length);
    }
  });
}

export function closeAll(hosts: readonly AskedHost[]): void {
  for (const host of hosts) if ('shell' in host) host.shell.close();
}

export function pskIn(file: string): string {
  return checkedPsk(files.readFile(file).toString('utf8'), file);
}
