/** Parts of a CA's folder that contradict each other, and what `check` must call them. */

import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodePlatform, retireRollover, switchRollover } from '../../src/index.js';
import { readPem } from '../support/keys.js';
import { caFolderIn, oursWell } from '../support/pki.js';

export interface CheckCase {
  readonly title: string;
  readonly make?: (folder: string) => unknown;
  /** When check runs, in days from now; 1 unless told otherwise. */
  readonly day?: number;
  /** Severity, rule and what it is about, which is the name of a file without its folder. */
  readonly reasons: readonly string[];
  /** How much could not be looked at. */
  readonly unchecked?: number;
  /** Files that are looked at in place of the directory. */
  readonly files?: readonly string[];
  /** The names of the hosts in an inventory. */
  readonly hosts?: readonly string[];
}

/** One thing after the other. */
export const all =
  (...steps: readonly ((folder: string) => unknown)[]) =>
  async (folder: string): Promise<void> => {
    for (const step of steps) await step(folder);
  };
export const sign = (days: number) => (folder: string) =>
  oursWell(folder, ['sign', '-b', '-f', '--days', String(days), 'host']);
/** Puts a file of the CA back, as it was before some steps. */
const putBack =
  (file: string, ...steps: readonly ((folder: string) => unknown)[]) =>
  async (folder: string): Promise<void> => {
    const place = join(caFolderIn(folder, 'switch'), file);
    const before = readFileSync(place);
    await all(...steps)(folder);
    writeFileSync(place, before);
  };
const oursRevoke = (reason: string) => (folder: string) => oursWell(folder, ['revoke', 'host', '--reason', reason]);
const release = (folder: string) => oursWell(folder, ['revoke', 'host', '--release']);
const oursList = (folder: string) => oursWell(folder, ['crl']);
const serialOfHost = (folder: string): string =>
  readPem(join(caFolderIn(folder, 'switch'), 'index.txt')).split('\t')[8] ?? '';
const damageNewest = (folder: string): void => {
  const ca = caFolderIn(folder, 'switch');
  const [, , , serial = ''] = readPem(join(ca, 'index.txt')).trimEnd().split('\n').at(-1)?.split('\t') ?? [];
  writeFileSync(join(ca, 'newcerts', `${serial}.pem`), 'cut');
};
const emptyRegister = (folder: string): void => {
  const keys = join(caFolderIn(folder, 'switch'), 'keys');
  for (const name of readdirSync(keys)) if (name !== 'state') writeFileSync(join(keys, name), '');
};
const otherCaCertificate = (folder: string): void => {
  const entry = { time: '2026-01-01T00:00:00Z', operator: 'x', action: 'import', serialNumber: 'AB' };
  const lines = ['intent', 'recorded'].map((event) => `${JSON.stringify({ ...entry, event })}\n`);
  appendFileSync(join(caFolderIn(folder, 'switch'), 'audit.log'), lines.join(''));
};

const rollover = { pkiDirectory: 'pki', type: 'switch' } as const;
const rollOver = [
  (folder: string) => oursWell(folder, ['rollover', 'prepare', '--pki-only']),
  (folder: string) => switchRollover(nodePlatform(), { ...rollover, pkiDirectory: join(folder, 'pki') }),
  (folder: string) => retireRollover(nodePlatform(), { ...rollover, pkiDirectory: join(folder, 'pki'), force: true }),
];

/** Parts of a CA's folder that contradict each other. */
export const contradictionCases: readonly CheckCase[] = [
  {
    title: 'an index of before a revocation',
    make: putBack('index.txt', oursRevoke('keyCompromise'), oursList),
    reasons: ['critical revocation-lost index.txt'],
  },
  {
    title: 'an index in which a compromised key is only on hold',
    make: all(oursRevoke('certificateHold'), putBack('index.txt', oursRevoke('keyCompromise'), oursList)),
    reasons: ['critical revocation-lost index.txt'],
  },
  {
    title: 'an index of before a release',
    make: all(oursRevoke('certificateHold'), oursList, putBack('index.txt', release)),
    reasons: ['critical release-lost index.txt'],
  },
  {
    title: 'a hold that was released, and is on the CRL still',
    make: all(oursRevoke('certificateHold'), oursList, release),
    reasons: ['warning crl-behind switchca'],
  },
  {
    title: 'an index of before a certificate',
    make: putBack('index.txt', sign(100)),
    reasons: ['critical certificate-lost index.txt'],
  },
  {
    title: 'an index of before a certificate, whose copy is damaged',
    make: putBack('index.txt', sign(100), (folder) => damageNewest(folder)),
    reasons: ['critical certificate-lost index.txt'],
  },
  {
    title: 'an index whose last row is cut off inside its subject',
    make: (folder) => {
      const index = join(caFolderIn(folder, 'switch'), 'index.txt');
      writeFileSync(index, readPem(index).slice(0, -3));
    },
    reasons: ['critical certificate-lost index.txt'],
  },
  {
    title: 'an index of before a certificate of a key that was retired',
    make: putBack('index.txt', sign(100), ...rollOver),
    reasons: ['critical certificate-lost index.txt', 'warning not-issued-here host-cert.pem'],
  },
  {
    title: 'a number that a CRL has had',
    make: putBack('crlnumber', oursList),
    reasons: ['critical crl-number-behind crlnumber'],
  },
  {
    title: 'a file that lacks the number of the next CRL',
    make: (folder) => rmSync(join(caFolderIn(folder, 'switch'), 'crlnumber')),
    reasons: ['critical number-missing crlnumber'],
  },
  {
    title: 'a file that holds no serial number',
    make: (folder) => writeFileSync(join(caFolderIn(folder, 'switch'), 'serial'), 'next\n'),
    reasons: ['critical number-missing serial'],
  },
  {
    title: 'a CA without the file of openssl ca',
    make: (folder) => rmSync(join(caFolderIn(folder, 'switch'), 'ca.cnf')),
    reasons: ['critical config-missing ca.cnf'],
  },
  {
    title: 'a profile that openssl ca does not know of',
    make: (folder) => writeFileSync(join(folder, 'pki/profile.conf'), '[switch]\nsubject = /O=Company\n'),
    reasons: ['critical config-behind ca.cnf'],
  },
  {
    title: 'a profile that cannot be read',
    make: (folder) => writeFileSync(join(folder, 'pki/profile.conf'), 'subject = /CN=Company\n'),
    reasons: ['critical profile-invalid profile.conf', 'critical profile-invalid profile.conf'],
  },
  {
    title: 'a CRL of before the last one',
    make: all(oursList, putBack('crl.pem', oursList)),
    reasons: ['critical crl-older crl.pem'],
  },
  {
    title: 'a serial number that a certificate has',
    make: (folder) => writeFileSync(join(caFolderIn(folder, 'switch'), 'serial'), `${serialOfHost(folder)}\n`),
    reasons: ['critical serial-used serial'],
  },
  {
    title: 'a register without the key of a certificate',
    make: all(sign(100), emptyRegister),
    reasons: ['critical register-behind keys'],
  },
  {
    title: 'a certificate of the CA that is not its last one',
    make: otherCaCertificate,
    reasons: ['critical ca-certificate-older cacert.pem'],
  },
];
