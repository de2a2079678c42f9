/** What a parity case is: one command line, run through ovs-pki and through ovs-pki-ts in twin folders. */

import type { DifferenceId } from './differences.js';

export interface ParityCase {
  readonly title: string;
  /** `{cwd}` stands for the folder that the program runs in. */
  readonly args: readonly string[];
  /**
   * What is in the folder: nothing; the ready-made PKI directory, requests and certificates of ready.ts, by each
   * program its own (the default); or for both of them those that ovs-pki made.
   */
  readonly from?: 'nothing' | 'own' | 'ovs-pki';
  /** Done to the folder before the program runs. */
  readonly prepare?: readonly Step[];
  /** Octal digits; 022 unless told. */
  readonly umask?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What stands on standard input. */
  readonly input?: string;
  /** The log goes to a file outside the folder, unless a case says how it is with the log. */
  readonly log?: 'as the arguments say';
  /** Runs as a user who may write to the folder and nowhere else. */
  readonly as?: 'nobody';
  /** Runs only where the default log file may be written. */
  readonly needs?: 'root';
  /** The rows of docs/compatibility.md that the case shows: all of them, and nothing else, must differ. */
  readonly differs?: readonly DifferenceId[];
}

export type Step =
  | { readonly write: string; readonly text: string }
  | { readonly copy: string; readonly to: string }
  | { readonly folder: string }
  | { readonly link: string; readonly to: string }
  | { readonly remove: string };

/** What every command line that fails in both programs shows. */
export const failed = ['exit-status', 'error-text'] as const satisfies readonly DifferenceId[];
/** What every certificate of a CA shows. */
export const issued = [
  'serial-numbers',
  'leaf-extensions',
  'not-before',
  'not-after',
  'ca-folder-files',
] as const satisfies readonly DifferenceId[];

export function without(ids: readonly DifferenceId[], left: DifferenceId): DifferenceId[] {
  return ids.filter((id) => id !== left);
}
