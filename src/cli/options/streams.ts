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
const outputs: readonly OptionName[] = ['out', 'request', 'prometheus', 'json', 'nagios'];

/** Throws USAGE where two things would be read from standard input, or be written to standard output. */
export function requireOneUseOfStreams(options: OptionValues, operands: readonly string[]): void {
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
