import { OvsPkiError } from '../../errors.js';
import { distribute } from '../../usecases/fleet/distribute.js';
import { applyOptionsOf, namedHostsOf } from '../options/fleet.js';
import { keySpecOf, keyWarnings, lifeOf, pkiDirectoryOf } from '../options/read.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { startStages } from '../render/stages.js';

export async function run({ platform, options, operands }: CommandContext<'distribute'>): Promise<Outcome> {
  const { destinations, others, become } = namedHostsOf(options, operands);
  const [name, ...more] = others;
  if (more.length > 0 || destinations.length === 0) {
    throw new OvsPkiError('USAGE', destinations.length === 0 ? 'no host is named' : `${more[0]} is one name too many`, {
      hint: 'ovs-pki-ts distribute host_2 --to root@203.0.113.9',
    });
  }
  const keySpec = keySpecOf(options);
  const outcome = fleetOutcome(
    await distribute(platform, {
      name,
      destinations,
      become,
      pkiDirectory: pkiDirectoryOf(options),
      days: lifeOf({ platform, options }).days,
      keySpec,
      ...applyOptionsOf(options),
      onProgress: startStages(),
    }),
  );
  return { ...outcome, warnings: [...(outcome.warnings ?? []), ...keyWarnings(keySpec)] };
}
