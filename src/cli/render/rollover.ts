/**
 * Where a rollover is, and what comes next.
 *
 * @module
 */

import type { RolloverState } from '../../usecases/rollover.js';
import type { HostRollover } from '../../usecases/rollover-fleet.js';
import { dayText } from './text.js';

export function rolloverText({ type, phase, signing, other, lagging }: RolloverState): string {
  const lines = [`${type}ca: ${words[phase]}`, `  signs:   ${describe(signing)}`];
  if (other !== undefined) lines.push(`  ${phase === 'switched' ? 'retires' : 'follows'}: ${describe(other)}`);
  if (lagging.length > 0) lines.push(`  still to be renewed: ${lagging.join(', ')}`);
  return `${lines.join('\n')}\n`;
}

const words: Readonly<Record<RolloverState['phase'], string>> = {
  none: 'no rollover is under way',
  prepared: 'prepared; next: "rollover distribute", then "rollover switch"',
  switched: 'switched; when nothing is left to be renewed: "rollover retire"',
};

function describe({ serialNumber, key, notAfter }: RolloverState['signing']): string {
  return `${key}, until ${dayText(notAfter)}, serial ${serialNumber}`;
}

/** How far each host is. */
export function hostsText(hosts: readonly HostRollover[]): string {
  return hosts
    .map(({ host, presents, trustsBoth }) => {
      const trust = trustsBoth ? 'trusts what it has to' : 'does not trust both CAs';
      return `  ${host}: ${presented[presents]}, ${trust}\n`;
    })
    .join('');
}

const presented: Readonly<Record<HostRollover['presents'], string>> = {
  signing: 'has a certificate of the CA that signs',
  other: 'has a certificate of the other CA',
  none: 'has no certificate',
};
