/**
 * Which certificate a host is to have: found among what was made here, what the host has already, and what the CA has
 * issued; the newest that is valid and not about to expire counts. Where there is none, the host is enrolled.
 *
 * @module
 */

import type { DesiredHost } from '../../deploy/desired/desired.js';
import { knownValue } from '../../deploy/facts/fact.js';
import type { PlanningFacts } from '../../deploy/facts/host-facts.js';
import { type Identity, keyHashOf } from '../../deploy/plan/identity-files.js';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { parseFileName } from '../../pki/file-name.js';
import { decodePrivateKey } from '../../pki/key.js';
import { keyHash } from '../../pki/key-identity.js';
import { selfSignedFindings } from '../../pki/lint/leaf-rules.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { issuersOf } from '../../pki/path/issuer.js';
import { pathFindings } from '../../pki/path/path.js';
import { canLastLonger, isDueForRenewal, type Renewal } from '../../pki/renewal.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, trustedBy } from '../../store/ca/ca.js';
import { isOfOther } from '../../store/ca/issued-by.js';
import { readCertificate } from '../../store/certificate-file.js';
import { certificatesOfKey } from '../../store/index/key-register.js';
import { issuedCertificateFile } from '../../store/layout.js';
import { certificateRevoked } from '../revoked.js';
import type { Authority } from './authorities.js';

/** What a host is to present; undefined where it needs no certificate. */
export async function identityFor(
  platform: Platform,
  desired: DesiredHost,
  facts: PlanningFacts,
  authority: Authority | undefined,
  renewal: Renewal,
): Promise<Identity | 'enroll' | undefined> {
  const { identity, name } = desired;
  if (identity === undefined) return undefined;
  const ca = authority?.ca;
  const lying = certificateHere(name);
  // What lies here from before a rollover is no longer meant.
  const here = lying && issuersOf(lying, authority?.retired ?? []).length > 0 ? undefined : lying;
  const candidates = [
    ...(here === undefined ? [] : [here]),
    ...newest(certificatesOnHost(facts, name)),
    ...(ca === undefined ? [] : newest(issuedForKeysOf(ca, facts, name))),
  ];
  const judged = await Promise.all(
    candidates.map(async (certificate) => ({
      certificate,
      reasons: await faultsOf(platform, name, certificate, authority),
    })),
  );
  const good = judged
    .filter(({ reasons }) => reasons.length === 0)
    .map(({ certificate }) => certificate)
    .sort((a, b) => Number(isLeft(a, ca)) - Number(isLeft(b, ca)) || b.notBefore.getTime() - a.notBefore.getTime());
  for (const certificate of good) {
    const key = keyFor(certificate, facts, name);
    if (key === undefined) continue;
    const isDue = isDueForRenewal(certificate, platform.clock.now()) && canLastLonger(certificate, ca?.certificate);
    if (renewal !== 'none' && (isDue || (renewal === 'all' && isLeft(certificate, ca)))) return 'enroll';
    if (here !== undefined && here !== certificate && here.notBefore >= certificate.notBefore) break;
    return { certificate, authorities: ca === undefined ? [] : trustFor(certificate, ca), key };
  }
  // What lies here was made for this host: that it is passed over in silence, or for something older, is not what its
  // maker would expect.
  for (const { serialNumber } of candidates) {
    const revoked = authority?.revoked.get(serialNumber);
    if (revoked !== undefined) throw certificateRevoked(name, serialNumber, revoked.reason);
  }
  // Who has thrown its certificate away asks no less.
  const last = authority?.refused(name);
  if (last !== undefined) throw certificateRevoked(name, last.serialNumber, last.reason);
  const refused = judged.find(({ certificate }) => certificate === here);
  if (here !== undefined && refused !== undefined) throw unusable(name, refused.reasons, authority === undefined);
  return 'enroll';
}

/** Whether the CA of a rollover that does not sign now has signed it. */
export function isLeft(certificate: Certificate, ca: Ca | undefined): boolean {
  return ca !== undefined && isOfOther(certificate, ca);
}

/** Those who have signed a certificate first, then who is trusted besides. */
export function trustFor(certificate: Certificate, ca: Ca): Certificate[] {
  const trusted = trustedBy(ca);
  const issuers = issuersOf(certificate, trusted);
  return [...issuers, ...trusted.filter((item) => !issuers.includes(item))];
}

/** The names of the certificates in the working directory: files `NAME-cert.pem`. */
export function namesHere(): string[] {
  return files.list('.').flatMap((file) => /^(.+)-cert\.pem$/.exec(file)?.[1] ?? []);
}

