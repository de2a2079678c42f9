/**
 * The command line program: argv in, text or JSON out, an exit status back.
 *
 * @module
 */

import { CommanderError, Option, Command as Parser } from 'commander';
import { OvsPkiError } from '../errors.js';
import { systemClock } from '../platform/clock.js';
import { nodePlatform } from '../platform/index.js';
import { openLog } from '../platform/log.js';
import { writeOut, writePiece } from '../platform/output.js';
import { normalizeArguments } from './options/argv.js';
import { type CommandName, type CommandSpec, commandGroups, commandSpecs } from './options/commands.js';
import { connectionsOf } from './options/connections.js';
import { passphraseSource, pinSource } from './options/passphrase.js';
import { type OptionSpec, type OptionValues, optionSpecs } from './options/specs.js';
import { requireOneUseOfStreams } from './options/streams.js';
import type { Command, Outcome } from './outcome/outcome.js';
import { errorJson, jsonText } from './render/json.js';
import type { Pieces } from './render/list.js';
import { errorText, warningText } from './render/text.js';
import { version } from './version.js';

/** Each command is loaded when it is called, with the libraries that it needs. */
const commands: { readonly [Name in CommandName]: () => Promise<{ readonly run: Command<Name> }> } = {
  init: () => import('./commands/init.js'),
  req: () => import('./commands/req.js'),
  sign: () => import('./commands/sign.js'),
  'req+sign': () => import('./commands/req-sign.js'),
  'self-sign': () => import('./commands/self-sign.js'),
  verify: () => import('./commands/verify.js'),
  fingerprint: () => import('./commands/fingerprint.js'),
  passphrase: () => import('./commands/passphrase.js'),
  export: () => import('./commands/export.js'),
  import: () => import('./commands/import.js'),
  renew: () => import('./commands/renew.js'),
  revoke: () => import('./commands/revoke.js'),
  rollover: () => import('./commands/rollover.js'),
  crl: () => import('./commands/crl.js'),
  setup: () => import('./commands/setup.js'),
  list: () => import('./commands/list.js'),
  show: () => import('./commands/show.js'),
  check: () => import('./commands/check.js'),
  connect: () => import('./commands/connect.js'),
  distribute: () => import('./commands/distribute.js'),
  inventory: () => import('./commands/inventory.js'),
  plan: () => import('./commands/plan.js'),
  apply: () => import('./commands/apply.js'),
  remove: () => import('./commands/remove.js'),
  status: () => import('./commands/status.js'),
  doctor: () => import('./commands/doctor.js'),
  completion: () => import('./commands/completion.js'),
};

interface Call {
  readonly command: CommandName;
  readonly options: OptionValues;
  readonly operands: readonly string[];
}

/**
 * Runs the program.
 *
 * @param args what follows the name of the program
 * @returns the exit status: 0 well, 2 usage, 3 refused, 4 the answer is no, 5 PKI directory,
 *   6 some host failed, 130 interrupted
 */
export async function main(args: readonly string[]): Promise<number> {
  let call: Call | undefined;
  try {
    call = parseCall(args);
    return call === undefined ? 0 : await print(call, await runCall(call));
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    writeOut('stderr', errorText(error, directoryOf(call)));
    // A command line that cannot be read may have asked for JSON all the same.
    if ((call !== undefined && wantsJson(call)) || args.includes('--json')) showError(call, error);
    return error.exitStatus;
  }
}

/** `status` has it as one of several forms, too. */
function wantsJson({ command, options }: Call): boolean {
  return options.json === true || (command === 'status' && options.format === 'json');
}

function directoryOf(call: Call | undefined): string | undefined {
  return call?.options.dir;
}

/** The error as the JSON document, unless it is just that which cannot be written. */
function showError(call: Call | undefined, error: OvsPkiError): void {
  try {
    writeOut('stdout', jsonText(call?.command, { error: errorJson(error, directoryOf(call)) }));
  } catch (second) {
    if (!(second instanceof OvsPkiError)) throw second;
  }
}

async function runCall({ command, options, operands }: Call): Promise<Outcome> {
  requireOneUseOfStreams(options, operands);
  const { run } = await commands[command]();
  const log = openLog(options.log, systemClock);
  const [passphrase, pin] = [passphraseSource(options), pinSource(options)];
  return run({ platform: nodePlatform({ log, passphrase, pin, ...connectionsOf(options) }), options, operands });
}

async function print(call: Call, outcome: Outcome): Promise<number> {
  const { command, options } = call;
  const { text, json, errors, warnings = [], exitStatus, pieces, content } = outcome;
  const directory = options.dir;
  if (pieces !== undefined) return printPieces(pieces);
  try {
    writeOut('stdout', content ?? (wantsJson(call) ? jsonText(command, json, directory) : text));
  } finally {
    writeOut('stderr', [...warnings.map(warningText), ...errors.map((error) => errorText(error, directory))].join(''));
  }
  return exitStatus;
}

