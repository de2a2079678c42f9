/**
 * The programs that ovs-monitor-ipsec, the IKE daemons and this program call on a host.
 *
 * @module
 */

import type { PlanningFacts } from '../facts/host-facts.js';
import type { IkeDaemon } from '../ike/daemon.js';
import { ikeDaemons } from '../ike/daemons.js';
import { installCommand } from '../system/system.js';
import { onHost } from './fault.js';
import type { FitnessRule, FitnessView, Purpose } from './rule.js';

/** What ovs-monitor-ipsec and the IKE daemons call. */
const programs: readonly {
  readonly program: string;
  readonly pack: string;
  readonly why: string;
  readonly blocks: readonly Purpose[];
  readonly isNeeded: (host: FitnessView) => boolean;
}[] = [
  {
    program: 'openssl',
    pack: 'openssl',
    why: 'ovs-monitor-ipsec reads no certificate without it',
    blocks: ['identity'],
    isNeeded: () => true,
  },
  {
    program: 'python3',
    pack: 'python3',
    why: 'ovs-monitor-ipsec is written in it, and transactions of this program need it',
    blocks: ['change'],
    isNeeded: () => true,
  },
  {
    program: 'ip',
    pack: 'iproute2',
    why: 'ovs-monitor-ipsec asks the kernel with it, and no packet of a new tunnel can be held back without it',
    blocks: ['guard'],
    isNeeded: () => true,
  },
  ...ikeDaemons.flatMap((own) =>
    own.programs.map(({ program, pack, why, onlyFor }) => ({
      ...{ program, pack, why },
      blocks: [onlyFor ?? ('identity' as const)],
      isNeeded: ({ daemon, hasCrls }: FitnessView) => daemon === own && (onlyFor !== 'crl' || hasCrls),
    })),
  ),
];

export const programRules = programs.map(
  ({ program, pack, why, blocks, isNeeded }): FitnessRule => ({
    id: `${program === 'ip' ? 'iproute2' : program}-missing`,
    severity: 'error',
    meaning: `There is no program ${program}: ${why}.`,
    blocks,
    find: (host) =>
      host.facts.programs.has(program) || !isNeeded(host)
        ? []
        : onHost(`there is no program ${program}: ${why}`, installCommand(host.facts.system, [pack]), [pack]),
  }),
);

/** Since 6.0 Debian's package strongswan brings no program ipsec. */
export function withoutStarter({ ike, programs: there, system }: PlanningFacts): IkeDaemon | undefined {
  if (ike.state !== 'absent') return undefined;
  return ikeDaemons.find(
    ({ otherForm, usualWith }) =>
      otherForm !== undefined &&
      there.has(otherForm) &&
      (system.packageManager === 'other' || usualWith.includes(system.packageManager)),
  );
}
