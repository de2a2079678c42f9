/** Chains of CAs as companies have them, made by openssl: a root, what stands between, and a CA below whose key a company gives away. */

import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ecKeyFile, rsaKeyFile } from './keys.js';
import { runWell } from './programs.js';

export interface ChainForm {
  /** The key of the root: options of `openssl genpkey`, or the file of a key. */
  readonly rootKey?: readonly string[] | string;
  /** The key of the CA below. */
  readonly key?: string;
  /** For the signatures of the root. */
  readonly sign?: readonly string[];
  /** For the signature of the root over itself alone. */
  readonly signRoot?: readonly string[];
  readonly subject?: string;
  /** More of `openssl req`, such as the type of strings. */
  readonly request?: readonly string[];
  /** More lines of the extensions of the CA. */
  readonly extensions?: readonly string[];
  /** What comes after the chain was made. */
  readonly more?: (folder: string) => Promise<unknown>;
}

const caUsage = 'keyUsage=critical,keyCertSign,cRLSign';
const identifiers = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid'];

/** Makes root.pem, int.pem with int.key and int.csr, and chain.pem. */
export async function makeChain(folder: string, form: ChainForm): Promise<void> {
  const { key = ecKeyFile('p256', 1), sign = [], subject = '/C=DE/O=Acme/CN=Acme Net CA', request = [] } = form;
  writeFileSync(join(folder, 'mixed.cnf'), '[req]\ndistinguished_name=d\nstring_mask=pkix\n[d]\n');
  await makeRoot(folder, form, subject.replace(/CN=.*/, 'CN=Acme Root'));
  copyFileSync(key, join(folder, 'int.key'));
  await openssl(folder, 'req', '-new', '-key', 'int.key', '-subj', subject, ...request, '-out', 'int.csr');
  const lines = ['basicConstraints=critical,CA:TRUE,pathlen:0', caUsage, ...identifiers, ...(form.extensions ?? [])];
  writeFileSync(join(folder, 'ext'), `${lines.join('\n')}\n`);
  // How the company signs what comes later, unless its middle CA does.
  writeFileSync(join(folder, 'signs.json'), JSON.stringify(['-CA', 'root.pem', '-CAkey', 'root.key', ...sign]));
  await companySignsCa(folder, 'int.csr', 'int.pem', 77);
  copyFileSync(join(folder, 'root.pem'), join(folder, 'chain.pem'));
  await form.more?.(folder);
}

/** The company signs a request for a CA, as it has signed int.pem. */
export async function companySignsCa(folder: string, request: string, file: string, serial: number): Promise<void> {
  const by = JSON.parse(readFileSync(join(folder, 'signs.json'), 'utf8')) as string[];
  const how = ['-set_serial', String(serial), '-days', '2000', '-extfile', 'ext', '-out', file];
  await openssl(folder, 'x509', '-req', '-in', request, ...by, ...how);
}

/** The root has a second certificate, which an older root has signed. */
export async function crossSign(folder: string): Promise<void> {
  const oldKey = rsaKeyFile(7);
  const old = ['-key', oldKey, '-subj', '/C=DE/O=Old/CN=Old Root', '-days', '7300', '-addext', caUsage];
  await openssl(folder, 'req', '-x509', '-new', ...old, '-out', 'old.pem');
  await openssl(folder, 'x509', '-x509toreq', '-in', 'root.pem', '-key', 'root.key', '-out', 'root.csr');
  const lines = ['basicConstraints=critical,CA:TRUE', caUsage, ...identifiers];
  writeFileSync(join(folder, 'cross.ext'), `${lines.join('\n')}\n`);
  const by = ['-CA', 'old.pem', '-CAkey', oldKey, '-set_serial', '9', '-days', '3000', '-extfile', 'cross.ext'];
  await openssl(folder, 'x509', '-req', '-in', 'root.csr', ...by, '-out', 'cross.pem');
  writeChain(folder, ['root.pem', 'cross.pem', 'old.pem']);
}

/** The CA becomes the one in the middle, and signs another. */
export async function putBetween(folder: string): Promise<void> {
  const text = readFileSync(join(folder, 'ext'), 'utf8');
  writeFileSync(join(folder, 'ext'), text.replace('pathlen:0', 'pathlen:1'));
  await companySignsCa(folder, 'int.csr', 'middle.pem', 79);
  copyFileSync(join(folder, 'int.key'), join(folder, 'middle.key'));
  writeFileSync(join(folder, 'ext'), text);
  writeFileSync(join(folder, 'signs.json'), JSON.stringify(['-CA', 'middle.pem', '-CAkey', 'middle.key']));
  copyFileSync(ecKeyFile('p256', 2), join(folder, 'int.key'));
  const low = ['-key', 'int.key', '-subj', '/C=DE/O=Acme/CN=Acme Low CA'];
  await openssl(folder, 'req', '-new', ...low, '-out', 'int.csr');
  await companySignsCa(folder, 'int.csr', 'int.pem', 80);
  writeChain(folder, ['root.pem', 'middle.pem']);
}

/** The company has renewed the CA with the same key, and its chain has the certificate before, too. */
export async function renewBefore(folder: string): Promise<void> {
  copyFileSync(join(folder, 'int.pem'), join(folder, 'before.pem'));
  await companySignsCa(folder, 'int.csr', 'int.pem', 76);
  writeChain(folder, ['before.pem', 'root.pem']);
}

function writeChain(folder: string, files: readonly string[]): void {
  const text = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('');
  writeFileSync(join(folder, 'chain.pem'), text);
}

async function makeRoot(
  folder: string,
  { rootKey = ecKeyFile('p384', 1), sign = [], signRoot = [], request = [] }: ChainForm,
  subject: string,
): Promise<void> {
  if (typeof rootKey === 'string') copyFileSync(rootKey, join(folder, 'root.key'));
  else await openssl(folder, 'genpkey', ...rootKey, '-out', 'root.key');
  const extensions = [caUsage, 'basicConstraints=critical,CA:TRUE'].flatMap((text) => ['-addext', text]);
  const named = ['-key', 'root.key', '-subj', subject, ...request, '-days', '7300'];
  await openssl(folder, 'req', '-x509', '-new', ...named, ...extensions, ...sign, ...signRoot, '-out', 'root.pem');
}

function openssl(folder: string, ...args: readonly string[]): Promise<string> {
  return runWell('openssl', args, { cwd: folder });
}
