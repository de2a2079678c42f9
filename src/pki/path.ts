/**
 * Validation of a certificate against the certificates of a CA (RFC 5280, section 6), with every reason and not only
 * the first. pkijs validates the same path as a second opinion: a certificate is valid when both say so.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import { generalName } from './certificate.js';
import type { Crl } from './crl.js';
import { children, contextTag, equalBytes, readDer } from './der.js';
import { verifySignature } from './engine.js';
import type { Finding } from './lint/rule.js';
import type { DistinguishedName } from './name.js';
import { extensionNames, oid } from './oid.js';
import { pkijsRefusal } from './path-pkijs.js';
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
export async function pathFindings(crypto: Crypto, input: PathInput): Promise<Finding[]> {
  const { path, finding } = await buildPath(crypto, input);
  const findings = finding === undefined ? [] : [finding];
  for (const [depth, certificate] of path.entries()) {
    findings.push(...timeFindings(certificate, depth, input.at), ...criticalFindings(certificate, depth));
    if (depth > 0) findings.push(...authorityFindings(certificate, path.slice(0, depth)));
  }
  if (finding === undefined) findings.push(...(await revocationFindings(crypto, path, input)));
  if (findings.length > 0) return findings;
  const refusal = await pkijsRefusal(crypto, { ...input, path });
  return refusal === undefined ? [] : [found('second-opinion', 'pkijs', `pkijs refuses the path: ${refusal}`)];
}

/** From the certificate to a trust anchor, as far as it goes. */
async function buildPath(
  crypto: Crypto,
  { certificate, authorities }: PathInput,
): Promise<{ path: Certificate[]; finding?: Finding }> {
  const path = [certificate];
  for (let current = certificate; path.length <= maximumDepth; ) {
    if (authorities.some((authority) => equalBytes(authority.der, current.der)) && isSelfIssued(current)) {
      return { path };
    }
    const candidates = authorities.filter((authority) => sameName(authority.subject, current.issuer));
    const issuer = await signerAmong(crypto, current, candidates);
    if (issuer === undefined) return { path, finding: noIssuer(current, path.length - 1, candidates.length > 0) };
    path.push(issuer);
    current = issuer;
  }
  return { path, finding: found('path-length', 'RFC 5280, section 6', `the path is longer than ${maximumDepth}`) };
}

async function signerAmong(
  crypto: Crypto,
  certificate: Certificate,
  candidates: readonly Certificate[],
): Promise<Certificate | undefined> {
  const { signatureAlgorithm, innerSignatureAlgorithm, toBeSigned, signature } = certificate;
  if (signatureAlgorithm !== innerSignatureAlgorithm) return undefined;
  for (const candidate of candidates) {
    if (await verifySignature(crypto, candidate.publicKey, signatureAlgorithm, toBeSigned.bytes, signature)) {
      return candidate;
    }
  }
  return undefined;
}

function noIssuer(certificate: Certificate, depth: number, sameNameExists: boolean): Finding {
  const which = position(depth);
  if (sameNameExists) {
    return found('signature', 'RFC 5280, section 6.1.3 (a)(1)', `the signature of ${which} is not that of its issuer`);
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
function authorityFindings(authority: Certificate, below: readonly Certificate[]): Finding[] {
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
  return [...findings, ...nameConstraintFindings(authority, below[0] as Certificate, depth)];
}

/** dNSName constraints are applied; others are refused where they are critical, as RFC 5280 demands. */
function nameConstraintFindings(authority: Certificate, leaf: Certificate, depth: number): Finding[] {
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
  const names = (leaf.subjectAltName ?? []).filter(({ kind }) => kind === 2).map(({ text }) => text);
  const outside = names.find(
    (name) =>
      (permitted.length > 0 && !permitted.some(({ text }) => isWithin(name, text))) ||
      excluded.some(({ text }) => isWithin(name, text)),
  );
  return outside === undefined ? [] : fault(`${position(depth)} does not allow the name ${outside}`);
}

function isWithin(name: string, constraint: string): boolean {
  const [left, right] = [name.toLowerCase(), constraint.toLowerCase().replace(/^\./, '')];
  return right === '' || left === right || left.endsWith(`.${right}`);
}

async function revocationFindings(
  crypto: Crypto,
  path: readonly Certificate[],
  { crls, at }: PathInput,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [depth, certificate] of path.slice(0, -1).entries()) {
    const issuer = path[depth + 1] as Certificate;
    const crl = newest(crls.filter((list) => sameName(list.issuer, issuer.subject)));
    if (crl === undefined) continue;
    const { signatureAlgorithm, toBeSigned, signature, nextUpdate, extensions } = crl;
    const rule = (id: string, message: string): void => {
      findings.push(found(id, 'RFC 5280, section 6.3.3', message));
    };
    if (!(await verifySignature(crypto, issuer.publicKey, signatureAlgorithm, toBeSigned.bytes, signature))) {
      rule('crl-signature', 'the signature of the CRL is not that of the CA');
    }
    if (extensions.some(({ critical }) => critical)) rule('crl-extension', 'the CRL has a critical extension');
    if (nextUpdate !== undefined && at > nextUpdate) {
      rule('crl-expired', `the CRL is out of date since ${formatTime(nextUpdate)}`);
    }
    const revokedAt = crl.revoked.get(certificate.serialNumber);
    if (revokedAt !== undefined) rule('revoked', `${position(depth)} was revoked on ${formatTime(revokedAt)}`);
  }
  return findings;
}

function newest(crls: readonly Crl[]): Crl | undefined {
  return [...crls].sort((left, right) => right.thisUpdate.getTime() - left.thisUpdate.getTime())[0];
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return sameName(issuer, subject);
}

/** Comparison of names as RFC 5280, section 7.1, wants it: case and the amount of white space do not count. */
function sameName(left: DistinguishedName, right: DistinguishedName): boolean {
  const fold = ({ attributes }: DistinguishedName): string =>
    JSON.stringify(
      attributes.map(({ type, value }) => [type, value.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ')]),
    );
  return equalBytes(left.der, right.der) || fold(left) === fold(right);
}

function position(depth: number): string {
  return depth === 0 ? 'the certificate' : depth === 1 ? 'the CA certificate' : `the CA certificate at depth ${depth}`;
}

function found(rule: string, citation: string, message: string): Finding {
  return { rule, citation, message };
}
