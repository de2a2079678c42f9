import { apply } from '../../usecases/apply.js';
import { localized, readFleet } from '../../usecases/inventory.js';
import { readPlan } from '../../usecases/plan-file.js';
import { pkiDirectoryOf } from '../common.js';
import { applyOptionsOf, inventoryFileOf } from '../fleet-options.js';
import { fleetOutcome } from '../fleet-outcome.js';
import type { CommandContext, Outcome } from '../outcome.js';
import { startStages } from '../render/stages.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  const file = inventoryFileOf(operands);
  const written = readPlan(file);
  const chosen = applyOptionsOf(options);
  const request =
    written === undefined
      ? { fleet: readFleet(file), pkiDirectory: pkiDirectoryOf(options), ...chosen }
      : {
          ...chosen,
          fleet: localized(written.fleet),
          pkiDirectory: written.pkiDirectory,
          prove: written.prove,
          written,
        };
  return fleetOutcome(await apply(platform, { ...request, onProgress: startStages() }));
}
