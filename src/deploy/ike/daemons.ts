/**
 * The IKE daemons that there are.
 *
 * @module
 */

import type { SystemFact } from '../system/system.js';
import type { IkeDaemon, IkeDaemonName } from './daemon.js';
import { libreswan } from './libreswan.js';
import { strongswan } from './strongswan.js';

/** The first is that of a host that has none yet. */
export const ikeDaemons: readonly [IkeDaemon, ...IkeDaemon[]] = [strongswan, libreswan];

export function daemonNamed(name: string | undefined): IkeDaemon | undefined {
  return ikeDaemons.find((daemon) => daemon.name === name);
}

/** What a host without a daemon is to get: the one that its distribution brings with Open vSwitch. */
export function usualDaemon({ packageManager }: SystemFact): IkeDaemon {
  return ikeDaemons.find(({ usualWith }) => usualWith.some((name) => name === packageManager)) ?? ikeDaemons[0];
}

/** What holds for each daemon that the inventory can name. */
export function forEachName<T>(of: (daemon: IkeDaemon) => T): Readonly<Record<IkeDaemonName, T>> {
  return { strongswan: of(strongswan), libreswan: of(libreswan) };
}

/** @param text what `ipsec --version` printed */
export function daemonSaying(text: string): { readonly daemon: IkeDaemon; readonly version: string } | undefined {
  for (const daemon of ikeDaemons) {
    const found = daemon.version.exec(text);
    if (found !== null) return { daemon, version: found[1] ?? 'unknown' };
  }
  return undefined;
}

/** The branches of a `case` of sh(1) over what `ipsec --version` printed, with the questions for each daemon. */
export function questionsByVersion(): string {
  return ikeDaemons.map(({ versionPattern, questions }) => `${versionPattern})\n${questions()};;`).join('\n');
}
