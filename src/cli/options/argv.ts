/**
 * The reading of a command line as ovs-pki reads it: options and operands in any order, long options in any
 * abbreviation that is clear.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type OptionSpec, optionSpecs } from './specs.js';
import { standardStream } from './streams.js';

const helpOptions = ['-h', '--help'];
const versionOptions = ['-V', '--version'];

/**
 * Puts a command line into the one order that the parser reads: the command, its options as `--name=value`, `--`, its
 * operands. Throws USAGE for an option that does not exist, an abbreviation that could be several, an argument that is
 * missing, and where there is no command.
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const options: string[] = [];
  const operands: string[] = [];
  const queue = [...args];
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    // As with ovs-pki, help and version are given at once: what stands behind them is not looked at.
    if (versionOptions.includes(token)) return [token];
    if (helpOptions.includes(token)) return [...operands.slice(0, 1), token];
    if (token === '--') operands.push(...queue.splice(0));
    // Standard input is a file to show or to sign; ovs-pki refuses a single hyphen as an option that does not exist.
    else if (!token.startsWith('-') || (token === standardStream && readers.includes(operands[0] ?? '')))
      operands.push(token);
    else options.push(...normalizeOption(token, queue));
  }
  const [command, ...rest] = withoutEmpty(operands);
  if (command === 'help') return [...rest.slice(0, 1), '--help'];
  if (command === undefined) throw usage('there is no command');
  // Behind "--" everything is an operand, and in front of the others the parser would take it for an option.
  if (command.startsWith('-')) throw usage(`there is no command ${command}`);
  return [command, ...options, '--', ...rest];
}

/** The commands that take a single hyphen for a file. */
const readers = ['show', 'sign'];

const ovsPkiCommands = ['init', 'req', 'sign', 'req+sign', 'verify', 'fingerprint', 'self-sign'];

/**
 * A script's `sign "$name" "$type"` with an empty variable: ovs-pki takes an empty text there for nothing at all. The other
 * commands do more where nothing is named, and nobody has meant that.
 */
function withoutEmpty(operands: readonly string[]): readonly string[] {
  const [command, ...rest] = operands.slice(operands.findIndex((operand) => operand !== ''));
  if (command === undefined || command === '') return [];
  if (!ovsPkiCommands.includes(command) && rest.includes('')) {
    throw new OvsPkiError('USAGE', `an operand of ${command} is empty`, {
      hint: 'a variable of a script that is not set? Without an operand at all it has another meaning',
    });
  }
  return [command, ...rest.slice(0, rest.findLastIndex((operand) => operand !== '') + 1)];
}

function normalizeOption(token: string, queue: string[]): string[] {
  const [, flag = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(token) ?? [];
  if (token === standardStream) {
    throw new OvsPkiError('USAGE', 'there is no option -', {
      hint: `standard input is read by ${readers.join(' and ')}; for other commands put it into a file first`,
    });
  }
  const spec = flag.startsWith('--') ? longOption(flag) : shortOption(flag, value);
  if (spec === undefined) throw usage(`there is no option ${token}`);
  if (spec.argument === undefined) {
    if (value !== undefined) throw usage(`the option ${flag} takes no argument`);
    return [`--${spec.long}`];
  }
  const argument = value ?? queue.shift();
  if (argument === undefined) throw usage(`the option ${flag} needs an argument: ${spec.argument}`);
  const all = spec.isList === true ? [argument, ...listOf(queue)] : [argument];
  return all.map((one) => `--${spec.long}=${one}`);
}

/** What stands behind an option that takes a list, up to the next option. */
function listOf(queue: string[]): string[] {
  const end = queue.findIndex((token) => token.startsWith('-'));
  return queue.splice(0, end < 0 ? queue.length : end);
}

function shortOption(flag: string, value: string | undefined): OptionSpec | undefined {
  return value === undefined ? specs.find(({ short }) => `-${short}` === flag) : undefined;
}

const specs: readonly OptionSpec[] = optionSpecs;

function longOption(flag: string): OptionSpec | undefined {
  const name = flag.slice(2);
  const exact = specs.find(({ long }) => long === name);
  if (exact !== undefined || name === '') return exact;
  const found = specs.filter(({ long }) => long.startsWith(name));
  // What is clear to ovs-pki stays so: its options are those with a letter of their own.
  const [ofOvsPki, ...others] = found.filter(({ short }) => short !== undefined);
  if (ofOvsPki !== undefined && others.length === 0) return ofOvsPki;
  if (found.length > 1) {
    const list = found.map(({ long }) => `--${long}`).join(', ');
    throw usage(`the option ${flag} could be any of ${list}`);
  }
  return found[0];
}

function usage(reason: string): OvsPkiError {
  return new OvsPkiError('USAGE', reason, { hint: 'ovs-pki-ts --help' });
}
