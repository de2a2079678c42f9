/**
 * Fleets that change, for tests of what plans make of that: machines are hosts of the model with a real database each, and an
 * inventory is made at random after the one before.
 */

import type { AuthenticationMethod, TunnelType } from '../../src/deploy/desired/desired.js';
import type { Chance } from './random.js';

/** One of the machines, as an inventory has it. */
export interface FleetHost {
  readonly machine: number;
  readonly name: string;
  readonly address: string;
}

export interface FleetState {
  readonly hosts: readonly FleetHost[];
  readonly shape: 'mesh' | 'hub' | 'pairs';
  readonly type: TunnelType;
  readonly auth: AuthenticationMethod;
  readonly bridge: string;
  readonly removed: readonly string[];
  readonly prune: boolean;
}

export const machines = [0, 1, 2, 3] as const;

export const firstState: FleetState = {
  ...({ shape: 'mesh', type: 'gre', auth: 'ca-signed', bridge: 'br-ipsec' } as const),
  ...{ removed: [], prune: false },
  hosts: [0, 1].map((machine) => ({ machine, name: `host_${machine}`, address: addressOf(machine, 0) })),
};

/** Each machine has three addresses. */
export function addressOf(machine: number, index: number): string {
  return `198.51.${100 + index}.${machine + 1}`;
}

/** What the operator does next. */
export const steps = ['add', 'take out', 'rename', 'readdress', 'type', 'auth', 'shape', 'bridge', 'prune'] as const;
export type Step = (typeof steps)[number];

export function nextState(state: FleetState, step: Step, { next }: Chance): FleetState {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const { hosts } = state;
  const free = machines.filter((machine) => !hosts.some((host) => host.machine === machine));
  const change = (host: FleetHost, changed: Partial<FleetHost>): FleetHost[] =>
    hosts.map((item) => (item === host ? { ...item, ...changed } : item));
  const base = { ...state, prune: false };
  switch (step) {
    case 'add': {
      if (free.length === 0) return base;
      const machine = pick(free);
      const name = freeName(hosts, next);
      const added = { machine, name, address: addressOf(machine, Math.floor(next() * 3)) };
      // A machine that comes back may have certificates where PSKs are used now: what it has from before goes.
      const removed = state.removed.filter((item) => item !== name);
      return { ...base, hosts: [...hosts, added], removed, prune: true };
    }
    case 'take out': {
      if (hosts.length <= 2) return base;
      const gone = pick(hosts);
      const removed = next() < 0.5 ? [...state.removed, gone.name] : state.removed;
      return { ...base, hosts: hosts.filter((host) => host !== gone), removed };
    }
    case 'rename': {
      const name = freeName(hosts, next);
      return { ...base, hosts: change(pick(hosts), { name }), removed: state.removed.filter((item) => item !== name) };
    }
    case 'readdress': {
      const host = pick(hosts);
      return { ...base, hosts: change(host, { address: addressOf(host.machine, Math.floor(next() * 3)) }) };
    }
    case 'type':
      return { ...base, type: pick(['gre', 'geneve', 'vxlan']) };
    // What another method leaves must not be there: PSKs and certificates exclude each other on a host.
    case 'auth':
      return { ...base, auth: pick(['ca-signed', 'self-signed', 'psk']), prune: true };
    case 'shape':
      return { ...base, shape: pick(['mesh', 'hub', 'pairs']) };
    case 'bridge':
      return { ...base, bridge: pick(['br-ipsec', 'br-other']) };
    case 'prune':
      return { ...base, prune: true };
  }
}

function freeName(hosts: readonly FleetHost[], next: () => number): string {
  const names = Array.from({ length: 8 }, (_, index) => `host_${index}`);
  const free = names.filter((name) => !hosts.some((host) => host.name === name));
  return free[Math.floor(next() * free.length)] as string;
}

export function inventoryOf({ hosts, shape, type, auth, bridge, removed }: FleetState): unknown {
  const names = hosts.map(({ name }) => name);
  const [hub = '', ...spokes] = names;
  const pairs = names.slice(1).map((name, index) => ({ between: [names[index], name] }));
  const tunnels = { mesh: [{ mesh: names }], hub: [{ hub, spokes }], pairs }[shape];
  return {
    version: 1,
    defaults: { type, auth, bridge },
    hosts: Object.fromEntries(hosts.map(({ name, address }) => [name, { ssh: `root@${name}`, address }])),
    removed,
    tunnels,
  };
}
