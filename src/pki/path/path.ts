/**
 * Validation of a certificate against the certificates of a CA (RFC 5280, section 6), with every reason and not only
 * the first. pkijs validates the same path as a second opinion: a certificate is valid when both say so.
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import type { Crl } from '../crl.js';
import { children, contextTag, encodeSequence, equalBytes, readDer, readInteger, tag } from '../der.js';
import { keyFindings } from '../lint/key-rules.js';
import type { Finding } from '../lint/rule.js';
import { type DistinguishedName, decodeName } from '../name.js';
import { extensionNames, oid, purposeNames } from '../oid.js';
import { formatSerial } from '../serial.js';
import { judgeSignature, type SignatureVerdict, signatureName, weakHashOf } from '../signature.js';
import { formatTime } from '../text.js';
import { foldText, type NamesBelow, nameConstraintFault } from './name-constraints.js';
import { pkijsRefusal } from './pkijs.js';

export interface PathInput {
  readonly certificate: Certificate;
  /** All of a cacert.pem. Self-signed ones are trust anchors, others may stand between. */
  readonly authorities: readonly Certificate[];
  readonly crls: readonly Crl[];
  readonly at: Date;
}

/** More than any real path has. */
const maximumDepth = 10;

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

/** Those who stand above a certificate, by name and signature, whatever the time: up to a self-signed one, or as far as they go. */
export function issuersOf(certificate: Certificate, authorities: readonly Certificate[]): Certificate[] {
  const issuers: Certificate[] = [];
  for (let current = certificate; issuers.length <= maximumDepth && !isSelfSigned(current); ) {
    const issuer = authorities.find(
      (authority) => sameName(authority.subject, current.issuer) && judgeIssuer(current, authority) === 'genuine',
    );
    if (issuer === undefined) break;
    issuers.push(issuer);
    current = issuer;
  }
  return issuers;
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

/** Whether authorityKeyIdentifier (RFC 5280, section 4.2.1.1), as far as it says something, speaks of that CA. */
function fitsKeyIdentifier(authority: Certificate, { extensions }: Certificate): boolean {
  const extension = extensions.find(({ type }) => type === oid.authorityKeyIdentifier);
  if (extension === undefined) return true;
  const parts = children(readDer(extension.value));
  const part = (number: number, constructed: boolean) =>
    parts.find((element) => element.tag === contextTag(number, constructed));
  const [keyIdentifier, issuers, serialNumber] = [part(0, false), part(1, true), part(2, false)];
  const own = authority.subjectKeyIdentifier;
  if (keyIdentifier !== undefined && own !== undefined && !equalBytes(keyIdentifier.content, own)) return false;
  if (serialNumber !== undefined) {
    const serial = readInteger({ ...serialNumber, tag: tag.integer }, 'authorityCertSerialNumber');
    if (formatSerial(serial) !== authority.serialNumber) return false;
  }
  const directoryName = issuers && children(issuers).find((element) => element.tag === contextTag(4, true));
  const [name] = directoryName === undefined ? [] : children(directoryName);
  return name === undefined || sameName(decodeName(name, 'authorityCertIssuer'), authority.issuer);
}

function judgeIssuer(certificate: Certificate, { publicKey }: Certificate): SignatureVerdict {
  const { signatureAlgorithm, innerSignatureAlgorithm, signatureParameters, innerAlgorithm } = certificate;
  if (signatureAlgorithm !== innerSignatureAlgorithm) return 'wrong';
  // What RSASSA-PSS is used with stands there twice, and only inside it is signed.
  if (signatureAlgorithm === oid.rsaPss && !innerAlgorithmIs(innerAlgorithm, signatureParameters)) return 'wrong';
  return judgeSignature(publicKey, certificate);
}

function innerAlgorithmIs(inner: Uint8Array, parameters: Uint8Array | undefined): boolean {
  const own = children(readDer(inner))[1]?.bytes;
  return own === undefined || parameters === undefined ? own === parameters : equalBytes(own, parameters);
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

/** What a certificate must have to stand above those before it in the path. */
function signerFindings(authority: Certificate, below: readonly Certificate[]): Finding[] {
  const { version, basicConstraints, keyUsage } = authority;
  const depth = below.length;
  const findings: Finding[] = [];
  if (version !== 3 || basicConstraints?.ca !== true) {
    findings.push(found('ca-flag', 'RFC 5280, section 6.1.4 (k)', `${position(depth)} is no CA certificate`));
  }
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    findings.push(found('key-usage', 'RFC 5280, section 6.1.4 (n)', `${position(depth)} may not sign certificates`));
  }
  const between = below.slice(1).filter((certificate) => !isSelfIssued(certificate)).length;
  if (basicConstraints?.pathLength !== undefined && between > basicConstraints.pathLength) {
    const message = `${position(depth)} allows ${basicConstraints.pathLength} CAs below it, and there are ${between}`;
    findings.push(found('path-length', 'RFC 5280, section 6.1.4 (m)', message));
  }
  const named = below.filter((certificate, index) => index === 0 || !isSelfIssued(certificate));
  const names = { alternative: below[0]?.subjectAltName ?? [], subjects: named.map(({ subject }) => subject) };
  return [
    ...findings,
    ...fitnessFindings(authority, depth),
    ...strengthFindings(authority, depth),
    ...nameConstraintFindings(authority, names, depth),
    ...policyFindings(authority, below),
  ];
}

/** A CA for code, or with a key that others can compute, stands for no host: TLS libraries refuse both at every depth. */
function fitnessFindings({ extKeyUsage, publicKey }: Certificate, depth: number): Finding[] {
  const findings: Finding[] = [];
  const missing = [oid.serverAuth, oid.clientAuth].filter((purpose) => extKeyUsage?.includes(purpose) === false);
  if (missing.length > 0) {
    const names = missing.map((purpose) => purposeNames.get(purpose)).join(' and ');
    const message = `${position(depth)} is for other purposes than ${names}`;
    findings.push(found('ca-ext-key-usage', 'RFC 5280, section 4.2.1.12', message));
  }
  const weak = keyFindings(publicKey).filter(({ rule }) => rule !== 'key-encoding' && rule !== 'key-type');
  findings.push(...weak.map(({ citation, message }) => found('ca-key', citation, `${position(depth)}: ${message}`)));
  return findings;
}

/** What OpenSSL refuses for TLS, as Debian and Ubuntu set it. Nobody rests on the signature of a root. */
function strengthFindings(authority: Certificate, depth: number): Finding[] {
  const hash = isSelfSigned(authority) ? undefined : weakHashOf(authority);
  if (hash === undefined) return [];
  const message = `${position(depth)} is signed with ${hash} (${signatureName(authority)}), which TLS refuses`;
  return [found('ca-signature-algorithm', 'SSL_CTX_set_security_level(3), level 2; RFC 9155', message)];
}

function nameConstraintFindings(authority: Certificate, names: NamesBelow, depth: number): Finding[] {
  const fault = nameConstraintFault(authority, names);
  const citation = 'RFC 5280, section 4.2.1.10';
  return fault === undefined ? [] : [found('name-constraints', citation, `${position(depth)} ${fault}`)];
}

/**
 * Section 6.1: a CA can demand that every certificate so far below it names a policy. With one that does, it is for the
 * second opinion to say whether it is the right one.
 */
function policyFindings(authority: Certificate, below: readonly Certificate[]): Finding[] {
  const constraints = authority.extensions.find(({ type }) => type === oid.policyConstraints);
  const [leaf] = below;
  if (constraints === undefined || leaf === undefined || isSelfSigned(authority)) return [];
  if (leaf.extensions.some(({ type }) => type === oid.certificatePolicies)) return [];
  const explicit = children(readDer(constraints.value)).find((part) => part.tag === contextTag(0, false));
  if (explicit === undefined || readInteger({ ...explicit, tag: tag.integer }, 'requireExplicitPolicy') > below.length)
    return [];
  const message = `${position(below.length)} demands a certificate policy, and certificates for Open vSwitch have none`;
  return [found('policy', 'RFC 5280, section 4.2.1.11', message)];
}

/** The list that speaks of a certificate of the path. */
interface ApplyingList {
  readonly crl: Crl;
  readonly verdict: SignatureVerdict;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly depth: number;
}

/** For each certificate below the anchor the newest list of its issuer, if there is one. */
function listsFor(path: readonly Certificate[], crls: readonly Crl[]): ApplyingList[] {
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

function revocationFindings({ crl, verdict, certificate, issuer, depth }: ApplyingList, at: Date): Finding[] {
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

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameName(issuer, subject);
}

/** A CA of this name that names another key or certificate as its issuer is no trust anchor: it stands below one. */
function isSelfSigned(certificate: Certificate): boolean {
  return isSelfIssued(certificate) && fitsKeyIdentifier(certificate, certificate);
}

/**
 * Comparison of names as OpenSSL makes it of RFC 5280, section 7.1: the type of string, the case of ASCII letters and
 * the amount of white space do not count.
 */
function sameName(left: DistinguishedName, right: DistinguishedName): boolean {
  if (equalBytes(left.der, right.der)) return true;
  if (left.multiValued || right.multiValued) return false;
  const fold = ({ attributes }: DistinguishedName): string =>
    JSON.stringify(attributes.map(({ type, value }) => [type, foldText(value)]));
  return fold(left) === fold(right);
}

function position(depth: number): string {
  return depth === 0 ? 'the certificate' : depth === 1 ? 'the CA certificate' : `the CA certificate at depth ${depth}`;
}

function found(rule: string, citation: string, message: string): Finding {
  return { rule, citation, message };
}
