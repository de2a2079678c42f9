/**
 * The files under `templates/`: `@name@` is a placeholder. A placeholder without a value, or a value without a
 * placeholder, is a bug and is thrown as one.
 *
 * @module
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Two folders up, from the compiled file as from the bundle of the program. */
const folder = new URL('../../templates/', import.meta.url);

/** Where a template is on this machine, for programs that read it there. */
export function templatePath(name: string): string {
  return fileURLToPath(new URL(name, folder));
}

export function fillTemplate(name: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const text = readFileSync(new URL(name, folder), 'utf8').replaceAll(/@([a-z_]+)@/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`templates/${name}: no value for @${key}@`);
    unused.delete(key);
    return value;
  });
  if (unused.size > 0) throw new Error(`templates/${name}: nothing uses ${[...unused].join(', ')}`);
  return text;
}
