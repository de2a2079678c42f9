/**
 * Input that is hostile or broken, and what each gets. Every row runs in a folder of its own, which holds
 *
 * - `pki`, a good PKI directory;
 * - `host-req.pem`, a good request, and `host-privkey.pem`, its key;
 * - `good-privkey.pem`, `good-req.pem` and `good-cert.pem`, a host whose certificate was issued.
 */

import { badDirectories } from './bad-directories.js';
import { badExports } from './bad-exports.js';
import { badFiles } from './bad-files.js';
import { badFleets } from './bad-fleets.js';
import { badImports } from './bad-imports.js';
import type { BadInput } from './bad-input-row.js';
import { badKeys } from './bad-keys.js';
import { badNames } from './bad-names.js';
import { badOptions } from './bad-options.js';
import { badPassphrases } from './bad-passphrases.js';
import { badRequests } from './bad-requests.js';
import { badShows } from './bad-shows.js';
import { badTokens } from './bad-tokens.js';

export const badInputs: readonly BadInput[] = [
  ...badNames,
  ...badRequests,
  ...badKeys,
  ...badFiles,
  ...badDirectories,
  ...badOptions,
  ...badPassphrases,
  ...badTokens,
  ...badExports,
  ...badImports,
  ...badFleets,
  ...badShows,
];
