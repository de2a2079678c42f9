/**
 * What is being done on each host, on standard error, if that is a terminal.
 *
 * @module
 */

import { writeOut } from '../../platform/output.js';

const words: Readonly<Record<string, string>> = {
  install: 'gets packages',
  enroll: 'makes its key',
  prepare: 'gets certificates and keys',
  switch: 'is being wired',
};

export function startStages(): (host: string, stage: string) => void {
  if (!process.stderr.isTTY) return () => undefined;
  return (host, stage) => {
    const word = words[stage];
    if (word !== undefined) writeOut('stderr', `${host} ${word}\n`);
  };
}
