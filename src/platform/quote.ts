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

/** A text as one word of a POSIX shell, whatever it holds. Throws for NUL, which no word can hold. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new Error('a NUL cannot be a part of a shell word');
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
