/**
 * `sign FILE --as NAME --key-only`: a certificate for the key of a request, whatever else the request asks for, and for the name
 * that the operator says.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { parseFileName } from '../../pki/file-name.js';
import { decodeForeignRequest } from '../../pki/foreign-request.js';
import type { CertificateType } from '../../pki/profile.js';
import { weakHashOf } from '../../pki/signature.js';
import type { Platform } from '../../platform/index.js';
import { readCa } from '../../store/ca/ca.js';
import { issueInCa } from '../../store/change/issue.js';
import type { IssueOrder } from '../../store/change/order.js';
import type { Refused } from '../summary.js';
import { deliver, type Signed } from './deliver.js';
import { requireFree } from './req.js';

/** A request in a file of any name. */
export interface SignForeignRequest {
  readonly pkiDirectory: string;
  /** What the file is called, and what is in it: PEM or DER. */
  readonly file: string;
  readonly content: Uint8Array;
  /** The name of the certificate, which goes to NAME-cert.pem. */
  readonly name: string;
  /** Take the public key alone; otherwise the request must be one that `sign` takes, for this very name. */
  readonly keyOnly: boolean;
  readonly type: CertificateType;
  readonly days: number;
  /** In place of `days`: when the validity ends. */
  readonly notAfter?: Date;
  readonly force: boolean;
}

/** The certificate, and what of the request is not in it. */
export type SignedForeign = Signed & { readonly leftOut: readonly string[] };

/** What would not be taken over, for a person to see before. Throws PEM_INVALID or DER_INVALID. */
export function leftOutOf({ content, file, keyOnly }: SignForeignRequest): readonly string[] {
  return keyOnly ? decodeForeignRequest(Buffer.from(content).toString('latin1'), file).leftOut : [];
}

/** @throws what `sign` throws, and REQUEST_REFUSED */
export async function signForeign(platform: Platform, request: SignForeignRequest): Promise<SignedForeign | Refused> {
  // 1. The CA, the request and a free place.
  const ca = readCa(request.pkiDirectory, request.type);
  const file = parseFileName(request.name);
  const text = Buffer.from(request.content).toString('latin1');
  const leftOut = leftOutOf(request);
  const order = orderOf(request, text, file.name);
  if (!request.force) requireFree(file.certificateFile);
  // 2. The certificate and its file.
  const issued = await issueInCa(platform, ca, [order], request);
  const [result] = await deliver(platform, ca, [{ name: request.name, file }], issued, request.force);
  if (result === undefined) throw new Error('one order has one result');
  return result.outcome === 'refused' ? result : { ...result, leftOut };
}

function orderOf({ keyOnly, file }: SignForeignRequest, text: string, name: string): IssueOrder {
  if (!keyOnly) return { request: decodeCertificationRequestPem(text, file), name };
  const key = decodeForeignRequest(text, file);
  // Old routers have SHA-1 alone; nobody can make one for a key that is not his, for all that. With MD5 that is not so clear.
  if (weakHashOf(key) !== 'MD5') return { key, name };
  throw new OvsPkiError('REQUEST_REFUSED', `the request in ${file} is signed with MD5, which proves nothing`, {
    hint: 'have the request made again with SHA-256',
    details: { file },
  });
}
