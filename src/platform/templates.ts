/**
 * The files under `templates/`: `@name@` is a placeholder. A placeholder without a value, or a value without a
 * placeholder, is a bug and is thrown as one.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** Where `templates/` is, seen from this file and from the bundle of the program (dist/*.js, dist/x/*.js). */
const folders = ['../templates/', '../../templates/', '../../../templates/'];

export function fillTemplate(name: string, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const text = readTemplate(name).replaceAll(/@([a-z_]+)@/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`templates/${name}: no value for @${key}@`);
    unused.delete(key);
    return value;
  });
  if (unused.size > 0) throw new Error(`templates/${name}: nothing uses ${[...unused].join(', ')}`);
  return text;
}

function readTemplate(name: string): string {
  for (const folder of folders) {
    try {
      return readFileSync(new URL(folder + name, import.meta.url), 'utf8');
    } catch {
      // Not there: the next place.
    }
  }
  throw new Error(`templates/${name} is missing from this installation`);
}
