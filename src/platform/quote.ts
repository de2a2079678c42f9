/**
 * The one place where a text becomes a word of a shell command.
 *
 * @module
 */

/** A text as one word of a POSIX shell, whatever it holds. Throws for NUL, which no word can hold. */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new Error('a NUL cannot be a part of a shell word');
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
