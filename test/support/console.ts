/** Blocks of code in the documents: found, run, and their output made comparable. */

import { run } from './programs.js';

export interface CodeBlock {
  /** What stands behind the backticks, such as `sh` or `console run`. */
  readonly info: string;
  readonly text: string;
}

export interface ConsoleStep {
  readonly command: string;
  readonly output: string;
}

export function codeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(([, info = '', text = '']) => ({ info, text }));
}

/** `$ command`, and the lines below it, which it printed. */
export function consoleSteps(text: string): ConsoleStep[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), output: part.slice(end + 1) };
    });
}

/** Runs commands in one shell, as a person types them, and gives what each printed on either stream. */
export async function runInShell(
  commands: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<ConsoleStep[]> {
  const script = commands.map((command) => `printf '\\001'\n${command}\n`).join('');
  const { stdout } = await run('sh', ['-c', `exec 2>&1\n${script}`], { cwd, env });
  const outputs = stdout.split('\x01').slice(1);
  return commands.map((command, index) => ({ command, output: outputs[index] ?? '(was not run)' }));
}

/** Output with that masked which is different each time: dates, serial numbers, fingerprints. */
export function masked(output: string): string {
  return masks.reduce((text, [pattern, name]) => text.replaceAll(pattern, name), output);
}

const masks: readonly (readonly [RegExp, string])[] = [
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \w+ \d{4}/g, '(date)'],
  [/\b\d{4} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d/g, '(date)'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '(date)'],
  [/\b\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d UTC)?(?!\d)/g, '(date)'],
  [/\b([0-9A-F]{40}|[0-9a-f]{40})\b/g, '(fingerprint)'],
  [/\b[0-9A-F]{32}\b/g, '(serial)'],
];
