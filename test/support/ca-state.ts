/** What a CA and a folder of hosts hold, read without the code under test, and what is wrong with it. */

import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from './programs.js';

export interface CheckOptions {
  /**
   * After a run that ended well nothing may be left of the runs before it that were interrupted. Before it, the index
   * may end in a torn row: a write that is killed ends at a page's boundary.
   */
  readonly recovered: boolean;
}

/** Temporary files and folders of ours: their names begin with a dot. */
export function leftovers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /(^|\/)\.[^/]*$/.test(name));
}

/** The serial numbers in index.txt, in its order. */
export function indexSerials(ca: string): string[] {
  return indexRows(ca).map(serialOf);
}

/** Everything that is wrong with a CA and with the certificates outside of it; an empty list where all is well. */
export function caFaults(ca: string, hosts: string, { recovered }: CheckOptions): string[] {
  const rows = recovered ? indexRows(ca) : wholeRows(ca);
  const serials = rows.map(serialOf);
  const known = new Set(serials);
  const copies = visible(join(ca, 'newcerts'));
  return [
    ...rows.filter((row) => !indexRow.test(row)).map((row) => `index.txt: no row: ${JSON.stringify(row)}`),
    ...(known.size === serials.length ? [] : ['index.txt: a serial number stands twice']),
    ...copies.flatMap((name) => copyFaults(ca, name)),
    ...serials.filter((serial) => !copies.includes(`${serial}.pem`)).map((serial) => `${serial} is not in newcerts`),
    ...visible(hosts)
      .filter((name) => name.endsWith('-cert.pem'))
      .flatMap((name) => deliveredFaults(ca, known, join(hosts, name))),
    ...(recovered ? recoveryFaults(ca, known, copies) : []),
  ];
}

/** Everything that is wrong with keys and requests: torn, wider than 0600, a request without its key. */
export function keyFaults(hosts: string): string[] {
  const names = readdirSync(hosts);
  const keys = names.filter((name) => name.includes('-privkey.pem'));
  const requests = names.filter((name) => name.endsWith('-req.pem'));
  return [
    ...keys
      .filter((name) => (statSync(join(hosts, name)).mode & 0o777) !== 0o600)
      .map((name) => `${name} is wider than 0600`),
    ...keys.filter((name) => !name.startsWith('.')).flatMap((name) => wrong(name, () => keyPem(hosts, name))),
    ...requests.flatMap((name) => wrong(name, () => requireKeyOf(hosts, name))),
  ];
}

/** What the real programs say: every certificate outside is good, and `openssl ca` can read and go on. */
export async function askOpenssl(ca: string, certificates: readonly string[]): Promise<void> {
  await runWell('openssl', ['verify', '-CAfile', join(ca, 'cacert.pem'), ...certificates]);
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem'], { cwd: ca });
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-updatedb'], { cwd: ca });
}

const indexRow =
  /^[VRE]\t\d{12}Z\t(\d{12}Z(,\w+(,\d{14}Z)?)?)?\t([0-9A-F]{2})+\tunknown\t\/C=US\/ST=CA\/O=Open vSwitch\/OU=.*\/CN=.*$/;

function indexRows(ca: string): string[] {
  const text = readFileSync(join(ca, 'index.txt'), 'latin1');
  return text.split('\n').slice(0, text.endsWith('\n') ? -1 : undefined);
}

/** Without what stands behind the last newline. */
function wholeRows(ca: string): string[] {
  return readFileSync(join(ca, 'index.txt'), 'latin1').split('\n').slice(0, -1);
}

function serialOf(row: string): string {
  return row.split('\t')[3] ?? '';
}

function visible(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('.'));
}

function copyFaults(ca: string, name: string): string[] {
  return wrong(name, () => {
    const { serialNumber } = new X509Certificate(readFileSync(join(ca, 'newcerts', name)));
    if (`${serialNumber}.pem` !== name) throw new Error(`holds ${serialNumber}`);
  });
}

function deliveredFaults(ca: string, known: ReadonlySet<string>, file: string): string[] {
  return wrong(file, () => {
    const pem = readFileSync(file);
    const { serialNumber } = new X509Certificate(pem);
    if (!known.has(serialNumber)) throw new Error('is not in index.txt');
    if (!pem.equals(readFileSync(join(ca, 'newcerts', `${serialNumber}.pem`))))
      throw new Error('differs from newcerts');
  });
}

function recoveryFaults(ca: string, known: ReadonlySet<string>, copies: readonly string[]): string[] {
  const open = new Set<string>();
  const log = readFileSync(join(ca, 'audit.log'), 'utf8');
  for (const line of log.trimEnd().split('\n')) {
    const { event, serialNumber } = JSON.parse(line) as { event: string; serialNumber: string };
    if (event === 'intent') open.add(serialNumber);
    else open.delete(serialNumber);
  }
  const index = readFileSync(join(ca, 'index.txt'), 'latin1');
  return [
    ...[...open].map((serial) => `audit.log: ${serial} has no outcome`),
    ...copies.filter((name) => !known.has(name.replace('.pem', ''))).map((name) => `${name} is not in index.txt`),
    ...(index.endsWith('\n') && log.endsWith('\n') ? [] : ['index.txt or audit.log ends in a torn line']),
  ];
}

function requireKeyOf(hosts: string, requestName: string): void {
  const keyName = requestName.replace('-req.pem', '-privkey.pem');
  if (!existsSync(join(hosts, keyName))) throw new Error('has no key');
  const key = createPublicKey(keyPem(hosts, keyName)).export({ type: 'spki', format: 'der' });
  const pem = readFileSync(join(hosts, requestName), 'latin1');
  const der = Buffer.from(/-----BEGIN [A-Z ]+-----([^-]+)-----END/.exec(pem)?.[1] ?? '', 'base64');
  if (!der.includes(key)) throw new Error('is not of the key beside it');
}

function keyPem(hosts: string, name: string): string {
  const pem = readFileSync(join(hosts, name), 'latin1');
  createPrivateKey(pem);
  return pem;
}

function wrong(what: string, check: () => unknown): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
