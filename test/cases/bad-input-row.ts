/** A row of the table of bad input. */

import type { ErrorCode } from '../../src/errors.js';

export interface BadInput {
  readonly title: string;
  /** Puts the input into the folder. */
  readonly make?: (folder: string) => void;
  /** `sign --batch host` unless told otherwise. */
  readonly args?: readonly string[];
  readonly standardInput?: string;
  /** The code of the error; `accepted` for what looks odd and is good. */
  readonly code: ErrorCode | 'accepted';
  /** For REQUEST_REFUSED and LINT_FAILED: every rule that is broken, in the order of the tables. */
  readonly rules?: readonly string[];
}
