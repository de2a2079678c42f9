/**
 * Validation of a certificate against the certificates of a CA (RFC 5280, section 6), with every reason and not only
 * the first. pkijs validates the same path as a second opinion: a certificate is valid when both say so.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import { generalName } from './certificate.js';
import type { Crl } from './crl.js';
import { children, contextTag, equalBytes, readDer, readInteger, tag } from './der.js';
import { verifySignature } from './engine.js';
import { keyFindings } from './lint/key-rules.js';
import type { Finding } from './lint/rule.js';
import { type DistinguishedName, decodeName } from './name.js';
import { extensionNames, oid, purposeNames } from './oid.js';
import { pkijsRefusal } from './path-pkijs.js';
import { formatSerial } from './serial.js';
import { formatTime } from './text.js';

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
  for (let current = certificate; issuers.length <= maximumDepth && !isSelfIssued(current); ) {
    const issuer = authorities.find(
      (authority) => sameName(authority.subject, current.issuer) && isSignedBy(current, authority),
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
  const leaf = { ...input.certificate, subjectAltName: undefined };
  const findings = path.flatMap((authority, index) => [
    ...timeFindings(authority, index + 1, input.at),
    ...criticalFindings(authority, index + 1),
    ...signerFindings(authority, [leaf, ...path.slice(0, index)]),
  ]);
  return { path, findings: finding === undefined ? findings : [finding, ...findings] };
}

/** Why a name is not one that a CA may certify; those that stand above it come behind it. */
export function nameFindings(authorities: readonly Certificate[], dnsName: string): Finding[] {
  return authorities.flatMap((authority, index) => nameConstraintFindings(authority, [dnsName], index + 1));
}

/** From the certificate to a trust anchor, as far as it goes. */
function buildPath({ certificate, authorities, at }: PathInput): { path: Certificate[]; finding?: Finding } {
  const path = [certificate];
  for (let current = certificate; path.length <= maximumDepth; ) {
    if (authorities.some((authority) => equalBytes(authority.der, current.der)) && isSelfIssued(current)) {
      return { path };
    }
    const named = authorities.filter((authority) => sameName(authority.subject, current.issuer));
    const fitting = named.filter((authority) => fitsKeyIdentifier(authority, current));
    // OpenSSL settles on one before it looks at the signature: the first that is valid now.
    const issuer = fitting.find((authority) => isValidAt(authority, at)) ?? fitting[0];
    if (issuer === undefined) return { path, finding: noIssuer(current, path.length - 1, named.length > 0) };
    if (!isSignedBy(current, issuer)) return { path, finding: wrongSignature(path.length - 1) };
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

function isSignedBy(certificate: Certificate, { publicKey }: Certificate): boolean {
  const { signatureAlgorithm, innerSignatureAlgorithm, toBeSigned, signature } = certificate;
  if (signatureAlgorithm !== innerSignatureAlgorithm) return false;
  return verifySignature(publicKey, signatureAlgorithm, toBeSigned.bytes, signature);
}

function wrongSignature(depth: number): Finding {
  const message = `the signature of ${position(depth)} is not that of its issuer`;
  return found('signature', 'RFC 5280, section 6.1.3 (a)(1)', message);
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

function criticalFindings({ extensions }: Certificate, depth: number): Finding[] {
  return extensions
    .filter(({ critical, type }) => critical && !understood.has(type))
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
  findings.push(...fitnessFindings(authority, depth));
  const names = (below[0]?.subjectAltName ?? []).filter(({ kind }) => kind === 2).map(({ text }) => text);
  return [...findings, ...nameConstraintFindings(authority, names, depth)];
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
  const weak = keyFindings(publicKey).filter(({ rule }) => rule !== 'key-encoding');
  findings.push(...weak.map(({ citation, message }) => found('ca-key', citation, `${position(depth)}: ${message}`)));
  return findings;
}

/** dNSName constraints are applied; others are refused where they are critical, as RFC 5280 demands. */
function nameConstraintFindings(authority: Certificate, names: readonly string[], depth: number): Finding[] {
  const extension = authority.extensions.find(({ type }) => type === oid.nameConstraints);
  if (extension === undefined) return [];
  const fault = (message: string): Finding[] => [found('name-constraints', 'RFC 5280, section 4.2.1.10', message)];
  const subtrees = (number: number) =>
    children(readDer(extension.value))
      .filter((part) => part.tag === contextTag(number, true))
      .flatMap((part) => children(part).map((subtree) => generalName(children(subtree)[0] ?? subtree)));
  const [permitted, excluded] = [subtrees(0), subtrees(1)];
  const other = [...permitted, ...excluded].find(({ kind }) => kind !== 2);
  if (other !== undefined)
    return fault(`${position(depth)} constrains names of type ${other.kind}, which is not supported`);
  // OpenSSL gives up at the same product.
  if (names.length * (permitted.length + excluded.length) > 1 << 20) {
    return fault(`${position(depth)} constrains more names than are compared`);
  }
  const outside = names.find(
    (name) =>
      (permitted.length > 0 && !permitted.some(({ text }) => isWithin(name, text))) ||
      excluded.some(({ text }) => isWithin(name, text)),
  );
  return outside === undefined ? [] : fault(`${position(depth)} does not allow the name ${outside}`);
}

/** Whether a name lies under a constraint; one that begins with a dot does not hold the domain itself. */
function isWithin(name: string, constraint: string): boolean {
  const [left, right] = [name.toLowerCase(), constraint.toLowerCase()];
  if (right === '' || left === right) return true;
  return left.endsWith(right.startsWith('.') ? right : `.${right}`);
}

/** The list that speaks of a certificate of the path. */
interface ApplyingList {
  readonly crl: Crl;
  readonly isSigned: boolean;
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
    const signed = named.filter(({ signatureAlgorithm, toBeSigned, signature }) =>
      verifySignature(issuer.publicKey, signatureAlgorithm, toBeSigned.bytes, signature),
    );
    const crl = signed[0] ?? named[0];
    if (crl !== undefined) lists.push({ crl, isSigned: signed.length > 0, certificate, issuer, depth });
  }
  return lists;
}

function revocationFindings({ crl, isSigned, certificate, issuer, depth }: ApplyingList, at: Date): Finding[] {
  const findings: Finding[] = [];
  const rule = (id: string, message: string): void => {
    findings.push(found(id, 'RFC 5280, section 6.3.3', message));
  };
  const { thisUpdate, nextUpdate, extensions, revoked } = crl;
  if (!isSigned) rule('crl-signature', 'the signature of the CRL is not that of the CA');
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

function foldText(text: string): string {
  return text
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll(/[ \t\n\v\f\r]+/g, ' ')
    .replaceAll(/^ | $/g, '');
}

function position(depth: number): string {
  return depth === 0 ? 'the certificate' : depth === 1 ? 'the CA certificate' : `the CA certificate at depth ${depth}`;
}

function found(rule: string, citation: string, message: string): Finding {
  return { rule, citation, message };
}
