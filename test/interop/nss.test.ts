/** NSS, which libreswan builds on, takes what we issue for every usage that it will be put to. */

import { mkdirSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import type { CertificateType } from '../../src/pki/profile.js';
import { ecKeyFile, rsaKeyFile } from '../support/keys.js';
import {
  beginPki,
  caCertificateIn,
  caFolderIn,
  certificateCases,
  certifyHost,
  opensslCa,
  selfSignHost,
  titleOf,
} from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const database = 'sql:nss';

/** The usages of `certutil -V -u` that a host's certificate has. */
const usages = { C: 'SSL client', V: 'SSL server', I: 'IPsec' } as const;
type Usage = keyof typeof usages;

/** C: issues server certificates. T: issues client certificates, too, without which NSS takes no SSL client. */
const trustedCa = 'CT,C,C';

const issuerUnknown = /issuer is not recognized/;

for (const each of certificateCases) {
  test(`NSS finds ${titleOf(each)} valid for SSL and for IPsec`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, each.begun);
    await certifyHost(folder, 'host_1', 'switch', each);
    await makeDatabase(folder);
    await addCertificate(folder, 'controllerca', trustedCa, caCertificateIn(folder, 'controller'));
    await importKey(folder, 'host_1');
    await checkUsages(t, folder, 'host_1', issuerUnknown);
    await addCa(folder, 'switch');
    await checkUsages(t, folder, 'host_1', undefined);
  });
}

test('NSS finds a certificate that openssl has revoked in our directory invalid', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours');
  await certifyHost(folder, 'host_1', 'switch', { key: 'rsa', signer: 'ours' }, 1);
  await certifyHost(folder, 'host_2', 'switch', { key: 'rsa', signer: 'ours' }, 2);
  await makeDatabase(folder);
  await addCa(folder, 'switch');
  await addCertificate(folder, 'host_1', ',,', 'host_1-cert.pem');
  await addCertificate(folder, 'host_2', ',,', 'host_2-cert.pem');
  await checkUsages(t, folder, 'host_1', undefined);
  await opensslCa(folder, 'switch', ['-revoke', `${folder}/host_1-cert.pem`]);
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
  const list = `${caFolderIn(folder, 'switch')}/crl.pem`;
  await runWell('openssl', ['crl', '-in', list, '-outform', 'DER', '-out', 'crl.der'], { cwd: folder });
  await runWell('crlutil', ['-I', '-d', database, '-i', 'crl.der', '-t', '1'], { cwd: folder });
  await checkUsages(t, folder, 'host_1', /has been revoked/);
  await checkUsages(t, folder, 'host_2', undefined);
});

for (const [key, keyFile] of [
  ['an RSA', rsaKeyFile(1)],
  ['an EC', ecKeyFile('p256', 1)],
] as const) {
  test(`NSS finds ${key} self-signed certificate valid where it is a trusted peer, and only there`, async (t) => {
    const folder = scratchFolder(t);
    await selfSignHost(folder, 'host_1', keyFile);
    await makeDatabase(folder);
    await importKey(folder, 'host_1');
    await checkUsages(t, folder, 'host_1', /not trusted|not recognized|invalid/);
    await runWell('certutil', ['-M', '-d', database, '-n', 'host_1', '-t', 'P,P,P'], { cwd: folder });
    await checkUsages(t, folder, 'host_1', undefined);
  });
}

async function makeDatabase(folder: string): Promise<void> {
  mkdirSync(`${folder}/nss`);
  await runWell('certutil', ['-N', '-d', database, '--empty-password'], { cwd: folder });
}

function addCa(folder: string, type: CertificateType): Promise<void> {
  return addCertificate(folder, `${type}ca`, trustedCa, caCertificateIn(folder, type));
}

async function addCertificate(folder: string, nickname: string, trust: string, file: string): Promise<void> {
  await runWell('certutil', ['-A', '-a', '-d', database, '-n', nickname, '-t', trust, '-i', file], { cwd: folder });
}

/** The way of ovs-monitor-ipsec: key and certificate as PKCS #12, without the CA. */
async function importKey(folder: string, name: string): Promise<void> {
  const files = ['-in', `${name}-cert.pem`, '-inkey', `${name}-privkey.pem`, '-out', `${name}.p12`];
  await runWell('openssl', ['pkcs12', '-export', ...files, '-name', name, '-passout', 'pass:x'], { cwd: folder });
  await runWell('pk12util', ['-i', `${name}.p12`, '-d', database, '-W', 'x'], { cwd: folder });
  const keys = await runWell('certutil', ['-K', '-d', database], { cwd: folder });
  if (!keys.includes(name)) throw new Error(`the key of ${name} is not there: ${keys}`);
}

/** Valid for all usages, or refused for all of them with this reason. */
async function checkUsages(
  t: ExecutionContext,
  folder: string,
  name: string,
  refusal: RegExp | undefined,
): Promise<void> {
  for (const usage of Object.keys(usages) as Usage[]) {
    const { status, stdout, stderr } = await run('certutil', ['-V', '-e', '-d', database, '-n', name, '-u', usage], {
      cwd: folder,
    });
    const title = `${usages[usage]}: ${stdout}${stderr}`;
    t.is(status === 0, refusal === undefined, title);
    t.regex(stdout + stderr, refusal ?? /certificate is valid/, title);
  }
}