async function printPieces(pieces: Pieces): Promise<number> {
  for (let next = pieces.next(); ; next = pieces.next()) {
    if (next.done !== true) {
      if (await writePiece(next.value)) continue;
      pieces.return(undefined);
      return 0;
    }
    if (next.value === undefined) return 0;
    writeOut('stderr', errorText(next.value));
    return next.value.exitStatus;
  }
}

/** Reads the command line; undefined where it only asked for help or the version, which has been printed. */
function parseCall(args: readonly string[]): Call | undefined {
  let call: Call | undefined;
  const normalized = normalizeArguments(args);
  const parser = buildParser(normalized[0], (found) => {
    call = found;
  });
  try {
    parser.parse(normalized, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
    const [, meant] = /Did you mean (?:one of )?([^?]+)\?/.exec(suggestion ?? '') ?? [];
    const hint =
      meant === undefined ? 'ovs-pki-ts --help' : `did you mean ${meant}? ovs-pki-ts ${meant.split(', ')[0]} --help`;
    throw new OvsPkiError('USAGE', message, { hint, cause: error });
  }
  return call;
}

/** A parser that knows the command that is called, or all of them where help may be wanted. */
function buildParser(called: string | undefined, found: (call: Call) => void): Parser {
  const program = new Parser('ovs-pki-ts')
    .description('PKI and certificate lifecycle for Open vSwitch, a replacement for ovs-pki')
    .version(`ovs-pki-ts ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .usage('COMMAND [OPTION...] [OPERAND...]')
    .configureHelp({ helpWidth: 80, minWidthToWrap: 24, subcommandTerm: (command) => command.name() })
    .exitOverride()
    .configureOutput({ writeOut: (text) => writeOut('stdout', text), outputError: () => undefined })
    .addHelpText('after', helpAfter);
  const known = commandSpecs.filter(({ name }) => name === called);
  const inOrder = commandGroups.flatMap((group) => commandSpecs.filter((spec) => spec.group === group));
  for (const spec of known.length > 0 ? known : inOrder) {
    const used: readonly string[] = spec.options;
    const command = program
      .command(spec.name)
      .argument('[operand...]')
      .usage(`[OPTION...] ${spec.operands}`.trimEnd())
      .summary(spec.description)
      .description(descriptionOf(spec))
      .helpGroup(`${spec.group}:`)
      .action(() => found({ command: spec.name, options: valuesOf(spec, command), operands: command.args }));
    for (const option of optionSpecs) command.addOption(toOption(option, used.includes(option.long)));
  }
  return program;
}

function descriptionOf({ description, details }: CommandSpec): string {
  const sentence = `${description[0]?.toUpperCase()}${description.slice(1)}.`;
  return details === undefined ? sentence : `${sentence} ${details}`;
}

/** The options by the names that they are typed with. Throws USAGE for one that another command has. */
function valuesOf({ name, options }: (typeof commandSpecs)[number], command: Parser): OptionValues {
  const used: readonly string[] = options;
  const given = command.options.flatMap((option) => {
    const value: unknown = command.getOptionValue(option.attributeName());
    return value === undefined || option.long === undefined ? [] : [[option.long.slice(2), value] as const];
  });
  for (const [long] of given) {
    const isOwn = optionSpecs.some((spec) => spec.long === long && 'isOwn' in spec);
    if (isOwn && !used.includes(long)) {
      throw new OvsPkiError('USAGE', `${name} has no option --${long}`, { hint: `ovs-pki-ts ${name} --help` });
    }
  }
  return Object.fromEntries(given) as OptionValues;
}

function toOption({ long, short, argument, isList, isMany, description }: OptionSpec, isShown: boolean): Option {
  const flags = `${short === undefined ? '' : `-${short}, `}--${long}${argument === undefined ? '' : ` <${argument}>`}`;
  const option = new Option(flags, description);
  if (isList || isMany)
    option.argParser((value: string, before: readonly string[] = []) => [
      ...before,
      ...value.split(',').filter((item) => item !== ''),
    ]);
  return isShown ? option : option.hideHelp();
}

const helpAfter = `
NAME is the name of a host or a range such as "host_[1-500]"; TYPE is switch
(default) or controller. Run "ovs-pki-ts COMMAND --help" for the operands and
options of a command; see ovs-pki-ts(8) for everything else.

Example:
  ovs-pki-ts --dir pki init
  ovs-pki-ts --dir pki req+sign -u host_1 host_2`;
