/** What a run has done, as one flat record: its output, and every file that is new, changed or gone. */

import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../support/programs.js';
import { describeContent } from './content.js';

/** What both programs did with one case. */
export interface TwinRuns {
  readonly theirs: Observation;
  readonly ours: Observation;
}

/** From what was looked at to what was seen, all comparable between two runs. */
export type Observation = Readonly<Record<string, string>>;

interface Snapshot {
  readonly mode: string;
  readonly hash: string;
}

export type FolderState = ReadonlyMap<string, Snapshot>;

/** All files and folders below a folder. */
export function readFolder(folder: string): FolderState {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return new Map(
    names.map((name) => {
      const found = lstatSync(join(folder, name));
      const kind = found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'file';
      const hash =
        kind === 'file'
          ? createHash('sha1')
              .update(readFileSync(join(folder, name)))
              .digest('hex')
          : '';
      return [name, { mode: `${kind} ${(found.mode & 0o7777).toString(8).padStart(4, '0')}`, hash }];
    }),
  );
}

export async function observe(folder: string, before: FolderState, run: Run): Promise<Observation> {
  const after = readFolder(folder);
  const observation: Record<string, string> = {
    'exit status': String(run.status),
    stdout: maskOutput(folder, after, run.stdout),
    stderr: maskOutput(folder, after, run.stderr),
  };
  for (const name of before.keys()) if (!after.has(name)) observation[maskName(name)] = 'gone';
  for (const [name, { mode, hash }] of after) {
    const old = before.get(name);
    if (old?.mode === mode && old.hash === hash) continue;
    const key = freeKey(observation, maskName(name));
    observation[key] = `${old === undefined ? 'new' : 'changed'} ${mode}`;
    if (!mode.startsWith('file') || old?.hash === hash) continue;
    for (const [field, value] of Object.entries(await describeContent(folder, name))) {
      observation[`${key}: ${field}`] = value;
    }
  }
  return observation;
}

/** Names that hold a serial number, a process id or a time. */
function maskName(name: string): string {
  return name
    .replace(/newcerts\/[0-9A-F]+\.pem$/, 'newcerts/<serial>.pem')
    .replace(/\.tmp\d+$/, '.tmp<pid>')
    .replace(/\.old-\d{8}T\d{6}Z/, '.old-<time>');
}

function freeKey(observation: Observation, name: string): string {
  let key = name;
  for (let number = 2; observation[key] !== undefined; number++) key = `${name} #${number}`;
  return key;
}

/** Fingerprints become the name of the file that has them, and times that are now become `<now>`. */
function maskOutput(folder: string, after: FolderState, text: string): string {
  const fileWith = (hash: string): string | undefined => {
    const names = [...after.keys()].filter((name) => after.get(name)?.hash === hash);
    return names.find((name) => text.includes(name)) ?? names[0];
  };
  return text
    .replaceAll(folder, '{cwd}')
    .replaceAll(/(?<=fingerprint )[0-9a-f]{40}\b/g, (hash) => `<of ${fileWith(hash) ?? hash}>`)
    .replaceAll(/\b[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} UTC \d{4}\b/g, (date) =>
      Math.abs(Date.parse(date) - Date.now()) < 600_000 ? '<now>' : date,
    );
}
