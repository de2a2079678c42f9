/**
 * Results as text for people. Where ovs-pki prints something, this is the same text.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import { visible } from '../../platform/visible.js';
import type { FingerprintResult } from '../../usecases/certificate/fingerprint.js';
import { formatLocalDate } from './date.js';
import { hintOf } from './hint.js';

/**
 * For whoever compares: two files of one SHA-1 can be made. ovs-pki prints no such line, so it goes to a terminal only,
 * and beside the result.
 */
export function sha256Line({ file, sha256 }: FingerprintResult): string {
  return `${file}: SHA-256 ${sha256}\n`;
}

/** The two lines of ovs-pki's `fingerprint`. */
export function fingerprintText({ file, modifiedAt, sha1, inFileName }: FingerprintResult): string {
  const verdict = inFileName ? '(correct fingerprint in filename)' : `fingerprint ${sha1}`;
  return `${visible(file)}\t${formatLocalDate(new Date(modifiedAt))}\n\t${verdict}\n`;
}

/** `2036-11-19`. */
export function dayText(isoTime: string): string {
  return isoTime.slice(0, 10);
}

/** When something ends: the day, and the minute too where it is made for days or hours. */
export function endText(
  { notBefore, notAfter }: { readonly notBefore: string; readonly notAfter: string },
  shortMs: number = weekMs,
): string {
  const isShort = Date.parse(notAfter) - Date.parse(notBefore) <= shortMs;
  return isShort ? `${notAfter.slice(0, 16).replace('T', ' ')} UTC` : dayText(notAfter);
}

const weekMs = (7 * 24 + 1) * 3_600_000;

/** An error and what to do about it, for standard error. Control characters of foreign text are made visible. */
export function errorText(error: OvsPkiError, directory?: string): string {
  const told = hintOf(error, directory);
  const hint = told === undefined ? '' : `ovs-pki-ts: hint: ${visible(told)}\n`;
  return `ovs-pki-ts: error: ${linesOf(error).map(visible).join('\n  ')} [${error.code}]\n${hint}`;
}

/** Only where the text is made of checked parts does a line end begin a new line. */
function linesOf({ code, message }: OvsPkiError): string[] {
  return code === 'INVENTORY_INVALID' ? message.split('\n') : [message];
}

export function warningText(warning: string): string {
  return `ovs-pki-ts: warning: ${visible(warning)}\n`;
}
