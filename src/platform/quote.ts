/**
 * The one place where a text becomes a word of a shell command.
 *
 * @module
 */

/** A number as a word of a shell command. Throws for what is none, whatever its type says. */
export function shellNumber(value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new Error('what is to be a number in a shell command is none');
}

/**
 * A command that somebody is to type, as a template: what stands between is ours, and each value is one word or a part of one,
 * whatever it holds.
 */
export function shellCommand(ours: TemplateStringsArray, ...values: readonly (string | undefined)[]): string {
  return ours.reduce((text, part, index) => text + shownWord(values[index - 1] ?? '') + part);
}

/** A word of such a command. */
export function shownWord(text: string): string {
  return shellWord(text.replaceAll('\0', '?'));
}

/** A text as one word of a POSIX shell, whatever it holds. Throws for NUL, which no word can hold. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new Error('a NUL cannot be a part of a shell word');
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
