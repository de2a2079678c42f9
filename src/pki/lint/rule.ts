/**
 * What a rule is. Rules are data: an identifier, where it is written, and a check that gives a sentence where the
 * rule is broken.
 *
 * @module
 */

export interface Rule<Subject, Context> {
  /** kebab-case, unique in its table. */
  readonly id: string;
  /** Where the rule comes from: an RFC with its section, or the program that demands it. */
  readonly citation: string;
  /** What is wrong, in a sentence; undefined where the rule is kept. */
  readonly check: (subject: Subject, context: Context) => string | undefined;
}

/** The outcome of a check. */
export function unless(good: boolean, message: string): string | undefined {
  return good ? undefined : message;
}

/** One broken rule. */
export interface Finding {
  readonly rule: string;
  readonly citation: string;
  readonly message: string;
}

/** Every rule that is broken, in the order of the table. */
export function findingsOf<Subject, Context>(
  rules: readonly Rule<Subject, Context>[],
  subject: Subject,
  context: Context,
): Finding[] {
  return rules.flatMap(({ id, citation, check }) => {
    const message = check(subject, context);
    return message === undefined ? [] : [{ rule: id, citation, message }];
  });
}
