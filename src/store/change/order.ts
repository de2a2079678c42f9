/**
 * What is to be certified: a request, a certificate that is renewed, or a key alone; and what each proves before the lock is held.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import type { CertificationRequest } from '../../pki/certification-request.js';
import type { ForeignRequest } from '../../pki/foreign-request.js';
import { keyHash } from '../../pki/key-identity.js';
import {
  type Applicant,
  keyOnlyFindings,
  type RequestContext,
  renewalFindings,
  requestFindings,
} from '../../pki/lint/request-rules.js';
import type { Finding } from '../../pki/lint/rule.js';
import { attributeValues, commonNameOfOneLine } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { isSignedWith, weakHashOf } from '../../pki/signature.js';
import { type Ca, generationsOf } from '../ca/ca.js';
import { findIndexRow } from '../index/scan.js';

/**
 * A certificate for what a request asks, or once more for what a certificate of this CA says, or for the key alone of a request
 * and the name that the operator gave.
 */
export type IssueOrder = OwnOrder | { readonly key: ForeignRequest; readonly name: string };

/** Of names that requests and certificates say themselves. */
export type OwnOrder = ({ readonly request: CertificationRequest } | { readonly renewal: Certificate }) & {
  /** The name that the operator gave: the request must be for it. Undefined where any good name will do. */
  readonly name: string | undefined;
};

export interface ProvedOrder extends Applicant {
  readonly name: string | undefined;
  readonly possessionProved: boolean;
  readonly keyHash: string;
  readonly findings: (context: RequestContext) => Finding[];
  readonly what: 'request' | 'renewal';
}

export function prove(ca: Ca, order: IssueOrder): ProvedOrder {
  const { name } = order;
  if ('request' in order) {
    const { request } = order;
    return {
      name,
      commonNames: request.commonNames,
      publicKey: request.publicKey,
      keyHash: keyHash(request.publicKey),
      possessionProved: isSignedWith(request.publicKey, request),
      findings: (context) => requestFindings(request, context),
      what: 'request',
    };
  }
  if ('key' in order) {
    const { publicKey } = order.key;
    const applicant = { commonNames: [order.name], publicKey };
    return {
      ...applicant,
      name: order.name,
      keyHash: keyHash(publicKey),
      possessionProved: isSignedWith(publicKey, order.key),
      findings: (context) => keyOnlyFindings(applicant, order.key, context),
      what: 'request',
    };
  }
  const { publicKey, subject } = order.renewal;
  const applicant = { commonNames: attributeValues(subject, oid.commonName), publicKey };
  return {
    name,
    ...applicant,
    keyHash: keyHash(publicKey),
    possessionProved: isIssuedHere(ca, order.renewal),
    findings: (context) => renewalFindings(applicant, context),
    what: 'renewal',
  };
}

/** What SHA-1 or MD5 vouches for could have been made by others, so the index has to know of it, too. */
function isIssuedHere(ca: Ca, certificate: Certificate): boolean {
  if (!generationsOf(ca).some((generation) => isSignedWith(generation.certificate.publicKey, certificate)))
    return false;
  if (weakHashOf(certificate) === undefined) return true;
  const row = findIndexRow(ca.layout.index, certificate.serialNumber);
  const [commonName] = attributeValues(certificate.subject, oid.commonName);
  return row !== undefined && row.state !== 'R' && commonNameOfOneLine(row.subject) === commonName;
}
