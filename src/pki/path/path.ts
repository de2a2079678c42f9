/**
 * Validation of a certificate against the certificates of a CA (RFC 5280, section 6), with every reason and not only
 * the first. pkijs validates the same path as a second opinion: a certificate is valid when both say so.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import type { Crl } from '../crl.js';
import { equalBytes } from '../der.js';
import { encodeSequence } from '../der-encode.js';
import type { Finding } from '../lint/rule.js';
import type { DistinguishedName } from '../name.js';
import { extensionNames, oid } from '../oid.js';
import { type SignatureVerdict, signatureName } from '../signature.js';
import { formatTime } from '../text.js';
import { found, position } from './finding.js';
import { fitsKeyIdentifier, isSelfIssued, isSelfSigned, judgeIssuer, maximumDepth, sameName } from './issuer.js';
import { listsFor, revocationFindings } from './lists.js';
import { pkijsRefusal } from './pkijs.js';
import { nameConstraintFindings, signerFindings } from './signer.js';

export interface PathInput {
  readonly certificate: Certificate;
  /** All of a cacert.pem. Self-signed ones are trust anchors, others may stand between. */
  readonly authorities: readonly Certificate[];
  readonly crls: readonly Crl[];
  readonly at: Date;
}

/** The reasons why the certificate is not valid; none for a valid one. */
export async function pathFindings(input: PathInput): Promise<Finding[]> {
  const { path, finding } = buildPath(input);
  const findings = finding === undefined ? [] : [finding];
  for (const [depth, certificate] of path.entries()) {
    findings.push(...timeFindings(certificate, depth, input.at), ...criticalFindings(certificate, depth));
    if (depth > 0) findings.push(...signerFindings(certificate, path.slice(0, depth)));
  }
  const lists = finding === undefined ? listsFor(path, input.crls) : [];
  for (const list of lists) findings.push(...revocationFindings(list, input.at));
  // A trust anchor itself is a path of one, in which there is nothing to validate.
  if (findings.length > 0 || path.length === 1) return findings;
  // pkijs takes a certificate without a list for revoked as soon as another one has a list.
  const crls = lists.length === path.length - 1 ? lists.map(({ crl }) => crl) : [];
  const refusal = await pkijsRefusal({ path, crls, at: input.at });
  return refusal === undefined ? [] : [found('second-opinion', 'pkijs', `pkijs refuses the path: ${refusal}`)];
}

/** From a CA to a trust anchor, and why nothing that it signs would be valid; no reasons for one in order. */
export function authorityPath(input: Omit<PathInput, 'crls'>): { path: Certificate[]; findings: Finding[] } {
  const { path, finding } = buildPath({ ...input, crls: [] });
  // What it will sign is not known: no names, and no policies.
  const subject = { ...input.certificate.subject, der: encodeSequence(), attributes: [] };
  const leaf = { ...input.certificate, subject, subjectAltName: undefined, extensions: [] };
  const findings = path.flatMap((authority, index) => [
    ...timeFindings(authority, index + 1, input.at),
    ...criticalFindings(authority, index + 1),
    ...signerFindings(authority, [leaf, ...path.slice(0, index)]),
  ]);
  return { path, findings: finding === undefined ? findings : [finding, ...findings] };
}

/** Why names are none that a CA may certify; those that stand above it come behind it. */
export function nameFindings(
  authorities: readonly Certificate[],
  dnsName: string,
  subject: DistinguishedName,
): Finding[] {
  const names = { alternative: [{ kind: 2, text: dnsName }], subjects: [subject] };
  return authorities.flatMap((authority, index) => nameConstraintFindings(authority, names, index + 1));
}

/** From the certificate to a trust anchor, as far as it goes. */
function buildPath({ certificate, authorities, at }: PathInput): { path: Certificate[]; finding?: Finding } {
  const path = [certificate];
  for (let current = certificate; path.length <= maximumDepth; ) {
    if (authorities.some((authority) => equalBytes(authority.der, current.der)) && isSelfSigned(current)) {
      return { path };
    }
    const named = authorities.filter((authority) => sameName(authority.subject, current.issuer));
    const fitting = named.filter((authority) => fitsKeyIdentifier(authority, current));
    // OpenSSL settles on one before it looks at the signature: the first that is valid now.
    const issuer = fitting.find((authority) => isValidAt(authority, at)) ?? fitting[0];
    if (issuer === undefined) return { path, finding: noIssuer(current, path.length - 1, named.length > 0) };
    const verdict = judgeIssuer(current, issuer);
    if (verdict !== 'genuine') return { path, finding: signatureFinding(current, path.length - 1, verdict) };
    path.push(issuer);
    current = issuer;
  }
  return { path, finding: found('path-length', 'RFC 5280, section 6', `the path is longer than ${maximumDepth}`) };
}

function isValidAt({ notBefore, notAfter }: Certificate, at: Date): boolean {
  return at >= notBefore && at <= notAfter;
}

function signatureFinding(certificate: Certificate, depth: number, verdict: SignatureVerdict): Finding {
  const citation = 'RFC 5280, section 6.1.3 (a)(1)';
  if (verdict === 'wrong')
    return found('signature', citation, `the signature of ${position(depth)} is not that of its issuer`);
  const message = `the signature of ${position(depth)} cannot be checked: the algorithm ${signatureName(certificate)} is not known`;
  return found('signature-algorithm', citation, message);
}

function noIssuer(certificate: Certificate, depth: number, sameNameExists: boolean): Finding {
  const which = position(depth);
  if (sameNameExists) {
    const message = `${which} names another key of its issuer`;
    return found('key-identifier', 'RFC 5280, section 4.2.1.1', message);
  }
  const message = isSelfIssued(certificate)
    ? `${which} is self-signed, and not the certificate of the CA`
    : `the issuer of ${which} is another CA`;
  return found('issuer', 'RFC 5280, section 6.1.3 (a)(4)', message);
}

function timeFindings({ notBefore, notAfter }: Certificate, depth: number, at: Date): Finding[] {
  const rule = (message: string): Finding[] => [found('validity', 'RFC 5280, section 6.1.3 (a)(2)', message)];
  if (at < notBefore) return rule(`${position(depth)} is not valid before ${formatTime(notBefore)}`);
  if (at > notAfter) return rule(`${position(depth)} has expired on ${formatTime(notAfter)}`);
  return [];
}

const understood: ReadonlySet<string> = new Set([
  oid.basicConstraints,
  oid.keyUsage,
  oid.extKeyUsage,
  oid.subjectAltName,
  oid.nameConstraints,
]);

/** What a company's CAs have. In certificates of hosts nobody needs them, and the IKE daemons may not know them. */
const policies: ReadonlySet<string> = new Set([
  oid.certificatePolicies,
  oid.policyMappings,
  oid.policyConstraints,
  oid.inhibitAnyPolicy,
]);

function criticalFindings({ extensions }: Certificate, depth: number): Finding[] {
  return extensions
    .filter(({ critical, type }) => critical && !understood.has(type) && !(depth > 0 && policies.has(type)))
    .map(({ type }) => {
      const name = extensionNames.get(type) ?? type;
      return found(
        'critical-extension',
        'RFC 5280, section 4.2',
        `${position(depth)} has a critical extension: ${name}`,
      );
    });
}
