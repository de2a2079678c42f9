/**
 * Results as JSON for programs: one document a call, with the version of its form.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { visibleJson } from '../../platform/visible.js';
import { hintOf } from './hint.js';

/** Raised when a key is renamed or removed, not when one is added. */
const formatVersion = 1;

export function jsonText(
  command: string | undefined,
  content: Readonly<Record<string, unknown>>,
  directory?: string,
): string {
  const replaceErrors = (_key: string, value: unknown): unknown =>
    value instanceof OvsPkiError ? errorJson(value, directory) : value;
  return `${visibleJson(JSON.stringify({ version: formatVersion, command, ...content }, replaceErrors, 2))}\n`;
}

/** An error as the JSON document shows it. */
export function errorJson(error: OvsPkiError, directory?: string) {
  const { code, message, details } = error;
  return { code, message, hint: hintOf(error, directory), details };
}
