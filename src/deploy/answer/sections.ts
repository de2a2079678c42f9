/**
 * The answer of a remote script: sections, each behind a line with a mark, its name and an exit status.
 *
 * @module
 */

export interface Section {
  readonly status: number;
  readonly text: string;
}

export function parseSections(output: string, mark: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Section>();
  // What follows the last mark is complete only because the script says so itself: its section "end" is looked for.
  for (const part of `\n${output}`.split(`\n${mark} `).slice(1)) {
    const [, name, status, text] = /^([^\n]+) (\d{1,9})\n(.*)$/s.exec(`${part}\n`) ?? [];
    if (name !== undefined) sections.set(name, { status: Number(status), text: withoutLastNewlines(text ?? '') });
  }
  return sections;
}

/** Without a regular expression: one that looks for the end begins anew at each of a million newlines. */
function withoutLastNewlines(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}
