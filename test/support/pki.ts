/** PKI directories and requests in a scratch folder, made quickly, and the programs that are run on them. */

import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertificateType } from '../../src/pki/profile.js';
import { ecKeyFile, rsaKeyFile } from './keys.js';
import { programPath, type Run, run, runWell } from './programs.js';

/** The options that name the PKI directory `pki` and a log file, both in the folder that a command runs in. */
const places = ['--dir', 'pki', '--log', 'log'];

/** Runs one of our commands in a folder. */
export function ours(folder: string, args: readonly string[]): Promise<Run> {
  return run(process.execPath, [programPath, ...args, ...places], { cwd: folder });
}

/** Runs one of our commands, which must succeed, and gives its standard output. */
export function oursWell(folder: string, args: readonly string[]): Promise<string> {
  return runWell(process.execPath, [programPath, ...args, ...places], { cwd: folder });
}

/** Runs the real ovs-pki in a folder. */
export function ovsPki(folder: string, args: readonly string[]): Promise<Run> {
  return run('ovs-pki', [...args, ...places], { cwd: folder });
}

export function ovsPkiWell(folder: string, args: readonly string[]): Promise<string> {
  return runWell('ovs-pki', [...args, ...places], { cwd: folder });
}

/** Runs `openssl ca` as an operator does: in the folder of the CA, with its ca.cnf. */
export function opensslCa(folder: string, type: CertificateType, args: readonly string[]): Promise<string> {
  return runWell('openssl', ['ca', '-config', 'ca.cnf', '-batch', ...args], { cwd: caFolderIn(folder, type) });
}

/** The name in a certificate, as ovs-monitor-ipsec itself reads it. */
export function monitorName(file: string): Promise<string> {
  return runWell('/usr/bin/python3', [
    '-c',
    `import importlib.machinery as m, sys
loader = m.SourceFileLoader("monitor", "/usr/share/openvswitch/scripts/ovs-monitor-ipsec")
print(loader.load_module().IPsecMonitor._get_cn_from_cert(None, sys.argv[1]))`,
    file,
  ]);
}

export function caFolderIn(folder: string, type: CertificateType): string {
  return join(folder, 'pki', `${type}ca`);
}

export function caCertificateIn(folder: string, type: CertificateType): string {
  return join(caFolderIn(folder, type), 'cacert.pem');
}

export interface RequestOptions {
  /** Whether the request asks for a subjectAltName, as those of ovs-pki have done since Open vSwitch 2.13. */
  readonly subjectAltName: boolean;
  /** More extensions that it asks for, each as openssl writes them in a configuration. */
  readonly more?: readonly string[];
}

/** Makes NAME-privkey.pem, from a key that was made before, and NAME-req.pem: what ovs-pki would make with that key. */
export async function makeRequest(
  folder: string,
  name: string,
  keyFile: string,
  { subjectAltName, more = [] }: RequestOptions = { subjectAltName: true },
): Promise<void> {
  const subject = `/C=US/ST=CA/L=Palo Alto/O=Open vSwitch/OU=Open vSwitch certifier/CN=${name}`;
  copyFileSync(keyFile, join(folder, `${name}-privkey.pem`));
  chmodSync(join(folder, `${name}-privkey.pem`), 0o600);
  await runWell(
    'openssl',
    [
      ...['req', '-new', '-text', '-key', `${name}-privkey.pem`, '-out', `${name}-req.pem`, '-subj', subject],
      ...[...(subjectAltName ? [`subjectAltName=DNS:${name}`] : []), ...more].flatMap((extension) => [
        '-addext',
        extension,
      ]),
    ],
    { cwd: folder },
  );
}

/** Who has made a PKI directory, and with which keys. */
export type Beginning = 'ours' | 'ours with EC keys' | 'ours until 2056' | 'ovs-pki';

const beginnings: Readonly<Record<Beginning, (folder: string) => Promise<unknown>>> = {
  ours: (folder) => oursWell(folder, ['init', '-B', '2048']),
  'ours with EC keys': (folder) => oursWell(folder, ['init', '--key=ec']),
  'ours until 2056': (folder) => oursWell(folder, ['init', '-B', '2048', '--days=10950']),
  'ovs-pki': (folder) => ovsPkiWell(folder, ['init', '-B', '2048']),
};

export const allBeginnings = Object.keys(beginnings) as readonly Beginning[];

/** Makes a PKI directory in a folder. */
export async function beginPki(folder: string, beginning: Beginning): Promise<void> {
  await beginnings[beginning](folder);
}

/** What kind of certificate another program is given to judge. */
export interface CertificateCase {
  readonly begun: Beginning;
  readonly key: 'rsa' | 'ec';
  readonly signer: 'ours' | 'ovs-pki';
}

/** All that Open vSwitch users can come by: in directories of either origin, by either program. */
export const certificateCases: readonly CertificateCase[] = [
  { begun: 'ours', key: 'rsa', signer: 'ours' },
  { begun: 'ours', key: 'ec', signer: 'ours' },
  { begun: 'ours with EC keys', key: 'rsa', signer: 'ours' },
  { begun: 'ours with EC keys', key: 'ec', signer: 'ours' },
  { begun: 'ovs-pki', key: 'rsa', signer: 'ours' },
  { begun: 'ours', key: 'rsa', signer: 'ovs-pki' },
  { begun: 'ours with EC keys', key: 'ec', signer: 'ovs-pki' },
];

export function titleOf({ begun, key, signer }: CertificateCase): string {
  const article = key === 'ec' ? 'an EC' : 'an RSA';
  return `${article} certificate signed by ${signer} in a directory begun by ${begun}`;
}

/** Makes NAME-privkey.pem, NAME-req.pem and NAME-cert.pem. `number` chooses the ready-made key. */
export async function certifyHost(
  folder: string,
  name: string,
  type: CertificateType,
  { key, signer }: Pick<CertificateCase, 'key' | 'signer'>,
  number: 1 | 2 = 1,
): Promise<void> {
  await makeRequest(folder, name, key === 'ec' ? ecKeyFile('p256', number) : rsaKeyFile(number));
  const args = ['sign', '-b', name, type];
  await (signer === 'ours' ? oursWell(folder, args) : ovsPkiWell(folder, args));
}

/** Makes the three files of a name without any CA. */
export async function selfSignHost(folder: string, name: string, keyFile: string): Promise<void> {
  await makeRequest(folder, name, keyFile);
  await oursWell(folder, ['self-sign', name]);
}
