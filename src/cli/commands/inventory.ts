import { OvsPkiError } from '../../errors.js';
import { shellWord } from '../../platform/quote.js';
import { inventoryInit } from '../../usecases/fleet/inventory.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ options, operands }: CommandContext<'inventory'>): Promise<Outcome> {
  const [verb, file = 'fleet.yaml', ...more] = operands;
  if (verb !== 'init' || more.length > 0) {
    throw new OvsPkiError('USAGE', 'inventory has one form: inventory init [FILE]', {
      hint: 'ovs-pki-ts inventory init',
    });
  }
  const result = inventoryInit(file, options.force === true);
  return {
    exitStatus: 0,
    text: `${file}: fill in your hosts, then: ovs-pki-ts plan ${shellWord(file)}\n`,
    json: result,
    errors: [],
  };
}
