/**
 * Keys of an inventory that its form does not have: each is told, and what may have been meant.
 *
 * @module
 */

import { closest, describeValue, type Fault, type Path } from './fault.js';
import { optionRules, whyRefused } from './tunnel-options.js';

/** What schemas of the kinds that the form is made of have in common. */
interface SchemaShape {
  readonly type?: string;
  readonly entries?: Readonly<Record<string, SchemaShape>>;
  readonly wrapped?: SchemaShape;
  readonly item?: SchemaShape;
  readonly value?: SchemaShape;
}

/** Keys that the form does not have, wherever they are. */
export function strangeKeys(schema: SchemaShape, value: unknown, path: Path): Fault[] {
  if (schema.wrapped !== undefined) return strangeKeys(schema.wrapped, value, path);
  if (typeof value !== 'object' || value === null) return [];
  if (schema.type === 'array' && schema.item !== undefined && Array.isArray(value)) {
    const { item } = schema;
    return value.flatMap((element, index) => strangeKeys(item, element, [...path, index]));
  }
  if (schema.type !== 'strict_object' && schema.type !== 'record') return [];
  if (Array.isArray(value)) return [{ path, message: `must be a map (name: value), not ${describeValue(value)}` }];
  return Object.entries(value).flatMap(([name, part]): Fault[] => {
    const place = [...path, name];
    // valibot passes over these three names without a word
    if (/^(__proto__|prototype|constructor)$/.test(name)) return [{ path: place, message: 'cannot be used as a name' }];
    const known = schema.entries === undefined ? schema.value : ownValue(schema.entries, name);
    if (known !== undefined) return strangeKeys(known, part, place);
    return [{ path: place, message: unknownKey(name, path.at(-1), Object.keys(schema.entries ?? {})) }];
  });
}

function ownValue<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function unknownKey(name: string, parent: string | number | undefined, known: readonly string[]): string {
  if (parent !== 'options') return `is not known here${closest(name, known) || `; known are ${known.join(', ')}`}`;
  if (Object.hasOwn(optionRules, name))
    return 'belongs into the options of the tunnel, because both ends must agree on it';
  return `is not an option that can be set${closest(name, known) || `: ${whyRefused(name) ?? `known are ${known.join(', ')}`}`}`;
}
