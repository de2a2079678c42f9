/** Scenes of CAs that another CA signs, and what `check` must find in them; of the same kind as those of checks.ts. */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { companyLists, companyRevokes, companySigns, foundCompany } from '../support/company.js';
import { oursWell } from '../support/pki.js';
import type { CheckCase } from './check-contradictions.js';

/** In place of the CA for switches that is there. */
async function becomeCompany(folder: string): Promise<void> {
  await foundCompany(folder);
  await oursWell(folder, ['import', 'switch', '--request', 'sub.csr', '--subject', '/CN=Acme', '--key', 'ec']);
  await companySigns(folder, 'sub.csr', 'sub.pem');
  await oursWell(folder, ['import', 'switch', '--ca-cert', 'sub.pem', '--chain', 'root.pem', '--force']);
  rmSync(join(folder, 'host-cert.pem'));
}

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
  {
    title: 'a CA whose root has revoked it',
    make: async (folder) => {
      await becomeCompany(folder);
      await companyRevokes(folder, 'sub.pem');
      await companyLists(folder, 'root.crl');
      await oursWell(folder, ['import', 'switch', '--crl', 'root.crl']);
    },
    reasons: ['critical ca-revoked cacert.pem'],
  },
  {
    title: 'a root whose CRL has expired, with nothing on it',
    make: async (folder) => {
      await becomeCompany(folder);
      await companyLists(folder, 'root.crl');
      await oursWell(folder, ['import', 'switch', '--crl', 'root.crl']);
    },
    day: 91,
    reasons: ['critical crl-expiry switchca'],
  },
];
