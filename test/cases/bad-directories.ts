/** PKI directories that are absent, incomplete or damaged, and CAs that cannot sign. */

import { createPrivateKey } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { badKeyFile, rsaKeyFile } from '../support/keys.js';
import {
  basicConstraints,
  buildCertificate,
  type CertificateParts,
  certificatePem,
  fixtureKey,
  inDays,
  keyUsage,
  loadKey,
  name,
  spkiOf,
} from '../support/x509.js';
import type { BadInput } from './bad-input-row.js';

const inCa = (folder: string, file: string): string => join(folder, 'pki/switchca', file);
const without = (file: string) => (folder: string) => rmSync(inCa(folder, file), { recursive: true });
const holding = (file: string, content: string) => (folder: string) => writeFileSync(inCa(folder, file), content);
const folderAt = (file: string) => (folder: string) => {
  rmSync(inCa(folder, file), { recursive: true, force: true });
  mkdirSync(inCa(folder, file));
};
const fileAt = (file: string) => (folder: string) => {
  rmSync(inCa(folder, file), { recursive: true, force: true });
  writeFileSync(inCa(folder, file), 'x');
};
const keyAt = (file: string) => (folder: string) => copyFileSync(file, inCa(folder, 'private/cakey.pem'));

/** The CA gets another certificate for its own key. */
const certifiedAs = (parts: Partial<CertificateParts>) => (folder: string) => {
  const signKey = createPrivateKey(readFileSync(inCa(folder, 'private/cakey.pem')));
  writeFileSync(
    inCa(folder, 'cacert.pem'),
    certificatePem(buildCertificate({ ...caParts, signKey, spki: spkiOf(signKey), ...parts })),
  );
};
const caName = name(['O', 'Open vSwitch'], ['CN', 'a CA']);
const caParts = { subject: caName, issuer: caName, extensions: [basicConstraints(true, 0), keyUsage(5, 6)] };

/** The CA gets another key, and a certificate of it. */
const keyed = (file: string) => (folder: string) => {
  keyAt(file)(folder);
  certifiedAs({ signKey: loadKey(file), spki: spkiOf(loadKey(file)), signature: 'sha256-rsa' })(folder);
};

