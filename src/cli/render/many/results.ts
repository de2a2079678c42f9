/**
 * What was done to a fleet: of a small one each host in full, of a large one what can be read in a minute.
 *
 * @module
 */

import type { HostResult } from '../../../usecases/outputs.js';
import { resultText } from '../fleet.js';
import { carefulLines, changeLines } from './actions.js';
import { grouped } from './alike.js';
import { counted, fewHosts, hostsText } from './names.js';

/** @param chosen only these are shown, in full */
export function resultsText(results: readonly HostResult[], chosen?: readonly string[]): string {
  const isSmall = results.length <= fewHosts;
  if (chosen !== undefined) {
    const shown = results.filter(({ host }) => chosen.includes(host)).map(resultText);
    return [...shown, ...(isSmall ? [] : [`${summaryOf(results)}\n`])].join('');
  }
  if (isSmall) return results.map(resultText).join('');
  return [...sections(results), summaryOf(results)].map((line) => `${line}\n`).join('');
}

function sections(results: readonly HostResult[]): string[] {
  const of = (outcome: HostResult['outcome']): HostResult[] => results.filter((result) => result.outcome === outcome);
  const [changed, unchanged, failed] = [of('changed'), of('unchanged'), of('failed')];
  const careful = carefulLines(changed);
  return [
    ...(changed.length === 0 ? [] : [`changed: ${hostsText(changed)}`]),
    ...changeLines(changed).map((line) => `  ${line}`),
    ...(careful.length === 0 ? [] : ['interrupted, removed or let through unencrypted:']),
    ...careful.map((line) => `  ${line}`),
    ...proofLines(results),
    ...(unchanged.length === 0 ? [] : [`nothing to do: ${hostsText(unchanged)}`]),
    ...failedLines(failed),
    ...(changed.length === 0 ? [] : ['all of one host: give --host NAME']),
  ];
}

function proofLines(results: readonly HostResult[]): string[] {
  const proved = results.filter(({ outcome, proofs }) => outcome !== 'failed' && proofs.length > 0);
  if (proved.length === 0) return [];
  const ends = proved.reduce((sum, { proofs }) => sum + proofs.length, 0);
  return [`encrypted, with ESP both ways: ${counted(ends, 'end')} of tunnels on ${hostsText(proved)}`];
}

/** The sentences are those of the errors; here are the hosts of each code. */
function failedLines(failed: readonly HostResult[]): string[] {
  if (failed.length === 0) return [];
  const back = failed.filter(({ pointedBack }) => pointedBack);
  return [
    'FAILED:',
    ...[...grouped(failed, ({ error }) => error?.code ?? '')].map(([code, own]) => `  ${hostsText(own)} [${code}]`),
    ...(back.length === 0 ? [] : [`  pointed back to what they had: ${hostsText(back)}`]),
  ];
}

function summaryOf(results: readonly HostResult[]): string {
  const count = (outcome: HostResult['outcome']): number =>
    results.filter((result) => result.outcome === outcome).length;
  const ends = results.flatMap(({ outcome, proofs }) => (outcome === 'failed' ? [] : proofs)).length;
  return (
    `${counted(results.length, 'host')}: ${count('unchanged')} unchanged, ${count('changed')} changed, ` +
    `${count('failed')} failed; ${counted(ends, 'end')} of tunnels proved to be encrypted`
  );
}
