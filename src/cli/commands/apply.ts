import { OvsPkiError } from '../../errors.js';
import { apply } from '../../usecases/fleet/apply.js';
import { localized, pruned, readFleet } from '../../usecases/fleet/inventory.js';
import { readPlan } from '../../usecases/fleet/plan-file.js';
import { applyOptionsOf, chosenHostsOf, inventoryFileOf, planKeyOf } from '../options/fleet.js';
import { pkiDirectoryOf } from '../options/read.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { startStages } from '../render/stages.js';

export async function run({ platform, options, operands }: CommandContext<'apply'>): Promise<Outcome> {
  const file = inventoryFileOf(operands);
  const written = readPlan(file, planKeyOf(options));
  if (written !== undefined && options.prune === true) {
    throw new OvsPkiError('USAGE', '--prune belongs to the plan, and this one is made already', {
      hint: `make it again: ovs-pki-ts plan fleet.yaml --prune --out ${file}`,
    });
  }
  const installsPackages = options['install-packages'] === true;
  if (written !== undefined && installsPackages) {
    throw new OvsPkiError(
      'USAGE',
      '--install-packages goes with an inventory: a written plan knows the hosts as they are',
      {
        hint: 'ovs-pki-ts apply fleet.yaml --install-packages',
      },
    );
  }
  const chosen = { ...applyOptionsOf(options), installsPackages };
  const request =
    written === undefined
      ? { fleet: pruned(readFleet(file), options.prune === true), pkiDirectory: pkiDirectoryOf(options), ...chosen }
      : {
          ...chosen,
          fleet: localized(written.fleet),
          pkiDirectory: written.pkiDirectory,
          prove: written.prove,
          written,
        };
  const shown = chosenHostsOf(options, request.fleet);
  return fleetOutcome(await apply(platform, { ...request, onProgress: startStages() }), shown);
}
