/**
 * What a certificate must have to stand above others (RFC 5280, section 6.1.4).
 *
 * @module
 */

import type { Certificate } from '../certificate.js';
import { children, contextTag, readDer, tag } from '../der.js';
import { readInteger } from '../der-values.js';
import { keyFindings } from '../lint/key-rules.js';
import type { Finding } from '../lint/rule.js';
import { oid, purposeNames } from '../oid.js';
import { signatureName, weakHashOf } from '../signature.js';
import { found, position } from './finding.js';
import { isSelfIssued, isSelfSigned } from './issuer.js';
import { type NamesBelow, nameConstraintFault } from './name-constraints.js';

/** What a certificate must have to stand above those before it in the path. */
export function signerFindings(authority: Certificate, below: readonly Certificate[]): Finding[] {
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

export function nameConstraintFindings(authority: Certificate, names: NamesBelow, depth: number): Finding[] {
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
