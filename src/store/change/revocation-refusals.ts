/**
 * Why a certificate is not revoked, or not released.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import type { SerialNumber } from '../../pki/serial.js';
import type { Ca } from '../ca/ca.js';
import { type IndexRow, revokedAt } from '../index/row.js';
import { reasonOfColumn } from '../index/scan.js';

/** What is to be revoked: all valid certificates of a name, or one certificate. */
export type RevocationTarget =
  | { readonly name: string }
  /** With the certificate itself one that the index does not know, and that the CA has signed. */
  | { readonly serialNumber: SerialNumber; readonly certificate?: Certificate };

export function whatOf(target: RevocationTarget): string {
  return 'name' in target ? target.name : `serial ${target.serialNumber}`;
}

/** What stands behind the time of the revocation: that it is unspecified may be said or not. */
export function details(column: string): string {
  return column.replace(/^[^,]*,?/, '').replace(/^unspecified$/, '');
}

export function unknown({ type, layout }: Ca, what: string, hasExpired: boolean): OvsPkiError {
  const message = hasExpired
    ? `every certificate of ${what} has expired`
    : `${type}ca has issued no certificate of ${what}`;
  return new OvsPkiError('CERTIFICATE_UNKNOWN', message, {
    hint: hasExpired
      ? `nobody takes them any more; to revoke one all the same, give its --serial: see ${layout.index}`
      : `see what it has issued: ovs-pki-ts list ${type}; a certificate of the other CA is named with its type: ${
          type === 'switch' ? 'controller' : 'switch'
        }`,
    details: { what, type },
  });
}

export function otherwise(what: string, row: IndexRow): OvsPkiError {
  const { serialNumber, revoked } = row;
  const since = `since ${revokedAt(row).toISOString().slice(0, 10)}, ${reasonOfColumn(revoked)}`;
  return new OvsPkiError('REVOCATION_REFUSED', `${what} is revoked already, with another reason or time: ${since}`, {
    hint: 'what lists have told stands; without --reason and --at this is no error',
    details: { serialNumber, revoked },
  });
}

export function caItself({ type, layout }: Ca): OvsPkiError {
  return new OvsPkiError('REVOCATION_REFUSED', `this is the certificate of ${type}ca itself`, {
    hint: `a CA cannot revoke itself: take ${layout.certificate} away from all hosts`,
    details: { type },
  });
}

export function supersedesItself(what: string, { serialNumber }: IndexRow): OvsPkiError {
  const message = `nothing supersedes the certificate of ${what}, serial ${serialNumber}: it is the one that was issued last`;
  return new OvsPkiError('REVOCATION_REFUSED', message, {
    hint: `to revoke it all the same: ovs-pki-ts revoke --serial ${serialNumber} --reason superseded; if the host is gone: --reason cessationOfOperation`,
    details: { serialNumber },
  });
}

export function notRevoked(what: string): OvsPkiError {
  return new OvsPkiError('REVOCATION_REFUSED', `no certificate of ${what} is revoked: there is no hold to end`, {
    hint: 'see which are: ovs-pki-ts list --state revoked',
  });
}

export function finallyRevoked(what: string, { serialNumber, revoked }: IndexRow): OvsPkiError {
  const reason = reasonOfColumn(revoked);
  return new OvsPkiError('REVOCATION_REFUSED', `${what} is revoked for good (${reason}): only certificateHold ends`, {
    hint: 'if the host is to be trusted again, give it another key: ovs-pki-ts req+sign --force --unique NAME',
    details: { serialNumber, revoked },
  });
}
