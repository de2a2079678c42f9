/**
 * What `doctor` found, as text for people.
 *
 * @module
 */

import { visible } from '../../platform/visible.js';
import type { DoctorResult } from '../../usecases/fleet/doctor.js';
import type { HostFinding } from '../../usecases/outputs.js';

export function doctorText({ hosts, findings }: DoctorResult): string {
  return hosts.map((host) => hostText(host, findings)).join('');
}

function hostText(host: string, findings: readonly HostFinding[]): string {
  const own = findings.filter((finding) => finding.host === host);
  if (own.length === 0) return `${host}: nothing found\n`;
  return `${host}:\n${own.map(findingText).join('')}`;
}

function findingText({ id, severity, message, cure, at, host }: HostFinding): string {
  const where = at === 'host' ? `on ${host}` : 'here';
  return `  ${severity}: ${visible(message)} [${id}]\n    cure, ${where}: ${visible(cure)}\n`;
}