function certificateHere(name: string): Certificate | undefined {
  const { certificateFile } = parseFileName(name);
  if (!files.exists(certificateFile)) return undefined;
  return readCertificate(certificateFile);
}

/** A host can show the same or others thousands of times, and each is validated up to the CA. */
function newest(certificates: readonly Certificate[]): Certificate[] {
  const distinct = new Map(
    certificates.map((certificate) => [Buffer.from(certificate.der).toString('latin1'), certificate]),
  );
  return [...distinct.values()].sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime()).slice(0, mostOfAHost);
}

const mostOfAHost = 100;

function certificatesOnHost(facts: PlanningFacts, name: string): Certificate[] {
  return [...facts.files.values()].flatMap((fact) => {
    const file = knownValue(fact);
    if (file?.kind !== 'certificate') return [];
    const [certificate] = file.certificates;
    return attributeValues(certificate.subject, oid.commonName).includes(name) ? [certificate] : [];
  });
}

/** An enrollment that was interrupted after the CA had signed, or a renewal: the certificate is in the CA's folder. */
function issuedForKeysOf({ layout }: Ca, facts: PlanningFacts, name: string): Certificate[] {
  const hashes = [...facts.files.values()].flatMap((fact) => {
    const file = knownValue(fact);
    return file?.kind === 'key' && file.keyHash !== undefined ? [file.keyHash] : [];
  });
  return [...new Set(hashes)].slice(0, 10 * mostOfAHost).flatMap((hash) => {
    return certificatesOfKey(layout, hash).flatMap(({ commonName, serialNumber }) => {
      const copy = issuedCertificateFile(layout, serialNumber);
      if (commonName !== name || !files.exists(copy)) return [];
      return [readCertificate(copy)];
    });
  });
}

async function faultsOf(
  { clock }: Platform,
  name: string,
  certificate: Certificate,
  authority: Authority | undefined,
): Promise<string[]> {
  const now = clock.now();
  if (authority !== undefined) {
    const { ca, revoked } = authority;
    if (revoked.has(certificate.serialNumber)) return ['it was revoked'];
    const authorities = trustedBy(ca);
    return (await pathFindings({ certificate, authorities, crls: [], at: now })).map(({ message }) => message);
  }
  // Its peers are told to trust it.
  const findings = selfSignedFindings(certificate, name).map(({ message }) => message);
  const expired = `it expired on ${certificate.notAfter.toISOString().slice(0, 10)}`;
  return [...findings, ...(certificate.notAfter < now ? [expired] : [])];
}

/** The key on the host, found by its public half; or else the one here. */
function keyFor(certificate: Certificate, facts: PlanningFacts, name: string): Identity['key'] | undefined {
  const hash = keyHashOf(certificate);
  const found = [...facts.files].flatMap(([path, fact]) => {
    const file = knownValue(fact);
    return file?.kind === 'key' && file.keyHash === hash ? [path] : [];
  });
  // A link leads to another generation later.
  const path = found.find((item) => !facts.links.has(item)) ?? found[0];
  if (path !== undefined) return { kind: 'on-host', path };
  const { privateKeyFile } = parseFileName(name);
  if (!files.exists(privateKeyFile)) return undefined;
  const { publicKey } = decodePrivateKey(files.readFile(privateKeyFile).toString('latin1'), privateKeyFile);
  return publicKey !== undefined && keyHash(publicKey) === hash
    ? { kind: 'file', file: privateKeyFile, keyHash: hash }
    : undefined;
}

function unusable(name: string, reasons: readonly string[], isSelfSigned: boolean): OvsPkiError {
  const { certificateFile, privateKeyFile, requestFile } = parseFileName(name);
  if (reasons.length === 0) {
    return new OvsPkiError(
      'IDENTITY_UNFIT',
      `the key of ${certificateFile} is neither on the host nor in ${privateKeyFile}`,
      {
        hint: `sign the request that the host made (${name}-req.pem), or move ${certificateFile} away to have the host enrolled anew`,
        details: { name },
      },
    );
  }
  return new OvsPkiError(
    'IDENTITY_UNFIT',
    `${certificateFile} cannot be the identity of ${name}: ${reasons.join('; ')}`,
    {
      hint:
        // `verify` asks the CA, which has nothing to say of a certificate that signs itself.
        isSelfSigned && files.exists(privateKeyFile) && files.exists(requestFile)
          ? `replace it: ovs-pki-ts self-sign --force ${name}; or move it away to have the host enrolled anew`
          : `see: ovs-pki-ts verify ${name}; or move it away to have the host enrolled anew`,
      details: { name, reasons },
    },
  );
}
