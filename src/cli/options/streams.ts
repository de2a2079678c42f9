/**
 * `-` as the name of a file: standard input, and standard output. Each can be one thing.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { OptionName, OptionValues } from './specs.js';

/** What a single hyphen stands for. */
export const standardStream = '-';

const inputs: readonly OptionName[] = ['names', 'psk-file', 'passphrase-file', 'new-passphrase-file'];
const descriptors: readonly OptionName[] = ['passphrase-fd', 'new-passphrase-fd'];
/** Files of which a program may look at the place, or at several: there is no such place with standard input. */
const onlyFiles: readonly OptionName[] = [
  'ca-cert',
  'ca-key',
  'chain',
  'index',
  'crl',
  'certificates',
  'inventory',
  'plan-key',
];
const outputs: readonly OptionName[] = ['out', 'request', 'prometheus', 'json', 'nagios'];

/** Throws USAGE where standard input is named that is not read, or for two things, and standard output for two. */
export function requireOneUseOfStreams(options: OptionValues, operands: readonly string[]): void {
  const misplaced = onlyFiles.find((name) => [options[name]].flat().includes(standardStream));
  if (misplaced !== undefined) {
    throw new OvsPkiError('USAGE', `--${misplaced} does not read standard input`, {
      hint: 'put that into a file first, and name it; a file that is called "-" is ./-',
    });
  }
  const read = [
    ...(operands.includes(standardStream) ? ['what is shown or signed'] : []),
    ...inputs.filter((name) => options[name] === standardStream).map((name) => `--${name}`),
    ...descriptors.filter((name) => options[name] === '0').map((name) => `--${name}`),
  ];
  if (read.length > 1) {
    throw new OvsPkiError('USAGE', `standard input cannot be all of these: ${read.join(' and ')}`, {
      hint: 'put one of them into a file',
    });
  }
  const written = outputs.filter((name) => options[name] === standardStream || options[name] === true);
  if (written.length > 1 && written.some((name) => options[name] === standardStream)) {
    const list = written.map((name) => `--${name}`).join(' and ');
    throw new OvsPkiError('USAGE', `standard output cannot be all of these: ${list}`, {
      hint: `name a file: --${written[0]} FILE`,
    });
  }
}
