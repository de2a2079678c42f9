/**
 * Before anything is planned, the packages that hosts lack for OVS IPsec are installed, where that was asked for. What the
 * hosts are then is found out anew.
 *
 * @module
 */

import { refusalOf } from '../../deploy/answer/answer.js';
import type { HostResult, Stage } from '../../deploy/apply/apply.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { gatherPlanningFacts } from '../../deploy/facts/host-facts.js';
import { missingPackages } from '../../deploy/fitness/packages.js';
import { installPackages } from '../../deploy/remote/install.js';
import { matched } from '../../deploy/tunnels/matching.js';
import type { Platform } from '../../platform/index.js';
import { inParallel } from '../certificate/req.js';
import type { AskedHost } from './ask.js';

interface Installing {
  readonly onProgress: (host: string, stage: Stage) => void;
  /** Once true, nothing new is begun on any host. */
  readonly interrupted: () => boolean;
}

/** The hosts as they are afterwards, and what was installed on which. */
export interface Equipped {
  readonly asked: readonly AskedHost[];
  readonly installed: ReadonlyMap<string, readonly string[]>;
}

/** @param fleet whose hosts were asked, in its order */
export async function equip(
  { clock, log, hostsAtOnce }: Platform,
  fleet: DesiredFleet,
  asked: readonly AskedHost[],
  { onProgress, interrupted }: Installing,
): Promise<Equipped> {
  const installed = new Map<string, readonly string[]>();
  const wishes = new Map(fleet.hosts.map((host) => [host.name, host]));
  const equipped = await inParallel(asked, hostsAtOnce, async (host): Promise<AskedHost> => {
    const { name } = host.desired;
    const wish = wishes.get(name) ?? host.desired;
    const missing = 'facts' in host && !interrupted() ? missingPackages(wish, host.facts) : undefined;
    if ('error' in host || missing === undefined) return host;
    onProgress(name, 'install');
    log.write(`install ${name}: ${missing.packages.join(' ')}`);
    try {
      await installPackages(host.shell, name, missing);
      const facts = await gatherPlanningFacts(host.shell, name, Object.values(wish.places), () => clock.now());
      installed.set(name, missing.packages);
      return { desired: matched(wish, facts), shell: host.shell, facts };
    } catch (error) {
      host.shell.close();
      return { desired: host.desired, error: refusalOf(name, error) };
    }
  });
  return { asked: equipped, installed };
}

/** A host that got packages has been changed, whatever else was done to it. */
export function toldInstalled(result: HostResult, installed: Equipped['installed']): HostResult {
  const packages = installed.get(result.host);
  if (packages === undefined) return result;
  return {
    ...result,
    outcome: result.outcome === 'unchanged' ? 'changed' : result.outcome,
    warnings: [`${result.host}: installed ${packages.join(' ')}`, ...result.warnings],
  };
}
