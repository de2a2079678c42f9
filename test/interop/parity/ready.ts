/** The folders that parity cases start from, made once by each program. */

import { chmodSync, cpSync, lutimesSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ReadyRequest, readyRequests } from '../../cases/parity/requests.js';
import { ecKeyFile, rsaKeyFile } from '../../support/keys.js';
import { programPath, runWell } from '../../support/programs.js';

/** When everything in a ready folder was changed last: Sat Feb  3 04:05:06 UTC 2024. */
const changedAt = new Date(Date.UTC(2024, 1, 3, 4, 5, 6));

export interface ReadyFolders {
  readonly theirs: string;
  readonly ours: string;
  /** What ovs-pki made, with certificates that we would not issue. */
  readonly foreign: string;
  /** A LOCPATH with a locale `xx.UTF-8`. */
  readonly locale: string;
}

/** Makes them below a folder: the same requests, and each program's own PKI directory and certificates. */
export async function makeReadyFolders(folder: string): Promise<ReadyFolders> {
  const at = (name: string): string => join(folder, name);
  const ready = { theirs: at('theirs'), ours: at('ours'), foreign: at('foreign'), locale: at('locale') };
  makeLocale(ready.locale);
  mkdirSync(join(ready.theirs, 'sub'), { recursive: true });
  await runWell('openssl', ['genrsa', '-out', join(folder, 'rsa-1024.pem'), '1024']);
  await runWell('openssl', ['dsaparam', '-out', join(ready.theirs, 'dsa.pem'), '1024']);
  for (const request of readyRequests) await makeRequest(folder, ready.theirs, request);
  cpSync(ready.theirs, ready.ours, { recursive: true });
  const options = ['-l', at('ovs-pki.log'), '-d', 'pki', '-b'];
  const theirs = (cwd: string, args: readonly string[]) => runWell('ovs-pki', [...options, ...args], { cwd });
  const ours = (args: readonly string[]) =>
    runWell(process.execPath, [programPath, ...options, ...args], { cwd: ready.ours });
  await theirs(ready.theirs, ['init']);
  await ours(['init']);
  for (const { name, signedAs } of readyRequests) {
    if (signedAs === undefined) continue;
    await theirs(ready.theirs, ['sign', name, signedAs]);
    await ours(['sign', name, signedAs]);
  }
  cpSync(ready.theirs, ready.foreign, { recursive: true });
  await theirs(ready.foreign, ['sign', 'no_san']);
  for (const place of [ready.theirs, ready.ours, ready.foreign]) freezeTimes(place);
  return ready;
}

/** Gives everything below a folder the same time of last change. */
export function freezeTimes(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    lutimesSync(join(folder, name), changedAt, changedAt);
  }
}

/** A locale in which February is FEB; it needs no package of locales. */
function makeLocale(folder: string): void {
  const locale = join(folder, 'xx.utf8');
  cpSync('/usr/lib/locale/C.utf8', locale, { recursive: true });
  const times = readFileSync(join(locale, 'LC_TIME'), 'latin1');
  writeFileSync(join(locale, 'LC_TIME'), times.replaceAll('Feb', 'FEB'), 'latin1');
}

async function makeRequest(folder: string, place: string, request: ReadyRequest): Promise<void> {
  const { name, key, commonName = name, organization = 'Open vSwitch', privateKey = key } = request;
  const { extensions = [`subjectAltName = DNS:${commonName}`] } = request;
  const config = join(folder, 'req.cnf');
  const lines = [
    ...['[req]', 'prompt = no', 'distinguished_name = dn', ...(extensions.length > 0 ? ['req_extensions = ext'] : [])],
    ...['[dn]', 'C = US', 'ST = CA', 'L = Palo Alto', `O = ${organization}`, 'OU = Open vSwitch certifier'],
    ...[`CN = ${commonName}`, '[ext]', ...extensions],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const requestFile = join(place, `${name}-req.pem`);
  const keyFile = join(place, `${name}-privkey.pem`);
  mkdirSync(dirname(keyFile), { recursive: true });
  await runWell('openssl', [
    'req',
    '-config',
    config,
    '-new',
    '-text',
    '-key',
    fileOf(folder, key),
    '-out',
    requestFile,
  ]);
  cpSync(fileOf(folder, privateKey), keyFile);
  chmodSync(keyFile, 0o600);
  rmSync(config);
}

function fileOf(folder: string, key: ReadyRequest['key']): string {
  if (key === 'rsa-1024') return join(folder, 'rsa-1024.pem');
  return key === 'ec-p256' ? ecKeyFile('p256', 1) : rsaKeyFile(key);
}
