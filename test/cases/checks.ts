/**
 * Scenes and what `check` must find in them. Each begins in a folder with a PKI directory `pki` whose keys are EC keys,
 * and with `host`, certified for 100 days.
 */

import { chmodSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodePlatform, switchRollover } from '../../src/index.js';
import { badKeyFile, ecKeyFile, readPem, rsaKeyFile } from '../support/keys.js';
import { caFolderIn, makeRequest, opensslCa, oursWell } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { fixtureKey } from '../support/x509.js';
import { all, type CheckCase, contradictionCases, sign } from './check-contradictions.js';

const revoke = (folder: string) => opensslCa(folder, 'switch', ['-revoke', join(folder, 'host-cert.pem')]);
const unrevoke = (folder: string) =>
  opensslCa(folder, 'switch', ['-crl_reason', 'removeFromCRL', '-revoke', join(folder, 'host-cert.pem')]);
const list = (folder: string) => opensslCa(folder, 'switch', ['-gencrl', '-crldays', '30', '-out', 'crl.pem']);
const prepareRollover = (folder: string) => oursWell(folder, ['rollover', 'prepare']);
const prepareAndSwitch = async (folder: string) => {
  await prepareRollover(folder);
  await switchRollover(nodePlatform(), { pkiDirectory: join(folder, 'pki'), type: 'switch' });
};
const remove = (file: string) => (folder: string) => rmSync(join(folder, file));
const write = (file: string, content: () => string) => (folder: string) => writeFileSync(join(folder, file), content());
const expireOldest = (folder: string) => forEachCopy(folder, 0, 1, (file) => rmSync(file));
const issueElsewhere =
  (keyFile: string, ...args: readonly string[]) =>
  async (folder: string) => {
    await makeRequest(folder, 'other', keyFile);
    const files = ['-in', join(folder, 'other-req.pem'), '-out', join(folder, 'other.pem')];
    await opensslCa(folder, 'switch', ['-extensions', 'usr_cert', ...files, ...args]);
  };
const encryptedKey = (): string =>
  String(fixtureKey(1).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }));
const switchKey = 'pki/switchca/private/cakey.pem';

/** The copies of the leaves, in the order of the index. */
function forEachCopy(folder: string, from: number, to: number, action: (file: string) => void): void {
  const ca = caFolderIn(folder, 'switch');
  const serials = readPem(join(ca, 'index.txt'))
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t')[3]);
  for (const serial of serials.slice(from, to)) action(join(ca, 'newcerts', `${serial}.pem`));
}

