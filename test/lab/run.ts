/**
 * `npm run lab`: tunnels between whole hosts, made by the program and held against the wire. The last line says how many
 * cells passed and failed, for those who call it.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../support/programs.js';
import { chosenCells } from './cells.js';
import { type Lab, startLab } from './lab.js';
import { passedLater, runCells, versionsOf } from './matrix.js';
import { renewalPage } from './renewal-report.js';
import { labPage, type Result } from './report.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '120' },
    'at-once': { type: 'string', default: '1' },
    // For builds: IKE daemons meet each other's races in an emulated machine; what fails twice is a failure there.
    'second-attempt-passes': { type: 'boolean', default: false },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const started = Date.now();
  const cells = chosenCells(positionals);
  if (cells.length === 0) throw new Error(`no cell is called ${positionals.join(', ')}`);
  const deadline = started + Number(values.minutes) * 60_000;
  const lab = await startLab([...new Set(cells.flatMap((cell) => cell.releases))]);
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-cells-'));
  const stop = endOn(lab, deadline);
  try {
    console.log(`boot: ${lab.bootSeconds.toFixed(1)} s`);
    const onLine = (line: string): void => console.log(line);
    const versions = values.write ? await versionsOf(lab) : {};
    const minutes = (): number => (Date.now() - started) / 60_000;
    const before = values.write ? readFileSync(join(projectRoot, 'docs/lab.md'), 'utf8') : '';
    // After each cell, so that a run that is ended leaves what it has found.
    const onResults = (results: readonly Result[]): void => {
      if (!values.write) return;
      const page = labPage(results, versions, new Date().toISOString().slice(0, 10), before);
      writeFileSync(join(projectRoot, 'docs/lab.md'), page);
      const renewal = join(projectRoot, 'docs/renewal.md');
      if (results.some(({ costs }) => costs !== undefined)) {
        writeFileSync(renewal, renewalPage(results, existsSync(renewal) ? readFileSync(renewal, 'utf8') : ''));
      }
    };
    const results = await runCells(lab, cells, {
      folder,
      atOnce: Number(values['at-once']),
      onLine,
      onResults,
      deadline,
    });
    const passed = results.filter(countsAsPassed).length;
    console.log(`cells: ${passed} passed, ${results.length - passed} failed (${minutes().toFixed(1)} min)`);
    return passed === results.length ? 0 : 1;
  } finally {
    stop();
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function countsAsPassed({ passed, failures }: Result): boolean {
  return passed || (values['second-attempt-passes'] && failures.at(-1) === passedLater);
}

/** The machine ends with this process, and this process with its time: a cell may be in the middle of something then. */
function endOn(lab: Lab, deadline: number): () => void {
  const end = (reason: string): void => {
    console.log(`the laboratory ends: ${reason}`);
    lab.close().finally(() => process.exit(1));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(signal));
  const timer = setTimeout(() => end('its time is over'), deadline + 5 * 60_000 - Date.now());
  return () => clearTimeout(timer);
}
