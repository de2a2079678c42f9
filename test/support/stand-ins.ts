/** Scripts of hosts, run with stand-ins for the programs that they call. */

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Run, run } from './programs.js';

export interface StandInHost {
  /** Runs a script as it is run on a host. */
  sh(script: string): Promise<Run>;
  /** What the stand-ins have written to the file `calls`. */
  calls(): string[];
}

/**
 * @param folder where the stand-ins find their files, as $HOST
 * @param programs their shell scripts, by their names
 * @param connections those that ipsec.conf has
 */
export function standInHost(
  folder: string,
  programs: Readonly<Record<string, string>>,
  connections: readonly string[],
): StandInHost {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}`);
    chmodSync(join(bin, name), 0o755);
  }
  writeFileSync(join(folder, 'ipsec.conf'), connections.map((name) => `conn ${name}\n`).join(''));
  writeFileSync(join(folder, 'calls'), '');
  const inside = `mount --bind ${folder}/ipsec.conf /etc/ipsec.conf && exec sh -s`;
  const env = { PATH: `${bin}:${process.env['PATH']}`, HOST: folder };
  return {
    sh: (script) => run('unshare', ['--mount', 'sh', '-c', inside], { cwd: folder, input: script, env }),
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').split('\n').slice(0, -1),
  };
}
