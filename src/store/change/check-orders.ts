/**
 * Which orders may become certificates of a CA: the rules, and what the CA has certified, revoked and named before.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import type { PublicKey } from '../../pki/key.js';
import { isSameKey } from '../../pki/key-identity.js';
import { comparedName, type DistinguishedName, encodeName, formatOneLine, nameOfCommonName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { OwnProfile } from '../../pki/own-profile.js';
import { issuersOf } from '../../pki/path/issuer.js';
import { nameFindings } from '../../pki/path/path.js';
import { leafSubject } from '../../pki/profile.js';
import { isHarmless } from '../../pki/revocation.js';
import { randomSerial, type SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import { type Ca, generationsOf } from '../ca/ca.js';
import { profileOf } from '../ca/profile.js';
import { readHistory, reasonsIn } from '../history/known.js';
import { foldersOfIssuer } from '../history/shared.js';
import { certificatesOfKey, namesakes } from '../index/key-register.js';
import { expiryOf } from '../index/row.js';
import { findIndexRow } from '../index/scan.js';
import { issuedCertificateFile } from '../layout.js';
import type { ProvedOrder } from './order.js';
import { notUnique, refusal, uniqueSubjects } from './refusals.js';

export interface Work {
  readonly publicKey: PublicKey;
  readonly commonName: string;
  readonly serialNumber: SerialNumber;
  readonly keyHash: string;
}

/** Throws REQUEST_REFUSED where `openssl ca` would take no second certificate for a name: before a new key replaces the one in use. */
export function requireFreeSubject(ca: Ca, commonName: string): void {
  const subject = formatOneLine(subjectOf({ ...ca, profile: profileOf(ca) }, commonName));
  if (uniqueSubjects(ca.layout)?.has(subject) === true) throw notUnique(ca.layout, commonName);
}

/** A CA with what its certificates have. */
export type ProfiledCa = Ca & { readonly profile: OwnProfile };

export function subjectOf({ organization, profile }: ProfiledCa, commonName: string): DistinguishedName {
  return encodeName(leafSubject(commonName, organization, profile.subject));
}

export function checkOrders(ca: ProfiledCa, orders: readonly ProvedOrder[], now: Date): (Work | OvsPkiError)[] {
  const inThisBatch = new Map<string, string>();
  const namesInThisBatch = new Map<string, string>();
  const authorities = [ca.certificate, ...issuersOf(ca.certificate, ca.chain)];
  const distrusted = distrustedSerials(ca, now);
  const taken = uniqueSubjects(ca.layout);
  // What one folder of an issuer has certified or revoked, all have.
  const folders = [ca.layout, ...foldersOfIssuer(ca)];
  return orders.map((order): Work | OvsPkiError => {
    const { commonNames, publicKey, name, possessionProved, keyHash } = order;
    const earlier = folders.flatMap((layout) => certificatesOfKey(layout, keyHash));
    const rules = order.findings({
      name,
      possessionProved,
      caOrganization: ca.organization,
      profileOrganization: ca.profile.subject?.find(({ type }) => type === oid.organizationName)?.value,
      keyCertifiedFor: inThisBatch.get(keyHash) ?? earlier[0]?.commonName,
      keyRevoked: earlier.map(({ serialNumber }) => distrusted().get(serialNumber)).find(Boolean),
      namesake: otherName(namesInThisBatch, commonNames[0]) ?? validNamesake(ca, commonNames[0] ?? '', now),
      isCaKey: generationsOf(ca).some(({ certificate }) => isSameKey(publicKey, certificate.publicKey)),
    });
    const [commonName = ''] = commonNames;
    const subject = subjectOf(ca, commonName);
    const reasons = [...rules, ...nameFindings(authorities, commonName, subject)];
    if (reasons.length > 0) return refusal(name ?? commonName, reasons, order.what);
    if (taken?.has(formatOneLine(subject)) === true) return notUnique(ca.layout, commonName);
    taken?.add(formatOneLine(subject));
    inThisBatch.set(keyHash, commonName);
    namesInThisBatch.set(comparedName(commonName), commonName);
    return { publicKey, commonName, serialNumber: freeSerial(ca), keyHash };
  });
}

/** A name of this batch that is written otherwise and is the same to other programs. */
function otherName(names: ReadonlyMap<string, string>, commonName = ''): string | undefined {
  const found = names.get(comparedName(commonName));
  return found === undefined || nameOfCommonName(found) === nameOfCommonName(commonName) ? undefined : found;
}

function validNamesake({ layout }: Ca, commonName: string, now: Date): string | undefined {
  return namesakes(layout, commonName).find(({ serialNumber }) => {
    const row = findIndexRow(layout.index, serialNumber);
    return row?.state === 'V' && expiryOf(row) > now;
  })?.commonName;
}

/** The revoked certificates whose keys are not to be certified again, with the reason; read when it is asked for. */
function distrustedSerials(ca: Ca, now: Date): () => ReadonlyMap<SerialNumber, string> {
  let serials: ReadonlyMap<SerialNumber, string> | undefined;
  return () => {
    serials ??= new Map([...reasonsIn(readHistory(ca, now))].filter(([, reason]) => !isHarmless(reason)));
    return serials;
  };
}

function freeSerial(ca: Ca): SerialNumber {
  for (;;) {
    const serialNumber = randomSerial();
    if (!files.exists(issuedCertificateFile(ca.layout, serialNumber))) return serialNumber;
  }
}
