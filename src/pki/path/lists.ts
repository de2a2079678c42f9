/**
 * Which CRLs speak of the certificates of a path, and what they say.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import type { Crl } from '../crl.js';
import type { Finding } from '../lint/rule.js';
import { judgeSignature, type SignatureVerdict, signatureName } from '../signature.js';
import { formatTime } from '../text.js';
import { found, position } from './finding.js';
import { sameName } from './issuer.js';

/** The list that speaks of a certificate of the path. */
interface ApplyingList {
  readonly crl: Crl;
  readonly verdict: SignatureVerdict;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly depth: number;
}

/** For each certificate below the anchor the newest list of its issuer, if there is one. */
export function listsFor(path: readonly Certificate[], crls: readonly Crl[]): ApplyingList[] {
  const lists: ApplyingList[] = [];
  for (const [depth, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[depth + 1] as Certificate;
    const named = newestFirst(crls.filter((crl) => sameName(crl.issuer, issuer.subject)));
    // CAs of one name have a list each; the key tells whose it is.
    const verdicts = named.map((crl) => ({ crl, verdict: judgeSignature(issuer.publicKey, crl) }));
    const applying = verdicts.find(({ verdict }) => verdict === 'genuine') ?? verdicts[0];
    if (applying !== undefined) lists.push({ ...applying, certificate, issuer, depth });
  }
  return lists;
}

export function revocationFindings({ crl, verdict, certificate, issuer, depth }: ApplyingList, at: Date): Finding[] {
  const findings: Finding[] = [];
  const rule = (id: string, message: string): void => {
    findings.push(found(id, 'RFC 5280, section 6.3.3', message));
  };
  const { thisUpdate, nextUpdate, extensions, revoked } = crl;
  if (verdict === 'wrong') rule('crl-signature', 'the signature of the CRL is not that of the CA');
  if (verdict === 'unknown') {
    rule('crl-signature-algorithm', `the signature of the CRL cannot be checked: ${signatureName(crl)} is not known`);
  }
  if (issuer.keyUsage?.includes('cRLSign') === false) rule('crl-sign', `${position(depth + 1)} may not sign CRLs`);
  if (extensions.some(({ critical }) => critical)) rule('crl-extension', 'the CRL has a critical extension');
  if (at < thisUpdate) rule('crl-not-yet-valid', `the CRL is not valid before ${formatTime(thisUpdate)}`);
  if (nextUpdate !== undefined && at > nextUpdate) {
    rule('crl-expired', `the CRL is out of date since ${formatTime(nextUpdate)}`);
  }
  const revokedAt = revoked.get(certificate.serialNumber);
  if (revokedAt !== undefined) rule('revoked', `${position(depth)} was revoked on ${formatTime(revokedAt)}`);
  return findings;
}

/** Times are whole seconds; of lists of the same second the one with the higher number is the newer. */
function newestFirst(crls: readonly Crl[]): Crl[] {
  const age = (left: Crl, right: Crl): number =>
    right.thisUpdate.getTime() - left.thisUpdate.getTime() || Number((right.crlNumber ?? 0n) - (left.crlNumber ?? 0n));
  return [...crls].sort(age);
}
