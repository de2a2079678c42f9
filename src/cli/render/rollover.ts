/**
 * Where a rollover is, and what comes next.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type { RolloverState } from '../../usecases/authority/rollover-status.js';
import type { HostRollover } from '../../usecases/fleet/rollover.js';
import { dayText } from './text.js';

export function rolloverText(state: RolloverState, pkiOnly = false): string {
  const { type, phase, signing, other, otherFile, requestFile, lagging, keyLeft } = state;
  const lines = [`${type}ca: ${standing(state, pkiOnly)}`, `  signs:   ${describe(signing)}`];
  if (other !== undefined) {
    lines.push(`  ${phase === 'switched' ? 'retires' : 'follows'}: ${describe(other)}, in ${otherFile}`);
  }
  if (requestFile !== undefined) lines.push(`  request: ${requestFile}`);
  if (lagging.length > 0) lines.push(`  still to be renewed: ${lagging.join(', ')}`);
  if (keyLeft !== undefined) lines.push(`  the old key was not made here, and is still in its token: ${keyLeft}`);
  return lines.map((line) => `${visible(line)}\n`).join('');
}

function standing({ type, phase, requestFile }: RolloverState, pkiOnly: boolean): string {
  if (phase === 'none' && requestFile !== undefined) {
    const command = `"rollover prepare ${type} --ca-cert FILE --chain FILE"`;
    return `the next key waits for its certificate; when the request is signed: ${command}`;
  }
  if (phase === 'none') return 'no rollover is under way';
  const command = (step: string): string =>
    `"rollover ${step}${type === 'switch' ? '' : ` ${type}`}${pkiOnly ? ' --pki-only' : ''}"`;
  if (phase === 'switched') return `switched; when nothing is left to be renewed: ${command('retire')}`;
  const spread = pkiOnly ? 'let all hosts trust what follows, too' : command('distribute');
  return `prepared; next: ${spread}, then ${command('switch')}`;
}

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
