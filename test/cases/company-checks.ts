/** Scenes of CAs that another CA signs, and what `check` must find in them; of the same kind as those of checks.ts. */

import { join } from 'node:path';
import { oursWell } from '../support/pki.js';
import type { CheckCase } from './check-contradictions.js';

export const companyChecks: readonly CheckCase[] = [
  {
    title: 'a key for the next CA that waits for its certificate',
    make: (folder) => oursWell(folder, ['rollover', 'prepare', '--request', join(folder, 'next.csr')]),
    reasons: ['warning request-open switchca.request'],
  },
  {
    title: 'a key that waits, and the CA is that of the controllers',
    make: (folder) =>
      oursWell(folder, ['import', 'controller', '--request', '-', '--subject', '/CN=Acme', '--key', 'ec']),
    reasons: ['warning request-open controllerca.request'],
  },
];