export const badDirectories: readonly BadInput[] = [
  { title: 'no PKI directory', args: ['sign', '-b', '--dir', 'none', 'host'], code: 'PKI_NOT_FOUND' },
  {
    title: 'a profile with a common name',
    make: (folder) => writeFileSync(join(folder, 'pki/profile.conf'), 'subject = /O=Company/CN=host\n'),
    args: ['sign', '-b', 'host'],
    code: 'PROFILE_INVALID',
  },
  {
    title: 'a profile of an unknown key',
    make: (folder) => writeFileSync(join(folder, 'pki/profile.conf'), 'organization = Company\n'),
    args: ['renew', 'good'],
    code: 'PROFILE_INVALID',
  },
  {
    title: 'a folder as profile',
    make: (folder) => mkdirSync(join(folder, 'pki/profile.conf')),
    args: ['sign', '-b', 'host'],
    code: 'FILE_UNREADABLE',
  },
  {
    title: 'a CA of another country than one of two letters',
    args: ['init', '--dir', 'new', '--subject', '/C=GER/O=Company'],
    code: 'USAGE',
  },
  { title: 'a file as PKI directory', args: ['sign', '-b', '--dir', 'host-req.pem', 'host'], code: 'PKI_NOT_FOUND' },
  {
    title: 'a PKI directory below a file',
    args: ['sign', '-b', '--dir', 'host-req.pem/x', 'host'],
    code: 'PKI_NOT_FOUND',
  },
  {
    title: 'a PKI directory with a name too long',
    args: ['verify', '--dir', 'x'.repeat(5000), 'good'],
    code: 'PKI_NOT_FOUND',
  },
  {
    title: 'an empty PKI directory',
    make: (folder) => mkdirSync(join(folder, 'empty')),
    args: ['req+sign', '-u', '--dir', 'empty', 'host_2'],
    code: 'PKI_NOT_FOUND',
  },
  { title: 'no CA certificate', make: without('cacert.pem'), code: 'PKI_NOT_FOUND' },
  {
    title: 'no CA certificate, for verify',
    make: without('cacert.pem'),
    args: ['verify', 'good'],
    code: 'PKI_NOT_FOUND',
  },
  { title: 'no CA folder', make: without('.'), code: 'PKI_NOT_FOUND' },
  { title: 'an empty CA certificate', make: holding('cacert.pem', ''), code: 'PKI_CORRUPT' },
  {
    title: 'a damaged CA certificate',
    make: holding('cacert.pem', certificatePem(Uint8Array.of(0x30, 1))),
    code: 'PKI_CORRUPT',
  },
  { title: 'a CA certificate that is a folder', make: folderAt('cacert.pem'), code: 'FILE_UNREADABLE' },
  { title: 'no CA key', make: without('private/cakey.pem'), code: 'PKI_NOT_FOUND' },
  { title: 'an empty CA key', make: holding('private/cakey.pem', ''), code: 'PKI_CORRUPT' },
  { title: 'the key of another CA', make: keyAt(rsaKeyFile(11)), code: 'KEY_MISMATCH' },
  { title: 'a DSA key as CA key', make: keyAt(badKeyFile('dsa')), code: 'KEY_TYPE_UNSUPPORTED' },
  { title: 'an RSA-PSS key as CA key', make: keyAt(badKeyFile('rsa-pss')), code: 'KEY_TYPE_UNSUPPORTED' },
  {
    title: 'an encrypted CA key',
    make: (folder) =>
      writeFileSync(
        inCa(folder, 'private/cakey.pem'),
        fixtureKey(1).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }),
      ),
    code: 'KEY_ENCRYPTED',
  },
  { title: 'a CA key too small for the signature', make: keyed(badKeyFile('weak-rsa-512')), code: 'KEY_INVALID' },
  { title: 'a CA that has expired', make: certifiedAs({ notAfter: inDays(-0.5) }), code: 'CA_EXPIRED' },
  {
    title: 'a CA that is not valid yet',
    make: certifiedAs({ notBefore: inDays(1), notAfter: inDays(9) }),
    code: 'CA_EXPIRED',
  },
  {
    title: 'a CA without the CA flag',
    make: certifiedAs({ extensions: [basicConstraints(false), keyUsage(5)] }),
    code: 'LINT_FAILED',
    rules: ['issuer-is-ca'],
  },
  {
    title: 'a CA that may not sign',
    make: certifiedAs({ extensions: [basicConstraints(true, 0), keyUsage(6)] }),
    code: 'LINT_FAILED',
    rules: ['issuer-is-ca'],
  },
  {
    title: 'a CA of version 1',
    make: certifiedAs({ version: 0, extensions: [] }),
    code: 'LINT_FAILED',
    rules: ['issuer-is-ca'],
  },
  {
    title: 'a CA with an empty name',
    make: certifiedAs({ subject: name(), issuer: name() }),
    code: 'LINT_FAILED',
    rules: ['issuer-name'],
  },
  { title: 'no index', make: without('index.txt'), code: 'PKI_CORRUPT' },
  { title: 'an index that is a folder', make: folderAt('index.txt'), code: 'FILE_UNREADABLE' },
  {
    title: 'an index with a line of nonsense',
    make: (folder) => appendFileSync(inCa(folder, 'index.txt'), 'nonsense\n'),
    code: 'PKI_CORRUPT',
  },
  { title: 'revoke without an index', make: without('index.txt'), args: ['revoke', 'good'], code: 'PKI_CORRUPT' },
  {
    title: 'revoke of a row that is none',
    make: (folder) => appendFileSync(inCa(folder, 'index.txt'), 'V\tsoon\t\t01\tunknown\t/CN=x/CN=y\n'),
    args: ['revoke', 'y'],
    code: 'PKI_CORRUPT',
  },
  {
    title: 'revoke of what is revoked for another reason',
    make: (folder) =>
      appendFileSync(inCa(folder, 'index.txt'), 'R\t361119025221Z\t261122000000Z\t01\tunknown\t/CN=y\n'),
    args: ['revoke', 'y', '--reason=superseded'],
    code: 'REVOCATION_REFUSED',
  },
  {
    title: 'renew of a certificate that was revoked',
    make: (folder) => {
      const index = inCa(folder, 'index.txt');
      const text = readFileSync(index, 'latin1');
      writeFileSync(index, text.replace(/^V(.*)\t\t(.*\/CN=good)$/m, 'R$1\t261122000000Z,superseded\t$2'));
    },
    args: ['renew', 'good'],
    code: 'CERTIFICATE_REVOKED',
  },
  { title: 'renew without an index', make: without('index.txt'), args: ['renew', 'good'], code: 'PKI_CORRUPT' },
  {
    title: 'a request of a key that was revoked',
    make: (folder) => {
      const index = inCa(folder, 'index.txt');
      const text = readFileSync(index, 'latin1');
      writeFileSync(index, text.replace(/^V(.*)\t\t(.*\/CN=good)$/m, 'R$1\t261122000000Z,keyCompromise\t$2'));
    },
    args: ['sign', '-b', '-f', 'good'],
    code: 'REQUEST_REFUSED',
    rules: ['key-revoked'],
  },
  {
    title: 'an index with a revoked row that does not say when',
    make: (folder) => appendFileSync(inCa(folder, 'index.txt'), 'R\t361119025221Z\t\t01\tunknown\t/CN=x\n'),
    code: 'PKI_CORRUPT',
  },
  {
    title: 'an index whose last line is torn, which the next run makes whole',
    make: (folder) => appendFileSync(inCa(folder, 'index.txt'), 'V\t3611190252'),
    code: 'accepted',
  },
  { title: 'no newcerts', make: without('newcerts'), code: 'FILE_UNWRITABLE' },
  { title: 'newcerts that is a file', make: fileAt('newcerts'), code: 'FILE_UNWRITABLE' },
  { title: 'a lock that is a file', make: fileAt('lock'), code: 'FILE_UNWRITABLE' },
  { title: 'an audit log that is a folder', make: folderAt('audit.log'), code: 'FILE_UNREADABLE' },
  {
    title: 'an audit log of nonsense',
    make: holding('audit.log', 'null\n5\n{}\n[]\n"x"\nnonsense\n{"event":"intent"}\n'),
    code: 'accepted',
  },
  { title: 'a key register that is a file', make: fileAt('keys'), code: 'FILE_UNWRITABLE' },
  { title: 'a damaged CRL', make: holding('crl/x.pem', 'nonsense'), args: ['verify', 'good'], code: 'PKI_CORRUPT' },
  { title: 'a CRL that is a folder', make: folderAt('crl.pem'), args: ['verify', 'good'], code: 'PKI_CORRUPT' },
];
