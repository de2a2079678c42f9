/**
 * Which machines a connection is made to on its way, as ssh(1) itself tells from the configuration of the operator.
 *
 * @module
 */

import { sshArguments } from './destination.js';
import { startProgram } from './run.js';

export interface SshRoute {
  /** What admits a login on the way, jump hosts first and the host itself last: each once. */
  readonly stations: readonly string[];
  /** Options of ssh(1) that undo what would come between us and the shell of the host. */
  readonly options: readonly string[];
}

/** Finds the route to a destination. */
export type Routes = (destination: string) => Promise<SshRoute>;

/** `ssh -G`: the settings that hold for a destination, by their names in lower case. */
type Settings = ReadonlyMap<string, string>;

/** Configurations can name each other as jump hosts. */
const maximumJumps = 8;

/** How long a configuration may take to be read: its `Match exec` runs programs. */
const readingMs = 10_000;

/** Each configuration is read once. */
export function sshRoutes(): Routes {
  const known = new Map<string, Promise<Settings>>();
  const settingsOf = (destination: string): Promise<Settings> => {
    const found = known.get(destination) ?? readSettings(destination);
    known.set(destination, found);
    return found;
  };
  return async (destination) => {
    const stations = await stationsTo(destination, settingsOf, maximumJumps);
    return { stations: [...new Set(stations)], options: optionsFor(await settingsOf(destination)) };
  };
}

async function stationsTo(
  destination: string,
  settingsOf: (destination: string) => Promise<Settings>,
  jumps: number,
): Promise<string[]> {
  const settings = await settingsOf(destination);
  const own = `${settings.get('hostname') ?? destination} ${settings.get('port') ?? ''}`;
  const command = settings.get('proxycommand');
  if (command !== undefined && command !== 'none') return [command, own];
  const through = settings.get('proxyjump')?.split(',') ?? [];
  if (through.length === 0 || through[0] === 'none' || jumps === 0) return [own];
  const [first = '', ...others] = through;
  const before = await stationsTo(first, settingsOf, jumps - 1);
  // The way to the others leads through the first, whatever their own configuration says.
  const between = await Promise.all(others.map((jump) => stationsTo(jump, settingsOf, 0)));
  return [...before, ...between.flat(), own];
}

/** Settings for people who sit before a terminal. Those that older releases do not know stand in no answer of theirs. */
function optionsFor(settings: Settings): string[] {
  const undone: readonly (readonly [name: string, good: string])[] = [
    ['sessiontype', 'default'],
    ['stdinnull', 'no'],
    ['forkafterauthentication', 'no'],
    // The tickets of the operator: no more than an agent do they go to a host.
    ['gssapidelegatecredentials', 'no'],
  ];
  return undone
    .filter(([name, good]) => (settings.get(name) ?? good) !== good)
    .map(([name, good]) => `-o${name}=${good}`);
}

/** Nothing where it cannot be read: then ssh(1) will say what is wrong when it is to connect. */
function readSettings(destination: string): Promise<Settings> {
  const program = startProgram('ssh', ['-G', ...sshArguments(destination)]);
  let answer = '';
  program.onOutput((stream, text) => {
    if (stream === 'stdout') answer += text;
  });
  program.finish();
  const timer = setTimeout(() => program.kill(), readingMs);
  return program.ended.then(({ status }) => {
    clearTimeout(timer);
    const lines = status === 0 ? answer.split('\n') : [];
    return new Map(
      lines.flatMap((line): [string, string][] => {
        const end = line.indexOf(' ');
        return end < 0 ? [] : [[line.slice(0, end), line.slice(end + 1)]];
      }),
    );
  });
}
