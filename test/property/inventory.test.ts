import test from 'ava';
import fc from 'fast-check';
import { stringify } from 'yaml';
import type { DesiredFleet, TunnelEnd } from '../../src/deploy/desired/desired.js';
import { expandInventory, type Inventory, parseInventory } from '../../src/deploy/inventory/inventory.js';
import { OvsPkiError } from '../../src/errors.js';

const context = { folder: '/srv/fleet' };

/** Names short and long, with beginnings in common, so that ports have to be cut. */
const name = fc.stringMatching(/^(host_|compute-node-in-row-)?[a-z_][A-Za-z0-9._-]{0,30}$/);
const tunnelForm = fc.record({
  form: fc.constantFrom('between', 'mesh', 'hub'),
  picks: fc.uniqueArray(fc.nat(11), { minLength: 2, maxLength: 5 }),
  type: fc.constantFrom('gre', 'geneve', 'vxlan', 'stt'),
});

/** Inventories without faults, but for tunnels that are there twice. */
const inventories = fc
  .record({
    names: fc.uniqueArray(name, { minLength: 2, maxLength: 12 }),
    tunnels: fc.array(tunnelForm, { maxLength: 6 }),
    auth: fc.constantFrom('psk', 'ca-signed', 'self-signed'),
    isIpv6: fc.boolean(),
  })
  .map(({ names, tunnels, auth, isIpv6 }): Inventory => {
    const address = (index: number): string => (isIpv6 ? `2001:db8::${index + 1}` : `203.0.113.${index + 1}`);
    return {
      version: 1,
      defaults: { auth },
      hosts: Object.fromEntries(names.map((host, index) => [host, { address: address(index) }])),
      tunnels: tunnels.flatMap(({ form, picks, type: drawn }): NonNullable<Inventory['tunnels']> => {
        const type = isIpv6 && drawn === 'gre' ? 'vxlan' : drawn;
        const hosts = [...new Set(picks.map((pick) => names[pick % names.length] as string))];
        const [first, second, ...others] = hosts;
        if (first === undefined || second === undefined) return [];
        if (form === 'hub') return [{ hub: first, spokes: [second, ...others], type }];
        return [form === 'mesh' ? { mesh: hosts, type } : { between: [first, second], type }];
      }),
    };
  });

/** The fleet, or nothing for an inventory that has a tunnel twice. */
function expandedOrRepeated(inventory: Inventory): DesiredFleet | undefined {
  try {
    return expandInventory(inventory, context);
  } catch (error) {
    if (error instanceof OvsPkiError && /already, in tunnels|name the same psk_file/.test(error.message))
      return undefined;
    throw error;
  }
}

const mirrors = (host: string, one: TunnelEnd, other: TunnelEnd): boolean =>
  other.peer === host &&
  one.type === other.type &&
  one.method === other.method &&
  one.localIp === other.remoteIp &&
  one.remoteIp === other.localIp &&
  one.initiates !== other.initiates;

test('each end of a tunnel is the mirror of exactly one other, and no host has a port twice', (t) => {
  let expanded = 0;
  fc.assert(
    fc.property(inventories, (inventory) => {
      const fleet = expandedOrRepeated(inventory);
      if (fleet === undefined) return;
      expanded++;
      const ends = new Map(fleet.hosts.map((host) => [host.name, host.ends]));
      for (const [host, own] of ends) {
        if (new Set(own.map(({ port }) => port)).size !== own.length)
          throw new Error(`a port of ${host} is there twice`);
        for (const end of own) {
          if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/.test(end.port)) throw new Error(`${end.port} is no port`);
          const others = (ends.get(end.peer) ?? []).filter((other) => mirrors(host, end, other));
          if (others.length !== 1) throw new Error(`${host} ${end.port} has ${others.length} mirrors`);
        }
      }
    }),
    { numRuns: 300 },
  );
  t.true(expanded > 50, `${expanded} were expanded`);
});

test('the order of hosts and tunnels changes nothing', (t) => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      const fleet = expandedOrRepeated(inventory);
      if (fleet === undefined) return;
      const turned: Inventory = {
        ...inventory,
        hosts: Object.fromEntries(Object.entries(inventory.hosts).reverse()),
        tunnels: (inventory.tunnels ?? []).toReversed().map(({ mesh, spokes, between, ...rest }) => ({
          ...rest,
          mesh: mesh?.toReversed(),
          spokes: spokes?.toReversed(),
          between: between?.toReversed(),
        })),
      };
      t.deepEqual(expandInventory(turned, context), fleet);
    }),
    { numRuns: 100 },
  );
});

test('an inventory that is written as YAML is read again as it was', (t) => {
  fc.assert(
    fc.property(inventories, (inventory) => {
      if (expandedOrRepeated(inventory) === undefined) return;
      t.deepEqual(parseInventory(stringify(inventory), 'f'), inventory);
    }),
    { numRuns: 100 },
  );
});

/** What must get into no configuration of another program, a shell or a terminal. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .tuple(
      fc.constantFrom('host', '1.1.1.1', 'tun', '8h', '/etc', 'yes'),
      fc.constantFrom('\n', ' ', '"', "'", ';', '$(x)', '\\', '\0', '%any', '=', '*', '\u202e'),
    )
    .map((parts) => parts.join('')),
);
const places: readonly ((text: string) => object)[] = [
  (text) => ({ hosts: { [text]: { address: '203.0.113.1' } } }),
  (text) => ({ hosts: { a: { ssh: text } } }),
  (text) => ({ hosts: { a: { address: text } } }),
  (text) => ({ hosts: { a: { bridge_address: text } } }),
  (text) => ({ hosts: { a: { bridge: text } } }),
  (text) => ({ hosts: { a: { key: text } } }),
  (text) => ({ hosts: { a: { plaintext: text } } }),
  (text) => ({ hosts: { a: { places: { certs: text } } } }),
  (text) => tunnelWith({ port: text }),
  (text) => tunnelWith({ bridge: text }),
  (text) => tunnelWith({ type: text }),
  (text) => tunnelWith({ options: { [text]: 'yes' } }),
  (text) => tunnelWith({ options: { [`ipsec_${text}`]: 'yes' } }),
  (text) => tunnelWith({ options: { ipsec_ike: text } }),
  (text) => tunnelWith({ options: { ipsec_lifetime: text } }),
  (text) => tunnelWith({ options: { key: text } }),
];

function tunnelWith(fields: object): object {
  const hosts = { a: { address: '203.0.113.1' }, b: { address: '203.0.113.2' } };
  return { hosts, tunnels: [{ between: ['a', 'b'], ...fields }] };
}

test('no hostile text gets from an inventory into a value, nor raw into a message', (t) => {
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...places), hostile, (place, text) => {
      try {
        const fleet = expandInventory({ version: 1, ...place(text) } as Inventory, context);
        const values = JSON.stringify(fleet, (_, value) => (typeof value === 'bigint' ? String(value) : value));
        return /^[A-Za-z0-9 _.,:;@/+!%[\]{}"-]*$/.test(values) && !values.includes('\\');
      } catch (error) {
        if (!(error instanceof OvsPkiError) || error.code !== 'INVENTORY_INVALID') throw error;
        refused++;
        return /^[\x20-\x7e…\n]*$/.test(error.message) && !/\n(?!inventory: )/.test(error.message);
      }
    }),
    { numRuns: 2000 },
  );
  t.true(refused > 500, `${refused} were refused`);
});
