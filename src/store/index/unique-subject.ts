/**
 * Whether `openssl ca` takes a second certificate in force of a subject, read as OpenSSL reads it.
 *
 * @module
 */

import * as files from '../../platform/files.js';
import type { CaLayout } from '../layout.js';

/** The values of a configuration of config(5) form, by section and name. */
type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * What index.txt.attr says; where it says nothing, what ca.cnf says; and where that says nothing either, OpenSSL's yes.
 * Without a ca.cnf `openssl ca` does not run.
 */
export function wantsUniqueSubjects({ indexAttributes, config }: CaLayout): boolean {
  const said = lookUp(read(indexAttributes), 'default');
  if (said !== undefined) return isYes(said);
  const configured = read(config);
  if (configured === undefined) return false;
  const section = lookUp(configured, 'ca', 'default_ca');
  return section !== undefined && isYes(lookUp(configured, section) ?? 'yes');
}

/** OpenSSL looks at the first letter, and takes what is neither yes nor no as yes. */
function isYes(value: string): boolean {
  return !/^[fn0]/i.test(value);
}

function lookUp(sections: Sections | undefined, section: string, name = 'unique_subject'): string | undefined {
  return sections?.get(section)?.get(name) ?? sections?.get('default')?.get(name);
}

function read(file: string): Sections | undefined {
  return files.exists(file) ? parse(files.readFile(file).toString('latin1')) : undefined;
}

/** Undefined for what OpenSSL does not read either, and then takes as absent. */
function parse(text: string): Sections | undefined {
  const sections = new Map<string, Map<string, string>>();
  let current = 'default';
  const lines = text.replace(/^\u00ef\u00bb\u00bf/, '').replaceAll(/\\\r?\n/g, '');
  for (const line of lines.split(/\r?\n/).map((whole) => withoutComment(whole).trim())) {
    const title = /^\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) current = title;
    if (title !== undefined || line === '' || line.startsWith('.')) continue;
    const [, section = current, name, written] = /^(?:([^\s=:]+)::)?([^\s=]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name === undefined || written === undefined) return undefined;
    const value = expand(sections, section, written);
    if (value === undefined) return undefined;
    sections.set(section, (sections.get(section) ?? new Map<string, string>()).set(name, value));
  }
  return sections;
}

function withoutComment(line: string): string {
  return /^(?:\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^#\\])*/.exec(line)?.[0] ?? '';
}

const controls: Readonly<Record<string, string>> = { n: '\n', r: '\r', b: '\b', t: '\t' };

/** A value without quotation marks, with the values of its variables. */
function expand(sections: Sections, section: string, written: string): string | undefined {
  let known = true;
  const value = written.replaceAll(
    /\\(.)|"([^"]*)"|'([^']*)'|\$(?:\{([^}]*)\}|\(([^)]*)\)|([\w:]+))/g,
    (_whole, escaped?: string, double?: string, single?: string, ...variable: (string | undefined)[]) => {
      const plain = (escaped && (controls[escaped] ?? escaped)) ?? double ?? single;
      if (plain !== undefined) return plain;
      const found = variableOf(sections, section, variable.slice(0, 3).find((name) => name !== undefined) ?? '');
      known &&= found !== undefined;
      return found ?? '';
    },
  );
  return known ? value : undefined;
}

function variableOf(sections: Sections, section: string, name: string): string | undefined {
  const [, of, word = name] = /^(.*)::(.*)$/.exec(name) ?? [];
  return of === 'ENV' ? process.env[word] : lookUp(sections, of ?? section, word);
}
