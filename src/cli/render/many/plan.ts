/**
 * The plan of a fleet: of a small one each host in full, of a large one what can be read in a minute.
 *
 * @module
 */

import { visible } from '../../../platform/visible.js';
import type { Action, DesiredFleet, HostPlan, UnknownTunnel } from '../../../usecases/outputs.js';
import { actionLines, planText, unknownText } from '../fleet.js';
import { byHostLines, carefulLines, changeLines } from './actions.js';
import type { HostLine } from './alike.js';
import { causesOf, likewise } from './causes.js';
import { counted, fewHosts, hostsText } from './names.js';

/** What is planned, and for whom. */
export interface FleetPlan {
  readonly fleet: DesiredFleet;
  readonly plans: readonly HostPlan[];
  /** Hosts for which no plan could be made. */
  readonly failed: readonly string[];
  /** Only these are shown, in full. */
  readonly chosen: readonly string[] | undefined;
}

/** How many hosts and tunnels a plan changes. */
export interface PlanCounts {
  readonly hosts: { readonly unchanged: number; readonly changed: number; readonly refused: number };
  /** Each with both of its ends. */
  readonly tunnels: {
    readonly all: number;
    readonly made: number;
    readonly changed: number;
    readonly interrupted: number;
    readonly removed: number;
    /** Nothing is done to them, since a host of theirs cannot be changed. */
    readonly refused: number;
  };
}

export function fleetPlanText(plan: FleetPlan): string {
  const { plans, failed, chosen } = plan;
  const isSmall = plans.length + failed.length <= fewHosts;
  if (chosen !== undefined) {
    const shown = planText(plans.filter(({ host }) => chosen.includes(host)));
    return isSmall ? shown : `${shown}${countsText(planCounts(plan))}\n`;
  }
  if (isSmall) return planText(plans);
  return [...sections(plan), countsText(planCounts(plan))].map((line) => `${line}\n`).join('');
}

function sections({ plans }: FleetPlan): string[] {
  const blocked = plans.filter(({ obstacles }) => obstacles.length > 0);
  const able = plans.filter(({ obstacles }) => obstacles.length === 0);
  const changing = able.filter(isChanging);
  const idle = able.filter((plan) => !isChanging(plan));
  return [
    ...section(`to change: ${hostsText(changing)}`, changeLines(changing)),
    ...section('interrupted, removed or let through unencrypted:', carefulLines(changing)),
    ...section('not in the inventory, and left as they are:', byHostLines(plans.flatMap(unknownLines))),
    ...(idle.length === 0 ? [] : [`nothing to do: ${hostsText(idle)}`]),
    ...section(`nothing can be done: ${hostsText(blocked)}`, obstacleLines(blocked)),
    ...(changing.length === 0 ? [] : ['all of one host: give --host NAME']),
  ];
}

function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`)];
}

function isChanging({ actions }: HostPlan): boolean {
  return actions.some((action) => actionLines(action).length > 0);
}

function unknownLines({ host, unknown = [] }: HostPlan): HostLine[] {
  return unknown.map((tunnel: UnknownTunnel) => {
    return {
      host,
      key: `${tunnel.type} ${tunnel.isOurs} ${tunnel.peer === undefined}`,
      text: visible(unknownText(tunnel)),
    };
  });
}

function obstacleLines(blocked: readonly HostPlan[]): string[] {
  const items = blocked.flatMap(({ host, obstacles }) =>
    obstacles.map(({ code, id = '', message, hint }) => ({ host, text: message, kind: `${code} ${id}`, hint })),
  );
  return causesOf(items, new Set(blocked.map(({ host }) => host))).flatMap((cause) => {
    const others = likewise(cause);
    return [`! ${visible(cause.first.text)}`, ...(others === undefined ? [] : [`    ${others}`])];
  });
}

export function planCounts({ fleet, plans, failed }: FleetPlan): PlanCounts {
  const able = plans.filter(({ obstacles }) => obstacles.length === 0);
  const changed = able.filter(isChanging).length;
  return {
    hosts: { unchanged: able.length - changed, changed, refused: plans.length - able.length + failed.length },
    tunnels: tunnelCounts(fleet, able),
  };
}

/** What is done to a tunnel, from the least to the most that is said of it. */
const fates = ['changed', 'interrupted', 'made'] as const;
type Fate = (typeof fates)[number];

function tunnelCounts(fleet: DesiredFleet, plans: readonly HostPlan[]): PlanCounts['tunnels'] {
  const all = new Set<string>();
  const stuck = new Set<string>();
  const byPort = new Map<string, string>();
  const able = new Set(plans.map(({ host }) => host));
  for (const { name, ends } of fleet.hosts) {
    for (const { port, peer, type } of ends) {
      const key = [...[name, peer].sort(), type].join(' ');
      all.add(key);
      if (!able.has(name)) stuck.add(key);
      byPort.set(`${name} ${port}`, key);
    }
  }
  const found = new Map<string, number>();
  const removed = new Set<string>();
  for (const { host, actions } of plans) {
    for (const action of actions) {
      for (const { port, fate } of fatesIn(action)) {
        const key = byPort.get(`${host} ${port}`);
        if (key !== undefined) found.set(key, Math.max(found.get(key) ?? 0, fates.indexOf(fate)));
      }
      if (action.kind === 'remove-port') removed.add([host, action.peer ?? action.port].sort().join(' '));
    }
  }
  const count = (fate: Fate): number => [...found.values()].filter((index) => fates[index] === fate).length;
  return {
    all: all.size,
    made: count('made'),
    changed: count('changed') + count('interrupted'),
    interrupted: count('interrupted'),
    removed: removed.size,
    refused: [...stuck].filter((key) => !found.has(key)).length,
  };
}

function fatesIn(action: Action): readonly { readonly port: string; readonly fate: Fate }[] {
  switch (action.kind) {
    case 'port': {
      const isCut = action.interruption !== undefined;
      return [{ port: action.port, fate: isCut ? 'interrupted' : action.isNew ? 'made' : 'changed' }];
    }
    case 'replace':
      return [{ port: action.port, fate: action.interruption === undefined ? 'changed' : 'interrupted' }];
    case 'plaintext':
      return (action.rebuilds ?? []).map((port) => ({ port, fate: 'interrupted' }));
    case 'cut':
      return [{ port: action.port, fate: 'interrupted' }];
    default:
      return [];
  }
}

export function countsText({ hosts, tunnels }: PlanCounts): string {
  const { unchanged, changed, refused } = hosts;
  const rest = tunnels.all - tunnels.made - tunnels.changed - tunnels.refused;
  const cut = tunnels.interrupted === 0 ? '' : `, ${tunnels.interrupted} of them interrupted`;
  const stuck = tunnels.refused === 0 ? '' : `, ${tunnels.refused} cannot`;
  const gone = tunnels.removed === 0 ? '' : `, and ${tunnels.removed} to remove`;
  return (
    `${counted(unchanged + changed + refused, 'host')}: ${unchanged} unchanged, ${changed} to change, ${refused} cannot; ` +
    `${counted(tunnels.all, 'tunnel')}: ${rest} unchanged, ${tunnels.made} new, ${tunnels.changed} to change${cut}${stuck}${gone}`
  );
}
