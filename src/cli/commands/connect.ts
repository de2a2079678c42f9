import { OvsPkiError } from '../../errors.js';
import { readStandardInput } from '../../platform/standard-input.js';
import { apply } from '../../usecases/fleet/apply.js';
import { connectedFleet } from '../../usecases/fleet/connect.js';
import { checkedPsk } from '../../usecases/inputs.js';
import type { CommandOptions } from '../options/commands.js';
import { applyOptionsOf, becomeOf, pairOf } from '../options/fleet.js';
import { lifeOf, pkiDirectoryOf } from '../options/read.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { startStages } from '../render/stages.js';

export async function run({ platform, options, operands }: CommandContext<'connect'>): Promise<Outcome> {
  const tunnelAddresses = pairs(options['tunnel-address'] ?? [], 'NAME=ADDRESS');
  const bridgeAddresses = pairs(options['bridge-address'] ?? [], 'NAME=ADDRESS/PREFIX');
  const hosts = operands.map((operand) => {
    const { name, value } = pairOf(operand, 'NAME=HOST');
    const [tunnelAddress, bridgeAddress] = [tunnelAddresses.get(name), bridgeAddresses.get(name)];
    return { name, destination: value, tunnelAddress, bridgeAddress };
  });
  const pskFile = options['psk-file'];
  const { days } = lifeOf({ platform, options });
  if (options.days !== undefined && !Number.isInteger(days)) {
    throw new OvsPkiError('USAGE', 'connect takes whole days', { hint: 'for hours: --valid-for 12h' });
  }
  const fleet = connectedFleet({
    hosts,
    type: options.type,
    auth: options.auth,
    bridge: options.bridge,
    port: onePort(options),
    plaintext: options.plaintext,
    ikeDaemon: options['ike-daemon'],
    become: becomeOf(options),
    pskFile: pskFile === '-' ? undefined : pskFile,
    days,
    validFor: options['valid-for'],
  });
  const psk = pskFile === '-' ? { psk: checkedPsk(await readStandardInput(), 'standard input') } : {};
  const onProgress = startStages();
  const chosen = { ...applyOptionsOf(options), installsPackages: options['install-packages'] === true };
  const request = { fleet, pkiDirectory: pkiDirectoryOf(options), ...chosen, ...psk, onProgress };
  return fleetOutcome(await apply(platform, request));
}

/** One name for both ends. */
function onePort({ port }: CommandOptions<'connect'>): string | undefined {
  if (port === undefined || port.length === 1) return port?.[0];
  throw new OvsPkiError('USAGE', 'connect makes one tunnel: --port takes one name for both ends', {
    hint: 'several tunnels are for an inventory: ovs-pki-ts inventory init',
  });
}

function pairs(list: readonly string[], what: string): ReadonlyMap<string, string> {
  return new Map(list.map((item) => pairOf(item, what)).map(({ name, value }) => [name, value]));
}
