import { OvsPkiError } from '../../errors.js';
import { shellCommand } from '../../platform/quote.js';
import { fleetAt, readFleet } from '../../usecases/fleet/inventory.js';
import { remove } from '../../usecases/fleet/remove.js';
import { inventoryFileOf, namedHostsOf } from '../options/fleet.js';
import { fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ platform, options, operands }: CommandContext<'remove'>): Promise<Outcome> {
  const { destinations, others, become } = namedHostsOf(options, operands);
  const ports = options.port ?? [];
  const identity = options.identity === true;
  if (destinations.length === 0) {
    const fleet = readFleet(inventoryFileOf(others));
    // With --port or --identity only what these name, on each host of the inventory.
    const isWhole = ports.length === 0 && !identity;
    const removalOf = ({ ends }: (typeof fleet.hosts)[number]) =>
      isWhole
        ? { ports: ends.map(({ port }) => port), ours: true, identity: true, plaintext: true }
        : { ports, identity, plaintext: false };
    return fleetOutcome(await remove(platform, { fleet, removalOf }));
  }
  if (others.length > 0 || (ports.length === 0 && !identity)) {
    throw new OvsPkiError('USAGE', 'it is not said what is to be taken away', {
      hint: shellCommand`ovs-pki-ts remove --to ${destinations[0]} --port tun --identity`,
    });
  }
  return fleetOutcome(
    await remove(platform, {
      fleet: fleetAt(destinations, become),
      removalOf: () => ({ ports, identity, plaintext: false }),
    }),
  );
}