export const checkCases: readonly CheckCase[] = [
  ...contradictionCases,
  { title: 'all is well', reasons: [] },
  { title: 'a certificate that ends in 31 days', day: 69, reasons: [] },
  { title: 'a certificate that ends in 29 days', day: 71, reasons: ['warning leaf-expiry host'] },
  { title: 'a certificate that ends in 6 days', day: 94, reasons: ['critical leaf-expiry host'] },
  { title: 'a certificate that has expired', day: 101, reasons: ['critical leaf-expiry host'] },
  { title: 'one whose host is in the inventory', hosts: ['host', 'other'], reasons: [] },
  { title: 'one whose host has another name', hosts: ['renamed'], reasons: ['warning without-host host'] },
  {
    title: 'one without host that is revoked',
    hosts: ['renamed'],
    make: all(revoke, list),
    reasons: [],
  },
  {
    title: 'one without host that has expired',
    hosts: ['renamed'],
    day: 101,
    reasons: ['critical leaf-expiry host'],
  },
  { title: 'one that has a newer of the same name', make: sign(200), day: 101, reasons: [] },
  { title: 'one whose newer one ends sooner', make: sign(50), day: 60, reasons: [] },
  {
    title: 'one whose newer one is revoked',
    make: all(sign(200), revoke),
    day: 80,
    reasons: ['warning crl-missing switchca', 'warning leaf-expiry host'],
  },
  { title: 'only a revoked one, expired', make: revoke, day: 101, reasons: [] },
  { title: 'a revoked one without a CRL', make: revoke, reasons: ['warning crl-missing switchca'] },
  { title: 'a revoked one with a CRL', make: all(revoke, list), reasons: [] },
  { title: 'a CRL that ends in 5 days', make: all(revoke, list), day: 25, reasons: ['warning crl-expiry switchca'] },
  { title: 'a CRL that has ended', make: all(revoke, list), day: 31, reasons: ['critical crl-expiry switchca'] },
  { title: 'a CRL that knows too little', make: all(list, revoke), reasons: ['critical crl-behind switchca'] },
  {
    title: 'a row that takes a certificate off delta CRLs, and a list of ours, which has none of these',
    make: all(unrevoke, (folder) => oursWell(folder, ['crl'])),
    reasons: [],
  },
  {
    title: 'a CRL of another CA in its place',
    make: all(revoke, list, remove('pki/switchca/crl.pem'), (folder) =>
      opensslCa(folder, 'controller', ['-gencrl', '-out', '../switchca/crl.pem']),
    ),
    reasons: ['warning crl-missing switchca'],
  },
  {
    title: 'CAs that end in 20 days',
    make: revoke,
    day: 3630,
    reasons: ['warning ca-expiry cacert.pem', 'warning ca-expiry cacert.pem'],
  },
  {
    title: 'CAs that have expired',
    make: revoke,
    day: 3651,
    reasons: ['critical ca-expiry cacert.pem', 'critical ca-expiry cacert.pem'],
  },
  {
    title: 'a rollover that was prepared 29 days ago',
    make: prepareRollover,
    day: 29,
    reasons: [],
  },
  {
    title: 'a rollover of which the list of the old CA was forgotten when one was made anew',
    make: all(list, prepareAndSwitch, revoke, list),
    reasons: ['critical crl-behind switchca'],
  },
  {
    title: 'lists of both CAs of a rollover that have ended, and one that was prepared too long ago',
    make: all(list, prepareAndSwitch),
    day: 35,
    reasons: ['critical crl-expiry switchca', 'critical crl-expiry switchca', 'warning rollover-open switchca'],
  },
  {
    title: 'a rollover that was prepared 40 days ago',
    make: prepareRollover,
    day: 40,
    reasons: ['warning rollover-open switchca'],
  },
  {
    title: 'CAs that are not valid yet',
    day: -1,
    reasons: ['critical ca-expiry cacert.pem', 'critical ca-expiry cacert.pem'],
  },
  {
    title: 'a CA that ends in 200 days, before a certificate of openssl ca',
    make: all(revoke, issueElsewhere(rsaKeyFile(2), '-days', '5000')),
    day: 3450,
    reasons: ['warning ca-before-leaf cacert.pem'],
  },
  {
    title: 'a CA that ends in 200 days, together with a certificate of ours',
    make: all(sign(10_000)),
    day: 3450,
    reasons: ['warning ca-before-leaf cacert.pem'],
  },
  {
    title: 'a CA that ends in 370 days, before a certificate of openssl ca',
    make: all(revoke, issueElsewhere(rsaKeyFile(2), '-days', '5000')),
    day: 3280,
    reasons: [],
  },
  {
    title: 'a key of 1024 bits',
    make: issueElsewhere(badKeyFile('weak-rsa-1024')),
    reasons: ['warning weak-key other'],
  },
  {
    title: 'a key with exponent 3',
    make: issueElsewhere(badKeyFile('weak-exponent-3')),
    reasons: ['warning weak-key other'],
  },
  { title: 'SHA-1', make: issueElsewhere(rsaKeyFile(2), '-md', 'sha1'), reasons: ['warning weak-signature other'] },
  {
    title: 'a key of 1024 bits whose certificate has expired',
    make: issueElsewhere(badKeyFile('weak-rsa-1024'), '-days', '10'),
    day: 11,
    reasons: ['critical leaf-expiry other'],
  },
  {
    title: 'a CA whose key has 1024 bits',
    make: async (folder) => {
      const key = badKeyFile('weak-rsa-1024');
      const ca = caFolderIn(folder, 'switch');
      await runWell(
        'openssl',
        ['req', '-x509', '-key', key, '-days', '4000', '-subj', '/O=Open vSwitch/CN=ca', '-out', 'cacert.pem'],
        { cwd: ca },
      );
      writeFileSync(join(ca, 'private/cakey.pem'), readPem(key));
    },
    reasons: ['warning not-issued-here host-cert.pem', 'warning weak-key cacert.pem'],
  },
  {
    title: 'the key of another certificate',
    make: write('host-privkey.pem', () => readPem(rsaKeyFile(2))),
    reasons: ['critical key-mismatch host-privkey.pem'],
  },
  {
    title: 'a damaged key',
    make: write('host-privkey.pem', () => readPem(rsaKeyFile(1)).slice(0, 500)),
    reasons: ['critical key-mismatch host-privkey.pem'],
  },
  { title: 'an encrypted key', make: write('host-privkey.pem', encryptedKey), reasons: [], unchecked: 1 },
  { title: 'no key beside the certificate', make: remove('host-privkey.pem'), reasons: [] },
  {
    title: 'the key of another CA',
    make: write(switchKey, () => readPem(ecKeyFile('p256', 1))),
    reasons: ['critical key-mismatch cakey.pem'],
  },
  { title: 'a CA whose key is elsewhere', make: remove(switchKey), reasons: ['critical ca-key-missing cakey.pem'] },
  {
    title: 'a key of a CA that is a link to what is not there',
    make: all(remove(switchKey), (folder) => symlinkSync('/media/stick/cakey.pem', join(folder, switchKey))),
    reasons: ['critical ca-key-missing cakey.pem'],
  },
  {
    title: 'a rollover whose next key is gone',
    make: all(prepareRollover, remove('pki/switchca/rollover/new/private/cakey.pem')),
    reasons: ['critical ca-key-missing cakey.pem'],
  },
  {
    title: 'a rollover whose next key is another one',
    make: all(
      prepareRollover,
      write('pki/switchca/rollover/new/private/cakey.pem', () => readPem(ecKeyFile('p256', 1))),
    ),
    reasons: ['critical key-mismatch cakey.pem'],
  },
  {
    title: 'a rollover whose key that signs now is gone',
    make: all(prepareAndSwitch, remove('pki/switchca/rollover/new/private/cakey.pem')),
    reasons: ['critical ca-key-missing cakey.pem'],
  },
  {
    title: 'a key that all can read',
    make: (folder) => chmodSync(join(folder, 'host-privkey.pem'), 0o644),
    reasons: ['critical key-exposed host-privkey.pem'],
  },
  {
    title: 'a key of a CA that its group can read, in a folder that the group can enter',
    make: (folder) => {
      chmodSync(join(folder, switchKey), 0o640);
      chmodSync(join(folder, 'pki/switchca/private'), 0o750);
    },
    reasons: ['critical key-exposed cakey.pem'],
  },
  {
    title: 'a key of a CA that all could read, in a folder that nobody else can enter',
    make: (folder) => chmodSync(join(folder, switchKey), 0o644),
    reasons: [],
  },
  {
    title: 'a certificate that another CA has signed',
    make: async (folder) => {
      const openssl = (...args: string[]) => runWell('openssl', args, { cwd: folder });
      await openssl('req', '-x509', '-key', rsaKeyFile(2), '-subj', '/CN=other', '-out', 'other.pem');
      const by = ['-CA', 'other.pem', '-CAkey', rsaKeyFile(2), '-set_serial', '7', '-days', '99'];
      await openssl('x509', '-req', '-in', 'host-req.pem', ...by, '-out', 'host-cert.pem');
    },
    reasons: ['warning not-issued-here host-cert.pem'],
  },
  {
    title: 'a private key that is named for checking',
    files: ['host-privkey.pem'],
    reasons: ['critical nothing-to-check host-privkey.pem'],
  },
  {
    title: 'a request that is named for checking',
    files: ['host-req.pem'],
    reasons: ['critical nothing-to-check host-req.pem'],
  },
  {
    title: 'unique subjects wanted, and there are',
    make: write('pki/switchca/index.txt.attr', () => 'unique_subject = yes\n'),
    reasons: [],
  },
  {
    title: 'unique subjects wanted, and one has two certificates',
    make: all(
      sign(200),
      write('pki/switchca/index.txt.attr', () => 'unique_subject = yes\n'),
    ),
    reasons: ['critical unique-subject index.txt.attr'],
  },
  {
    title: 'a damaged certificate here',
    make: write('host-cert.pem', () => 'rubbish'),
    reasons: ['critical certificate-damaged host-cert.pem'],
  },
  {
    title: 'an empty file in place of a certificate',
    make: write('host-cert.pem', () => ''),
    reasons: ['critical certificate-damaged host-cert.pem'],
  },
  {
    title: 'a copy that is missing',
    make: (folder) => forEachCopy(folder, 0, 1, (file) => rmSync(file)),
    reasons: ['warning copy-missing host'],
  },
  { title: 'an old copy that is missing', make: all(sign(200), expireOldest), reasons: [] },
  {
    title: 'a copy that is empty',
    make: (folder) => forEachCopy(folder, 0, 1, (file) => writeFileSync(file, '')),
    reasons: ['warning copy-unreadable host'],
  },
  {
    title: 'a copy that is cut off',
    make: (folder) => forEachCopy(folder, 0, 1, (file) => writeFileSync(file, readPem(file).slice(0, -900))),
    reasons: ['warning copy-unreadable host'],
  },
  {
    title: 'a copy with a long text before it',
    make: (folder) =>
      forEachCopy(folder, 0, 1, (file) => writeFileSync(file, `${'text\n'.repeat(20_000)}${readPem(file)}`)),
    reasons: [],
  },
  {
    title: 'a self-signed certificate here that ends soon',
    make: async (folder) => {
      await makeRequest(folder, 'alone', rsaKeyFile(2));
      await oursWell(folder, ['self-sign', '--days', '20', 'alone']);
    },
    reasons: ['warning leaf-expiry alone-cert.pem'],
  },
  { title: 'a named file', files: ['host-cert.pem'], day: 80, reasons: ['warning leaf-expiry host-cert.pem'] },
  {
    title: 'a named CRL and CA certificate',
    make: list,
    files: ['pki/switchca/crl.pem', 'pki/switchca/cacert.pem'],
    day: 31,
    reasons: ['critical crl-expiry crl.pem'],
  },
  {
    title: 'named files of one name, of which the newer counts',
    make: all((folder) => writeFileSync(join(folder, 'old.pem'), readPem(join(folder, 'host-cert.pem'))), sign(200)),
    files: ['old.pem', 'host-cert.pem'],
    day: 101,
    reasons: [],
  },
  {
    title: 'a PKI directory that is not needed',
    make: (folder) => rmSync(join(folder, 'pki'), { recursive: true }),
    files: ['host-cert.pem'],
    reasons: [],
  },
];
