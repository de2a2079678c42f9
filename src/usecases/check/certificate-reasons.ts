/**
 * What is wrong with a certificate and the key beside it, whether a CA has them or a file.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { attributeValues, formatName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { strengthFindings } from './gather.js';
import type { KeyMatch } from './key-match.js';
import { type CheckReason, type CheckRule, critical, warning } from './rule.js';

export function exposedKey(file: string): CheckReason {
  return critical('key-exposed', file, `can be read by others than its owner: chmod 600 ${file}`);
}

export function strengthReasons(about: string, certificate: Certificate): CheckReason[] {
  return strengthFindings(certificate).map(({ rule, message }) => warning(strengthRule(rule), about, message));
}

export function strengthRule(finding: string): CheckRule {
  return finding === 'leaf-signature-algorithm' ? 'weak-signature' : 'weak-key';
}

export function keyReasons(
  keyFile: string,
  certificateFile: string,
  match: KeyMatch | 'none' | 'missing',
): CheckReason[] {
  if (match === 'differs') return [critical('key-mismatch', keyFile, `is not the key of ${certificateFile}`)];
  return match === 'damaged' ? [critical('key-mismatch', keyFile, 'cannot be read as a private key')] : [];
}

export function nameOf({ subject }: Certificate): string {
  return attributeValues(subject, oid.commonName)[0] ?? formatName(subject);
}
