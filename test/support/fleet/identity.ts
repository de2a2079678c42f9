/** What identity a host has: what its database points to, and whether that is whole. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { HostName, Operator } from './operator.js';

export interface HostIdentity {
  /** `bare`, `old` or `new` where it is whole; a sentence where it is half. */
  readonly state: string;
  /** Whether the database has the port of the tunnel. */
  readonly hasTunnel: boolean;
  readonly serialNumber: string | undefined;
  /** Below /etc/ipsec.d, in the order of their names. */
  readonly files: readonly string[];
}

export async function identityOn(operator: Operator, host: HostName): Promise<HostIdentity> {
  const { fleet } = operator;
  const script = `for key in certificate private_key ca_cert; do
      ovs-vsctl --timeout=10 --if-exists get Open_vSwitch . other_config:$key; echo
    done; ovs-vsctl --timeout=10 --columns=name find Interface name=tun`;
  const [certificate = '', key = '', authority = '', ...rest] = (await fleet.must(host, script))
    .replaceAll(/\n\n/g, '\n')
    .split('\n')
    .map((line) => line.replaceAll('"', ''));
  const { root } = fleet.host(host);
  const files = filesBelow(root, '/etc/ipsec.d');
  const half = wrongModes(root, files);
  const hasTunnel = rest.some((line) => line.includes('tun'));
  const pointers = [certificate, key, authority];
  if (half !== undefined) return { state: half, hasTunnel, serialNumber: undefined, files };
  if (pointers.every((path) => path === '')) return { state: 'bare', hasTunnel, serialNumber: undefined, files };
  const missing = pointers.find((path) => path === '' || !existsSync(root + path));
  if (missing !== undefined) {
    return { state: `half: of ${pointers.join(', ')} not all are there`, hasTunnel, serialNumber: undefined, files };
  }
  const shown = new X509Certificate(readFileSync(root + certificate));
  const { serialNumber } = shown;
  return { state: stateOf(root, shown, key, authority, operator, host), hasTunnel, serialNumber, files };
}

function stateOf(
  root: string,
  certificate: X509Certificate,
  key: string,
  authority: string,
  operator: Operator,
  host: HostName,
): string {
  if (!certificate.checkPrivateKey(createPrivateKey(readFileSync(root + key)))) return 'half: the key does not fit';
  if (!certificate.verify(new X509Certificate(readFileSync(root + authority)).publicKey)) {
    return 'half: the CA has not signed the certificate';
  }
  return certificate.serialNumber === operator.serial('old', host) ? 'old' : 'new';
}

function wrongModes(root: string, files: readonly string[]): string | undefined {
  for (const file of files) {
    const { mode, uid } = statSync(root + file);
    const octal = (mode & 0o777).toString(8);
    if (readFileSync(root + file, 'latin1').includes('PRIVATE KEY') && (octal !== '600' || uid !== 0)) {
      return `half: ${file} has the mode ${octal}`;
    }
  }
  return undefined;
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(root + folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((place) => lstatSync(root + place).isFile() && !place.endsWith('/.full'))
    .sort();
}
