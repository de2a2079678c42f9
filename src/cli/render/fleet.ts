/**
 * Plans and what came of them, as text for people.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type {
  Action,
  CrlSummary,
  HostPlan,
  HostResult,
  Interruption,
  LoopRole,
  UnknownTunnel,
} from '../../usecases/outputs.js';

/** A plan like a diff: `+` what comes, `-` what goes, `~` what changes. */
export function planText(plans: readonly HostPlan[]): string {
  return plans.map(hostPlanText).join('');
}

function hostPlanText(plan: HostPlan): string {
  return `${ownText(plan)}${(plan.unknown ?? []).map((tunnel) => `  ${visible(unknownText(tunnel))}\n`).join('')}`;
}

export function unknownText({ port, bridge, type, peer, remoteIp, isOurs }: UnknownTunnel): string {
  const to = peer === undefined ? remoteIp : `${peer} (${remoteIp})`;
  const way = isOurs ? '"apply --prune" takes it away' : 'ovs-pki-ts did not make it';
  return `? port ${port} of ${bridge}: ${type} to ${to} is not in the inventory and stays: ${way}`;
}

function ownText({ host, target, actions, obstacles }: HostPlan): string {
  const where = target.kind === 'local' ? 'this machine' : target.destination;
  const heading = where === host ? host : `${host} (${where})`;
  if (obstacles.length > 0)
    return `${heading}: nothing can be done\n${obstacles.map(({ message }) => `  ! ${visible(message)}\n`).join('')}`;
  const lines = actions.flatMap(actionLines);
  if (lines.length === 0) return `${heading}: nothing to do\n`;
  return `${heading}:\n${lines.map((line) => `  ${visible(line)}\n`).join('')}`;
}

export function actionLines(action: Action): string[] {
  switch (action.kind) {
    case 'enroll':
      return [
        `+ key and request, made on the host with its own openssl (${action.method}${action.expires === undefined ? '' : `; the certificate in use expires on ${action.expires}`})`,
      ];
    case 'place':
      return [`+ ${action.path}${action.source === undefined ? '' : `, from ${action.source}`}${crlText(action.crl)}`];
    case 'link':
      return [`${action.from === undefined ? '+' : '~'} ${action.path} -> ${action.to.split('/').at(-1)}`];
    case 'cut':
      return [`- the tunnel ${action.port} to ${action.peer} is taken down: its certificate was revoked`];
    case 'plaintext':
      return [plaintextLine(action)];
    case 'other_config':
      return [changeLine(`other_config:${action.key}`, action.from, action.to)];
    case 'guard':
    case 'unguard':
      return [
        `${action.kind === 'guard' ? '+' : '-'} drop policy for unencrypted ${action.type} to ${action.remoteIp}`,
      ];
    case 'bridge':
    case 'remove-bridge':
      return [`${action.kind === 'bridge' ? '+' : '-'} bridge ${action.bridge}`];
    case 'address':
      return [`+ address ${action.address} on ${action.bridge}`];
    case 'bridge-port':
      return [bridgePortLine(action)];
    case 'loop-role':
      return [`~ port ${action.port}: ${loopText(action.to, action.from)}`];
    case 'rstp':
      return [rstpLine(action)];
    case 'mark':
      return [`~ port ${action.port} is marked as the tunnel to ${action.peer}: no packet is lost`];
    case 'replace':
      return [
        `- port ${action.old.port} of ${action.old.bridge}, when ${action.port} is proved${costText(action.interruption)}`,
      ];
    case 'remove-port':
      return [
        `- port ${action.port} of ${action.bridge}${action.peer === undefined ? '' : `, the tunnel to ${action.peer}`}`,
      ];
    case 'remove-file':
      return [`- ${action.path}`];
    case 'port':
      return portLines(action);
    default:
      return entailedLines(action);
  }
}

type EntailedKind =
  | 'listen'
  | 'verify'
  | 'trust'
  | 'refuse-strangers'
  | 'reread'
  | 'hold'
  | 'authenticate'
  | 'leave'
  | 'wait-for-peer';

/** What comes with other changes: the IKE daemon is told, and hosts wait for each other. */
function entailedLines(action: Extract<Action, { readonly kind: EntailedKind }>): string[] {
  switch (action.kind) {
    // Each is part of a change that has a line.
    case 'verify':
    case 'trust':
      return [];
    case 'listen':
      return [`~ the IKE daemon listens at ${action.addresses.join(' and ')}, where it does not yet`];
    case 'refuse-strangers':
      return ['~ the IKE daemon forgets the connections of its drop policies, which accept any peer'];
    case 'reread':
      return ['~ the IKE daemon reads the new certificate; no tunnel is rebuilt'];
    case 'hold':
      return [`~ port ${action.port} keeps its keys for ${action.seconds} s while ${action.peer} authenticates again`];
    case 'authenticate':
      return action.unless === undefined
        ? [`~ port ${action.port} authenticates again to ${action.peer}, with the new certificate`]
        : [];
    case 'leave':
      return [`- the old IKE SAs, ${action.seconds} s after the new ones are up`];
    case 'wait-for-peer':
      return [`~ port ${action.port} waits for ${action.peer}, which sets the tunnel up`];
  }
}

