/**
 * What is true of a host, as text for people.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type { StatusResult } from '../../usecases/fleet/status.js';
import type { EndStatus, IdentityStatus } from '../../usecases/outputs.js';
import { withDirectory } from './hint.js';
import { dayText } from './text.js';

type HostResult = StatusResult['hosts'][number];

const stateWords: Readonly<Record<EndStatus['state'], string>> = {
  encrypted: 'encrypted',
  'not-encrypted': 'NOT ENCRYPTED',
  down: 'down',
};

export function statusText(host: HostResult): string {
  const lines = [
    `identity: ${identityText(host.identity)}`,
    ...host.tunnels.map(tunnelText),
    ...(host.tunnels.length === 0 ? ['no encrypted tunnels'] : []),
    ...findingsLines(host),
  ];
  return `${headingOf(host)}\n${lines.map((line) => `  ${visible(line)}\n`).join('')}`;
}

/** So many names are told, for a PKI may be older than the inventory. */
const toldNames = 20;

/** Names that no host has any more; nothing where there are none. */
export function strayText(withoutHost: StatusResult['withoutHost'], directory: string | undefined): string[] {
  if (withoutHost.length === 0) return [];
  const more = withoutHost.length - toldNames;
  const lines = [
    ...withoutHost
      .slice(0, toldNames)
      .map(
        ({ name, serialNumber, notAfter, command }) =>
          `${name}: serial ${serialNumber}, until ${dayText(notAfter)}; where it is gone: ${withDirectory(command, directory)}`,
      ),
    ...(more > 0 ? [`and ${more} more, see: ${withDirectory('ovs-pki-ts check --inventory FILE', directory)}`] : []),
  ];
  const heading = 'certificates that are valid, of names that no host of the inventory has:';
  return [`${heading}\n${lines.map((line) => `  ${visible(line)}\n`).join('')}`];
}

export function headingOf({ host, hostName, kernel, ovsVersion, ikeDaemon, services }: HostResult): string {
  const stopped = [
    services.ovsdbServer ? [] : ['ovsdb-server'],
    services.vswitchd ? [] : ['ovs-vswitchd'],
    services.monitorIpsec ? [] : ['ovs-monitor-ipsec'],
    ikeDaemon === undefined || ikeDaemon.running ? [] : [ikeDaemon.name],
  ].flat();
  const parts = [
    `Open vSwitch ${ovsVersion ?? '(version unknown)'}`,
    ikeDaemon === undefined ? 'no IKE daemon' : `${ikeDaemon.name} ${ikeDaemon.version}`,
    `Linux ${kernel}`,
    ...(stopped.length === 0 ? [] : [`NOT RUNNING: ${stopped.join(', ')}`]),
  ];
  return visible(`${host}${hostName === host ? '' : ` (${hostName})`}: ${parts.join(', ')}`);
}

function identityText(identity: IdentityStatus | undefined): string {
  if (identity === undefined) return 'none';
  const { file, certificate, inUse } = identity;
  if (certificate === undefined) return `${file}, which holds no certificate that can be read`;
  const use = inUse === undefined ? '' : inUse ? ', in use' : ', NOT THE ONE IN USE';
  const { subject, serialNumber, notAfter } = certificate;
  return `${subject}, serial ${serialNumber}, until ${dayText(notAfter)}${use}`;
}

export function tunnelText({
  port,
  type,
  method,
  peer,
  state,
  reasons,
  bytesOut,
  bytesIn,
  peerId,
  dropPolicy,
  isUnknown,
}: EndStatus): string {
  const bytes =
    state !== 'encrypted' && bytesOut + bytesIn === 0 ? '' : `, ${bytesOut} bytes of ESP out, ${bytesIn} in`;
  const proved = peerId === undefined || peerId === peer ? '' : `, proved to be ${peerId}`;
  const drop = dropPolicy ? ', drop policy' : '';
  const because = reasons.length === 0 ? '' : `: ${reasons.join('; ')}`;
  return `${port} (${type}, ${method}) to ${peer}: ${stateWords[state]}${bytes}${proved}${drop}${isUnknown === true ? ', not in the inventory' : ''}${because}`;
}

export function findingsLines({ findings: { errors, warnings } }: HostResult): string[] {
  const counts = [counted(errors, 'error'), counted(warnings, 'warning')].flat();
  return counts.length === 0 ? [] : [`${counts.join(' and ')}, see: ovs-pki-ts doctor`];
}

function counted(count: number, what: string): string[] {
  return count === 0 ? [] : [`${count} ${what}${count === 1 ? '' : 's'}`];
}
