/**
 * What `doctor` found in a fleet: of a small one host by host, of a large one each fault once, with its hosts.
 *
 * @module
 */

import { visible } from '../../../platform/visible.js';
import type { DoctorResult } from '../../../usecases/fleet/doctor.js';
import { doctorText } from '../doctor.js';
import { causesOf, likewise } from './causes.js';
import { allNames, counted, fewHosts } from './names.js';

/** @param chosen only these are shown, in full */
export function findingsText(result: DoctorResult, chosen?: readonly string[]): string {
  const isSmall = result.hosts.length + result.unasked.length <= fewHosts;
  if (chosen !== undefined) {
    const shown = doctorText({ ...result, hosts: result.hosts.filter((host) => chosen.includes(host)) });
    return isSmall ? shown : `${shown}${summaryOf(result)}\n`;
  }
  if (isSmall) return doctorText(result);
  return [...faultLines(result), ...wellLines(result), summaryOf(result)].map((line) => `${line}\n`).join('');
}

/** Errors first. */
function faultLines({ hosts, findings }: DoctorResult): string[] {
  const ports = findings.flatMap(({ port }) => (port === undefined ? [] : [port]));
  const items = findings.map((finding) => {
    return { ...finding, text: finding.message, kind: `${finding.severity} ${finding.id} ${finding.at}` };
  });
  const causes = causesOf(items, new Set([...hosts, ...ports]));
  return ['error', 'warning'].flatMap((severity) =>
    causes
      .filter(({ first }) => first.severity === severity)
      .flatMap((cause) => {
        const { host, message, id, cure, at } = cause.first;
        const others = likewise(cause);
        return [
          `${severity}: ${host}: ${visible(message)} [${id}]`,
          `  cure, ${at === 'host' ? `on ${host}` : 'here'}: ${visible(cure)}`,
          ...(others === undefined ? [] : [`  ${others}`]),
        ];
      }),
  );
}

function wellLines({ hosts, findings }: DoctorResult): string[] {
  const sick = new Set(findings.map(({ host }) => host));
  const well = hosts.filter((host) => !sick.has(host));
  return well.length === 0 ? [] : [`nothing found: ${counted(well.length, 'host')}: ${allNames(well)}`];
}

function summaryOf({ hosts, findings, unasked }: DoctorResult): string {
  const sick = (severity: string): number =>
    new Set(findings.filter((finding) => finding.severity === severity).map(({ host }) => host)).size;
  const well = hosts.length - new Set(findings.map(({ host }) => host)).size;
  return (
    `${counted(hosts.length + unasked.length, 'host')}: ${well} with nothing found, ${sick('error')} with errors, ` +
    `${sick('warning')} with warnings, ${unasked.length} not asked`
  );
}