function crlText(crl: CrlSummary | undefined): string {
  if (crl === undefined) return '';
  const { crlNumber, count, nextUpdate } = crl;
  const what = crlNumber === undefined ? 'a new CRL is made' : `CRL number ${crlNumber}`;
  return `: ${what}, ${count} revoked${nextUpdate === undefined ? '' : `, until ${nextUpdate.slice(0, 10)}`}`;
}

function changeLine(what: string, from: string | undefined, to: string | undefined): string {
  if (from === undefined) return `+ ${what}=${to}`;
  return to === undefined ? `- ${what}=${from}` : `~ ${what}=${to} (was ${from})`;
}

function loopText(to: LoopRole, from: LoopRole): string {
  if (to === 'split-horizon') return 'protected=true: split horizon, so that a mesh of tunnels is no loop';
  if (to === 'rstp') return 'rstp-port-auto-edge=false: it waits for RSTP before it forwards';
  return from === 'rstp' ? 'rstp-port-auto-edge is as by default: it is part of no loop' : 'protected=false: no mesh';
}

function rstpLine({ bridge, to, priority }: Extract<Action, { kind: 'rstp' }>): string {
  if (!to) return `- bridge ${bridge}: rstp_enable=false: its tunnels make no loop`;
  const root = priority === undefined ? '' : `, rstp-priority=${priority}`;
  return `~ bridge ${bridge}: rstp_enable=true${root}: its tunnels make a loop that RSTP breaks`;
}

function bridgePortLine({ bridge, column, from, to }: Extract<Action, { kind: 'bridge-port' }>): string {
  const why = column === 'tag' ? 'its own port is in that VLAN' : 'the header of a tunnel and ESP take about 100 bytes';
  const was = from === undefined ? '' : ` (was ${from})`;
  if (to === undefined) return `- bridge ${bridge}: ${column}=${from}`;
  return `${from === undefined ? '+' : '~'} bridge ${bridge}: ${column}=${to}${was}: ${why}`;
}

function portLines(action: Extract<Action, { kind: 'port' }>): string[] {
  const {
    port,
    bridge,
    type,
    isNew,
    set,
    remove,
    psk,
    peer,
    was = {},
    before,
    movedFrom,
    interruption,
    after,
    loopRole = 'none',
  } = action;
  const options = Object.entries(set).map(([key, value]) =>
    was[key] === undefined ? `+ options:${key}=${value}` : `~ options:${key}=${value} (was ${was[key]})`,
  );
  const secret = psk === 'set' ? ['+ options:psk=(not shown)'] : [];
  const gone = [...remove, ...(psk === 'remove' ? ['psk'] : [])].map((key) => `- options:${key}`);
  const against = loopRole === 'none' ? [] : [`+ ${loopText(loopRole, 'none')}`];
  const place = before?.goes === 'at once' ? `, in place of the port ${before.port}` : '';
  const moved = movedFrom === undefined ? '' : `, moved from ${movedFrom}`;
  const what = `port ${port} of ${bridge}: ${type} to ${peer}${place}${moved}${after === undefined ? '' : `, after the end at ${after}`}${costText(interruption)}`;
  return [`${isNew ? '+' : '~'} ${what}`, ...[...options, ...secret, ...gone, ...against].map((line) => `    ${line}`)];
}

function plaintextLine(action: Extract<Action, { kind: 'plaintext' }>): string {
  if (action.from === action.to) return '~ ipsec_skb_mark stays as it was before ovs-pki-ts';
  return `${changeLine('other_config:ipsec_skb_mark', action.from, action.to)}${rebuildText(action)}`;
}

function rebuildText({ rebuilds = [], interruption }: Extract<Action, { kind: 'plaintext' }>): string {
  if (interruption === undefined) return '';
  const what = rebuilds.length === 1 ? 'is rebuilt and loses' : 'are rebuilt and lose';
  return ` (${rebuilds.join(', ')} ${what} packets for about ${interruption.seconds} s)`;
}

const costs: Readonly<Record<Interruption['why'], string>> = {
  rebuilt: 'it is rebuilt and loses packets',
  replaced: 'packets are lost',
  moved: 'packets are lost',
  'both ends': 'packets are lost until both ends have it,',
};

function costText(interruption: Interruption | undefined): string {
  if (interruption === undefined) return '';
  return ` (${costs[interruption.why]} for about ${interruption.seconds} s)`;
}

/** What was done, host by host, and what proves it. */
export function resultText(result: HostResult): string {
  const { host, outcome, actions, proofs, pointedBack } = result;
  if (outcome === 'failed') return `${host}: FAILED${pointedBack ? ', pointed back to what it had' : ''}\n`;
  const lines =
    outcome === 'unchanged'
      ? [`${host}: nothing to do`]
      : [`${host}:`, ...actions.flatMap(actionLines).map((line) => `  ${line}`)];
  for (const { port, bytesIn, bytesOut, peerId, serialNumber } of proofs) {
    const who = peerId === undefined ? '' : `, peer ${peerId}`;
    const serial = serialNumber === undefined ? '' : `, serial ${serialNumber}`;
    lines.push(`  = ${port}: encrypted, ${bytesOut} bytes of ESP out, ${bytesIn} in${who}${serial}`);
  }
  return lines.map((line) => `${visible(line)}\n`).join('');
}
