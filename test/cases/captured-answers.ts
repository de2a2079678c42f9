/**
 * What hosts of several versions answered (test/fixtures/answers), and what is to be read from it: beside each `NAME.txt` a
 * `NAME.expected` with a line for each thing. The first line of an answer says where it is from: `# run:` from the real
 * programs, `# table:` written by what their sources print, where no package of them was to be had.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/programs.js';

export interface CapturedAnswer {
  readonly name: string;
  readonly source: 'run' | 'table';
  readonly text: string;
  readonly expected: string;
  /** How many outputs of programs it has. */
  readonly outputs: number;
}

export const answersFolder = join(projectRoot, 'test/fixtures/answers');

/** The sections that are an output of a daemon or of the kernel, in full. */
const output =
  /^answer (ike-status|ike-traffic|ike-certs|ike-cacerts|tunnels|policies|states|ovsdb) \d+\n+(?!answer)/gm;

export const capturedAnswers: readonly CapturedAnswer[] = readdirSync(answersFolder)
  .filter((file) => file.endsWith('.txt'))
  .map((file) => {
    const name = file.slice(0, -'.txt'.length);
    const text = readFileSync(join(answersFolder, file), 'utf8');
    return {
      ...{ name, text },
      source: text.startsWith('# run: ') ? 'run' : 'table',
      expected: readFileSync(join(answersFolder, `${name}.expected`), 'utf8'),
      outputs: [...text.matchAll(output)].length,
    };
  });
