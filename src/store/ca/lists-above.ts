/**
 * The CRLs of the CAs above a CA, such as that of a company's root: in `crl/` of the CA, each in a file of its issuer's key.
 * One that revokes the CA makes everything invalid that the CA has signed.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type Crl, newestCrlOf } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { formatName } from '../../pki/name.js';
import { issuersOf } from '../../pki/path/issuer.js';
import { formatTime } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import { type Ca, generationCrlFile, generationsOf } from './ca.js';
import { crlFiles, readCrls } from './crls.js';

/** The CRL of a CA that stands above. */
export interface ListAbove {
  readonly issuer: Certificate;
  readonly crl: Crl;
}

/** A certificate on the way to the root that its issuer has revoked. */
export interface RevokedAbove {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly at: Date;
}

/** The CAs above, those of both keys of a rollover; the nearest first. */
export function authoritiesAbove(ca: Ca): Certificate[] {
  const all = generationsOf(ca).flatMap(({ chain }) => chain);
  return all.filter(({ der }, index) => all.findIndex((other) => equalBytes(other.der, der)) === index);
}

/** The newest list of each of them, as far as there is one. Throws PKI_CORRUPT. */
export function listsAbove(ca: Ca): ListAbove[] {
  const { layout } = ca;
  if (files.list(layout.crlFolder).every((name) => !name.endsWith('.pem'))) return [];
  // The lists of the CA itself are many times as large, and not asked for here.
  const crls = readCrls(
    layout,
    crlFiles(layout).filter((file) => file !== layout.crl),
  );
  return authoritiesAbove(ca).flatMap((issuer) => {
    const crl = newestCrlOf(issuer, crls);
    return crl === undefined ? [] : [{ issuer, crl }];
  });
}

/** Where the list of a CA above is kept. */
export function listAboveFile({ layout }: Ca, issuer: Certificate): string {
  return generationCrlFile(layout, issuer);
}

/** The first certificate from the CA up that its issuer has revoked. */
export function revokedBy(
  { certificate, chain }: Pick<Ca, 'certificate' | 'chain'>,
  lists: readonly ListAbove[],
): RevokedAbove | undefined {
  if (lists.length === 0) return undefined;
  const path = [certificate, ...issuersOf(certificate, chain)];
  for (const [depth, issuer] of path.slice(1).entries()) {
    const one = path[depth] as Certificate;
    const list = lists.find((candidate) => equalBytes(candidate.issuer.der, issuer.der));
    const at = list?.crl.revoked.get(one.serialNumber);
    if (at !== undefined) return { certificate: one, issuer, at };
  }
  return undefined;
}

/** Throws CA_REVOKED where a list revokes the CA, or one above it. */
export function requireNotRevoked(ca: Ca): void {
  const revoked = revokedBy(ca, listsAbove(ca));
  if (revoked !== undefined) throw caRevoked(ca, revoked);
}

export function caRevoked({ type, layout, certificate }: Ca, revoked: RevokedAbove): OvsPkiError {
  const isOwn = revoked.certificate === certificate;
  const hint = isOwn
    ? `for another key: ovs-pki-ts rollover prepare ${type} --request FILE; if the key is good: ovs-pki-ts import ${type} --request FILE --same-key`
    : `bring in a CA below another one: ovs-pki-ts import ${type} --ca-cert FILE --chain FILE --force`;
  return new OvsPkiError('CA_REVOKED', `${layout.folder}: ${revocationText(revoked, isOwn)}`, {
    hint,
    details: { file: layout.certificate, serialNumber: revoked.certificate.serialNumber },
  });
}

/** `its certificate was revoked by C=DE, CN=Root on …`. */
export function revocationText({ certificate, issuer, at }: RevokedAbove, isOwn: boolean): string {
  const whose = isOwn ? 'its certificate' : `that of ${formatName(certificate.subject)} above it`;
  return `${whose} was revoked by ${formatName(issuer.subject)} on ${formatTime(at)}`;
}
