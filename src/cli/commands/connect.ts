import { OvsPkiError } from '../../errors.js';
import { readStandardInput } from '../../platform/standard-input.js';
import { apply } from '../../usecases/fleet/apply.js';
import { connectedFleet } from '../../usecases/fleet/connect.js';
import { checkedPsk } from '../../usecases/inputs.js';
import { applyOptionsOf, becomeOf, listOf, pairOf, textOf } from '../options/fleet.js';
import { lifeOf, pkiDirectoryOf } from '../options/read.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { startStages } from '../render/stages.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  const tunnelAddresses = pairs(listOf(options, 'tunnel-address'), 'NAME=ADDRESS');
  const bridgeAddresses = pairs(listOf(options, 'bridge-address'), 'NAME=ADDRESS/PREFIX');
  const hosts = operands.map((operand) => {
    const { name, value } = pairOf(operand, 'NAME=HOST');
    const [tunnelAddress, bridgeAddress] = [tunnelAddresses.get(name), bridgeAddresses.get(name)];
    return { name, destination: value, tunnelAddress, bridgeAddress };
  });
  const pskFile = textOf(options, 'psk-file');
  const { days } = lifeOf({ platform, options });
  if (options.days !== undefined && !Number.isInteger(days)) {
    throw new OvsPkiError('USAGE', 'connect takes whole days', { hint: 'for hours: --valid-for 12h' });
  }
  const fleet = connectedFleet({
    hosts,
    type: textOf(options, 'type'),
    auth: textOf(options, 'auth'),
    bridge: textOf(options, 'bridge'),
    port: textOf(options, 'port'),
    plaintext: textOf(options, 'plaintext'),
    ikeDaemon: textOf(options, 'ike-daemon'),
    become: becomeOf(options),
    pskFile: pskFile === '-' ? undefined : pskFile,
    days,
    validFor: textOf(options, 'valid-for'),
  });
  const psk = pskFile === '-' ? { psk: checkedPsk(await readStandardInput(), 'standard input') } : {};
  const onProgress = startStages();
  const request = { fleet, pkiDirectory: pkiDirectoryOf(options), ...applyOptionsOf(options), ...psk, onProgress };
  return fleetOutcome(await apply(platform, request));
}

function pairs(list: readonly string[], what: string): ReadonlyMap<string, string> {
  return new Map(list.map((item) => pairOf(item, what)).map(({ name, value }) => [name, value]));
}
