/**
 * Names in the configuration files of openssl(1), of config(5) form.
 *
 * @module
 */

import type { NameAttribute } from './name.js';
import { attributeShortNames } from './oid.js';

/** The lines of a section with a name for `openssl req`: a type that stands there again is numbered. */
export function nameLines(attributes: readonly NameAttribute[], width = 0): string {
  return attributes
    .map(({ type, value }, at) => {
      const word = attributeShortNames.get(type) ?? type;
      const before = attributes.slice(0, at).filter((other) => other.type === type).length;
      return `${(before === 0 ? word : `${before}.${word}`).padEnd(width)} = ${configValue(value)}\n`;
    })
    .join('');
}

/** Text as a value: nothing in it begins a comment, a quotation or the name of a variable. */
export function configValue(text: string): string {
  return text.replaceAll(/[\\$"'`#;]/g, '\\$&');
}
