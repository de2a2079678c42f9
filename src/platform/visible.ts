/**
 * Foreign text as a terminal may see it: what could move its cursor, change its state, hide text or show it in another
 * order is written as its code. All that the program prints goes through here, in {@link ./output.ts}; who makes a line of
 * foreign text uses {@link visible}, since only there is it known that a line end is none of ours.
 *
 * @module
 */

/** A text that is to stay on its line. */
export function visible(text: string): string {
  return text.replaceAll(hidden, codeOf);
}

/** The same for a form that has no codes for them. */
export function masked(text: string): string {
  return text.replaceAll(hidden, '?');
}

/** Text whose line ends and tabs are ours. */
export function visibleLines(text: string): string {
  return text.replaceAll(hidden, (character) =>
    character === '\n' || character === '\t' ? character : codeOf(character),
  );
}

/** A JSON document: the same value, in characters that can be seen (RFC 8259, 7). */
export function visibleJson(json: string): string {
  return json.replaceAll(hidden, (character) => {
    if (character === '\n') return character;
    return Array.from({ length: character.length }, (_, index) => escapeOf(character.charCodeAt(index))).join('');
  });
}

/**
 * C0, DEL and C1; formats such as the controls of writing direction and the characters without width; separators of lines
 * and paragraphs; halves of pairs; and what is shown as nothing.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;

function codeOf(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
