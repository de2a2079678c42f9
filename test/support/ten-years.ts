/** A CA over simulated years, and what a test knows of each of its certificates without asking the code under test. */

import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { init, type KeySpec, nodePlatform, type Platform } from '../../src/index.js';
import { type Certificate, decodeCertificatePem } from '../../src/pki/certificate.js';
import { type Chance, chance } from './random.js';
import { scratchFolder } from './scratch.js';

export const dayMs = 86_400_000;

/** A certificate that was issued. */
export interface Known {
  readonly serial: string;
  readonly name: string;
  readonly certificate: Certificate;
  /** Which key of the CA has signed it: the first one is 0. */
  readonly generation: number;
  readonly notAfter: number;
  revoked: boolean;
  /** Revoked with certificateHold, which a final reason takes the place of. */
  held?: boolean;
}

export interface Simulation {
  readonly folder: string;
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
  readonly platform: Platform;
  readonly random: Chance;
  readonly known: Map<string, Known>;
  /** The serial number of the CA itself. */
  readonly own: Set<string>;
  /** Names that have their three files in the folder of hosts. */
  readonly names: Set<string>;
  /** Milliseconds. */
  now: number;
  /** The key of the CA that signs, and those that hosts are to trust. */
  signing: number;
  trusted: Set<number>;
  readonly counts: { verdicts: number; byOpenssl: number; rows: number };
}

/** A new CA at the beginning of 2027. */
export async function beginSimulation(t: ExecutionContext, keySpec: KeySpec, caDays: number): Promise<Simulation> {
  const random = chance();
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  const folder = scratchFolder(t);
  const [pki, hosts] = [join(folder, 'pki'), join(folder, 'hosts')];
  mkdirSync(hosts);
  const sim: Simulation = {
    ...{ folder, pki, hosts, random },
    ca: join(pki, 'switchca'),
    platform: nodePlatform({ clock: { now: () => new Date(sim.now) } }),
    known: new Map(),
    own: new Set(),
    names: new Set(),
    now: Date.parse('2027-01-01T00:00:00Z'),
    signing: 0,
    trusted: new Set([0]),
    counts: { verdicts: 0, byOpenssl: 0, rows: 0 },
  };
  await init(sim.platform, { pkiDirectory: pki, keySpec, days: caDays, force: false });
  for (const file of copies(sim)) sim.own.add(serialOf(file));
  return sim;
}

/** Takes note of the certificates that are new in newcerts/: the CA that signs now has signed them. */
export function noteIssued(sim: Simulation): Known[] {
  const fresh = copies(sim).filter((file) => !sim.known.has(serialOf(file)) && !sim.own.has(serialOf(file)));
  return fresh.map((file) => {
    const pem = readFileSync(join(sim.ca, 'newcerts', file), 'latin1');
    const x509 = new X509Certificate(pem);
    const known: Known = {
      serial: serialOf(file),
      name: /(?:^|\n)CN=(.*)$/.exec(x509.subject)?.[1] ?? '',
      certificate: decodeCertificatePem(pem, file),
      generation: sim.signing,
      notAfter: Date.parse(x509.validTo),
      revoked: false,
    };
    sim.known.set(known.serial, known);
    return known;
  });
}

/** Those of a name that can still be revoked. */
export function openOf(sim: Simulation, name: string): Known[] {
  return [...sim.known.values()].filter((one) => one.name === name && !one.revoked && one.notAfter >= sim.now);
}

/** Those of a name that are on hold, expired or not. */
export function heldOf(sim: Simulation, name: string): Known[] {
  return [...sim.known.values()].filter((one) => one.name === name && one.held === true);
}

/** A name is gone with its files. */
export function forget({ hosts, names }: Simulation, name: string): void {
  names.delete(name);
  for (const kind of ['cert.pem', 'cert.pem.old', 'privkey.pem', 'privkey.pem.old', 'req.pem', 'req.pem.old']) {
    rmSync(join(hosts, `${name}-${kind}`), { force: true });
  }
}

/** So many of a set, by chance, none twice. */
export function pick<T>({ random }: Simulation, from: Iterable<T>, count: number): T[] {
  const items = [...from];
  if (items.length <= count) return items;
  const chosen: T[] = [];
  while (chosen.length < count && items.length > 0) {
    chosen.push(...items.splice(Math.floor(random.next() * items.length), 1));
  }
  return chosen;
}

/** YYYYMMDDhhmmssZ, as options of openssl take it. */
export function opensslTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().replaceAll(/[-:T]|\..*$/g, '')}Z`;
}

function copies({ ca }: Simulation): string[] {
  return readdirSync(join(ca, 'newcerts'));
}

function serialOf(file: string): string {
  return file.replace('.pem', '');
}
