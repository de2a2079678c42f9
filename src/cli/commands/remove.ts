import { OvsPkiError } from '../../errors.js';
import { fleetAt, readFleet } from '../../usecases/fleet/inventory.js';
import { remove } from '../../usecases/fleet/remove.js';
import { inventoryFileOf, listOf, namedHostsOf } from '../options/fleet.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  const { destinations, others, become } = namedHostsOf(options, operands);
  const ports = listOf(options, 'port');
  const identity = options.identity === true;
  if (destinations.length === 0) {
    const fleet = readFleet(inventoryFileOf(others));
    const removalOf = ({ ends }: (typeof fleet.hosts)[number]) => ({
      ports: ends.map(({ port }) => port),
      identity: true,
      plaintext: true,
    });
    return fleetOutcome(await remove(platform, { fleet, removalOf }));
  }
  if (others.length > 0 || (ports.length === 0 && !identity)) {
    throw new OvsPkiError('USAGE', 'it is not said what is to be taken away', {
      hint: `ovs-pki-ts remove --to ${destinations[0]} --port tun --identity`,
    });
  }
  return fleetOutcome(
    await remove(platform, {
      fleet: fleetAt(destinations, become),
      removalOf: () => ({ ports, identity, plaintext: false }),
    }),
  );
}
