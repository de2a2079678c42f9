/**
 * What operations of OVSDB are made of (RFC 7047, 5.1 and 5.2).
 *
 * @module
 */

export type Operation = Readonly<Record<string, unknown>>;

/** A value of a column that holds a map. */
export function map(record: Readonly<Record<string, string>>): unknown {
  return ['map', Object.entries(record)];
}
