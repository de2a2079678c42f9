/**
 * The state of a fleet: of a small one host by host, of a large one what is not well, and the rest in a few lines.
 *
 * @module
 */

import { visible } from '../../../platform/visible.js';
import type { StatusResult } from '../../../usecases/fleet/status.js';
import type { EndState } from '../../../usecases/outputs.js';
import { findingsLines, headingOf, statusText, tunnelText } from '../status.js';
import { dayText } from '../text.js';
import { grouped } from './alike.js';
import { allNames, counted, fewHosts, someNames } from './names.js';

type HostState = StatusResult['hosts'][number];

/** Of one host, so many tunnels that are not encrypted are shown. */
const shownTunnels = 3;

/** The parts of the text. @param chosen only these are shown, in full */
export function hostStates({ hosts, unasked }: StatusResult, chosen?: readonly string[]): string[] {
  const isSmall = hosts.length + unasked.length <= fewHosts;
  const shown = chosen === undefined ? hosts : hosts.filter(({ host }) => chosen.includes(host));
  if (isSmall) return shown.map(statusText);
  const lines = [
    ...sickHosts(hosts),
    ...wellHosts(hosts),
    ...expiryLines(hosts),
    ...(hosts.length === 0 ? [] : ['all of one host: give --host NAME']),
  ];
  const summary = `${summaryOf(hosts, unasked.length)}\n`;
  return chosen === undefined
    ? [lines.map((line) => `${line}\n`).join('') + summary]
    : [...shown.map(statusText), summary];
}

export function isWell({ tunnels, findings }: HostState): boolean {
  return findings.errors === 0 && tunnels.every(({ state }) => state === 'encrypted');
}

function sickHosts(hosts: readonly HostState[]): string[] {
  return hosts
    .filter((host) => !isWell(host))
    .flatMap((host) => {
      const bad = host.tunnels.filter(({ state }) => state !== 'encrypted');
      const shown = bad.length <= shownTunnels + 1 ? bad : bad.slice(0, shownTunnels);
      const more = bad.slice(shown.length).map(({ peer }) => peer);
      const good = host.tunnels.length - bad.length;
      const lines = [
        ...shown.map(tunnelText),
        ...(more.length === 0 ? [] : [`and ${more.length} more tunnels that are not encrypted, to ${allNames(more)}`]),
        ...(good === 0 ? [] : [`${counted(good, 'tunnel')} encrypted`]),
        ...findingsLines(host),
      ];
      return [headingOf(host), ...lines.map((line) => `  ${visible(line)}`)];
    });
}

/** By what they run. */
function wellHosts(hosts: readonly HostState[]): string[] {
  const kinds = grouped(hosts.filter(isWell), ({ ovsVersion, ikeDaemon }) =>
    visible(
      `Open vSwitch ${ovsVersion ?? '(version unknown)'}, ${ikeDaemon === undefined ? 'no IKE daemon' : `${ikeDaemon.name} ${ikeDaemon.version}`}`,
    ),
  );
  return [...kinds].map(([what, own]) => `${counted(own.length, 'host')} well, ${what}: ${namesOf(own)}`);
}

function namesOf(hosts: readonly HostState[]): string {
  return visible(allNames(hosts.map(({ host }) => host)));
}

/** The certificate that expires first. */
function expiryLines(hosts: readonly HostState[]): string[] {
  const ends = hosts.flatMap(({ host, identity }) => {
    const notAfter = identity?.certificate?.notAfter;
    return notAfter === undefined ? [] : [{ host, day: dayText(notAfter) }];
  });
  const first = ends.map(({ day }) => day).sort()[0];
  if (first === undefined) return [];
  const own = ends.filter(({ day }) => day === first).map(({ host }) => host);
  return [visible(`the first certificate expires on ${first}: ${someNames(own)}`)];
}

function summaryOf(hosts: readonly HostState[], unasked: number): string {
  const well = hosts.filter(isWell).length;
  const ends = hosts.flatMap(({ tunnels }) => tunnels);
  const count = (state: EndState): number => ends.filter((end) => end.state === state).length;
  return (
    `${counted(hosts.length + unasked, 'host')}: ${well} well, ${hosts.length - well} not well, ${unasked} not asked; ` +
    `${counted(ends.length, 'end')} of tunnels: ${count('encrypted')} encrypted, ${count('not-encrypted')} not encrypted, ${count('down')} down`
  );
}
