/**
 * The only place that starts other programs.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { OvsPkiError, systemErrorCode } from '../errors.js';

/**
 * Runs a program with an open file of ours as its descriptor 3 and waits for it; gives its exit status. Its output is
 * thrown away. Throws PROGRAM_MISSING.
 */
export function runWithDescriptor(program: string, args: readonly string[], descriptor: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    child.on('error', (error) => {
      reject(
        systemErrorCode(error) === 'ENOENT'
          ? new OvsPkiError('PROGRAM_MISSING', `the program ${program} is not installed`, {
              hint: `install the package that holds it (util-linux for flock)`,
              details: { program },
              cause: error,
            })
          : error,
      );
    });
    child.on('close', (status, signal) => {
      if (status === null) reject(new Error(`${program} was ended by ${signal}`));
      else resolve(status);
    });
  });
}
