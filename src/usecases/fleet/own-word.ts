/**
 * A host that says itself who it is may say the name of another one, and would get that one's key or a certificate for it. So
 * its word is held against what is known here: the inventory, earlier runs, and the CA.
 *
 * @module
 */

import { join } from 'node:path';
import type { DesiredHost } from '../../deploy/desired/desired.js';
import { knownValue } from '../../deploy/facts/fact.js';
import type { PlanningFacts } from '../../deploy/facts/host-facts.js';
import { readFleet } from '../../deploy/inventory/file.js';
import { OvsPkiError } from '../../errors.js';
import { parseFileName } from '../../pki/file-name.js';
import { keyHash } from '../../pki/key-identity.js';
import { parseDestination } from '../../platform/destination.js';
import * as files from '../../platform/files.js';
import { machineName } from '../../platform/network.js';
import { shellCommand } from '../../platform/quote.js';
import { readCa, typesIn } from '../../store/ca/ca.js';
import { readCertificate } from '../../store/certificate-file.js';
import { findRowsByName, readIndexBytes } from '../../store/index/scan.js';
import { issuedCertificateFile } from '../../store/layout.js';

/** A host, and who it says that it is. */
interface Claim {
  readonly name: string;
  readonly destination: string;
  readonly isLocal: boolean;
  readonly facts: PlanningFacts;
}

/** @throws IDENTITY_AMBIGUOUS where what is known here says that it is another host */
export function requireOwnName(pkiDirectory: string, claim: Claim): void {
  const { name, destination } = claim;
  const other =
    inInventory(claim) ?? inRecord(pkiDirectory, claim) ?? thisMachine(claim) ?? keyElsewhere(pkiDirectory, claim);
  if (other === undefined) return;
  throw new OvsPkiError('IDENTITY_AMBIGUOUS', `${destination} says that it is ${name}, but ${other}`, {
    hint: `only if you are sure, say so yourself: ${shellCommand`ovs-pki-ts distribute ${name} --to ${destination}`}`,
    details: { name },
  });
}

/** The inventory that lies here tells who is at a place, and where a name belongs. */
function inInventory({ name, destination }: Claim): string | undefined {
  const hosts = inventoryHosts();
  const there = hosts.find((host) => placesOf(host).includes(placeOf(destination)));
  if (there !== undefined) return there.name === name ? undefined : `${inventoryFile} calls it ${there.name}`;
  const named = hosts.find((host) => host.name === name);
  return named && `that is ${named.target.destination} in ${inventoryFile}`;
}

const inventoryFile = 'fleet.yaml';

/** One that cannot be read tells nothing. */
function inventoryHosts(): readonly DesiredHost[] {
  if (!files.exists(inventoryFile)) return [];
  try {
    return readFleet(inventoryFile).hosts;
  } catch (error) {
    if (error instanceof OvsPkiError) return [];
    throw error;
  }
}

function placesOf({ target, ends }: DesiredHost): string[] {
  return [placeOf(target.destination), ...ends.map(({ localIp }) => localIp)];
}

/** Without the user: `198.51.100.7`, or `gate:2222`. */
function placeOf(destination: string): string {
  const { host = destination, port } = parseDestination(destination) ?? {};
  return port === undefined ? host : `${host}:${port}`;
}

/** Where earlier runs have taken the identity of a name. */
function inRecord(pkiDirectory: string, { name, destination }: Claim): string | undefined {
  const place = recordIn(pkiDirectory).get(name);
  return place === undefined || place === placeOf(destination) ? undefined : `that identity was taken to ${place}`;
}

function recordFile(pkiDirectory: string): string {
  return join(pkiDirectory, 'distributed');
}

function recordIn(pkiDirectory: string): Map<string, string> {
  const file = recordFile(pkiDirectory);
  if (!files.exists(file)) return new Map();
  const lines = files.readFile(file).toString('utf8').split('\n');
  return new Map(
    lines.flatMap((line) => {
      const [name, place] = line.split('\t');
      return name === undefined || place === undefined ? [] : [[name, place]];
    }),
  );
}

/** Writes down where identities have been taken. Without a PKI directory there is no place for it. */
export function recordDistributed(
  pkiDirectory: string,
  taken: readonly { readonly name: string; readonly destination: string }[],
): void {
  if (taken.length === 0 || !files.exists(pkiDirectory)) return;
  const record = recordIn(pkiDirectory);
  const before = [...record].join('\n');
  for (const { name, destination } of taken) record.set(name, placeOf(destination));
  if ([...record].join('\n') === before) return;
  files.replaceFile(recordFile(pkiDirectory), [...record].map((pair) => `${pair.join('\t')}\n`).join(''));
}

/** The operator's own machine is not at the other end of ssh. */
function thisMachine({ name, isLocal }: Claim): string | undefined {
  const own = machineName();
  return !isLocal && [own, own.split('.')[0]].includes(name) ? 'that is the machine on which this runs' : undefined;
}

/** A name whose certificates are for keys that are neither here nor there is that of a host that made its own key. */
function keyElsewhere(pkiDirectory: string, { name, facts }: Claim): string | undefined {
  const hashes = certifiedKeys(pkiDirectory, name);
  if (hashes.length === 0 || files.exists(parseFileName(name).privateKeyFile)) return undefined;
  const there = [...facts.files.values()].flatMap((fact) => {
    const file = knownValue(fact);
    return file?.kind === 'key' && file.keyHash !== undefined ? [file.keyHash] : [];
  });
  return hashes.some((hash) => there.includes(hash)) ? undefined : 'the CA has certified another key for that name';
}

/** The keys of the certificates in force. */
function certifiedKeys(pkiDirectory: string, name: string): string[] {
  if (!files.exists(pkiDirectory) || !typesIn(pkiDirectory).includes('switch')) return [];
  const { layout } = readCa(pkiDirectory, 'switch');
  const rows = findRowsByName(readIndexBytes(layout.index), new Set([name])).get(name) ?? [];
  return rows.flatMap(({ row: { state, serialNumber } }) => {
    const copy = issuedCertificateFile(layout, serialNumber);
    if (state !== 'V' || !files.exists(copy)) return [];
    return [keyHash(readCertificate(copy).publicKey)];
  });
}
