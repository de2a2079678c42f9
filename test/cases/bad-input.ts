/**
 * Input that is hostile or broken, and what each gets. Every row runs in a folder of its own, which holds
 *
 * - `pki`, a good PKI directory;
 * - `host-req.pem`, a good request, and `host-privkey.pem`, its key;
 * - `good-privkey.pem`, `good-req.pem` and `good-cert.pem`, a host whose certificate was issued.
 */

import type { ErrorCode } from '../../src/errors.js';
import { badDirectories } from './bad-directories.js';
import { badFiles } from './bad-files.js';
import { badKeys } from './bad-keys.js';
import { badNames } from './bad-names.js';
import { badOptions } from './bad-options.js';
import { badRequests } from './bad-requests.js';

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

export const badInputs: readonly BadInput[] = [
  ...badNames,
  ...badRequests,
  ...badKeys,
  ...badFiles,
  ...badDirectories,
  ...badOptions,
];
