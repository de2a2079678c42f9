/**
 * The renewal of one name: from the files that are there to those that take their place.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { type FileName, parseFileName } from '../../pki/file-name.js';
import { decodePrivateKey } from '../../pki/key.js';
import { renewalFindings } from '../../pki/lint/request-rules.js';
import { attributeValues } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { requestSubject } from '../../pki/profile.js';
import { requestFileText } from '../../pki/text.js';
import type { Life } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import type { Ca } from '../../store/ca/ca.js';
import type { IssueResult } from '../../store/change/issue.js';
import type { OwnOrder } from '../../store/change/order.js';
import { refusal } from '../../store/change/refusals.js';
import { asRefused, type Refused, summarize } from '../summary.js';
import { type CaView, currentCertificate, keySpecOf, requireOwnKey } from './current.js';
import { notWritten } from './deliver.js';
import { nextLife } from './due.js';
import type { Renewed, RenewRequest } from './renewal.js';
import { finishReplacement, replaceAll, replaceCertificate, stageKey } from './replace-files.js';
import { baseFor, newKeyAndRequest } from './req.js';
import { issueSelfSigned } from './self-sign.js';

/** What is to be done for one name. */
export interface Job {
  readonly name: string;
  readonly file: FileName;
  readonly issuer: Ca | 'self';
  /** Of a run that was interrupted before it was put in its place. */
  readonly waiting: Certificate | undefined;
  readonly order: OwnOrder;
  readonly life: Life;
}

/** Nothing was issued: no new key stays beside the old ones. */
export function takeBack(jobs: readonly Pick<Job, 'file'>[]): (error: unknown) => never {
  return (error) => {
    for (const { file } of jobs) finishReplacement(file);
    throw error;
  };
}

export async function prepare(
  platform: Platform,
  request: RenewRequest,
  view: () => CaView,
  name: string,
  waiting: Certificate | undefined,
): Promise<Job | Renewed> {
  const file = parseFileName(name);
  const before = finishReplacement(file);
  if (before !== undefined) return recovered(platform, request, file, before);
  const { certificate: current, issuer } = currentCertificate(file, view);
  const life = nextLife(request, current, issuer);
  const job = { name, file, issuer, life, waiting: request.rekey ? undefined : waiting };
  requireOwnKey(file, current, request.rekey || issuer === 'self', request.rekey);
  if (!request.rekey) return { ...job, order: { renewal: current, name: file.name } };
  const [commonName = ''] = attributeValues(current.subject, oid.commonName);
  const spec = request.keySpec ?? keySpecOf(current.publicKey);
  const made = await newKeyAndRequest(
    platform.crypto,
    spec,
    requestSubject(commonName, issuer === 'self' ? undefined : baseFor(request)),
  );
  stageKey(file, made.privateKey, requestFileText(made.request));
  return { ...job, order: { request: made.request, name: file.name } };
}

export async function finish(
  platform: Platform,
  request: RenewRequest,
  { name, file, issuer, waiting, order, life }: Job,
  issued: IssueResult | undefined,
): Promise<Renewed | Refused> {
  if (issued !== undefined && 'error' in issued) {
    // What was put beside for nothing goes.
    if (request.rekey) finishReplacement(file);
    platform.log.write(`refused ${name}: ${issued.error.message} [${issued.error.code}]`);
    return asRefused(name, issued.error);
  }
  const certificate =
    waiting ??
    issued?.certificate ??
    (await selfSigned(platform, request, file, order, life).catch(takeBack([{ file }])));
  try {
    (request.rekey ? replaceAll : replaceCertificate)(file, certificate);
  } catch (error) {
    // The certificate of a new key is nothing to be copied by hand: the next run finishes it, or makes others.
    if (!(error instanceof OvsPkiError) || issuer === 'self' || request.rekey) throw error;
    throw notWritten(issuer, certificate, file.certificateFile, error);
  }
  platform.log.write(`renewed ${file.certificateFile}, serial ${certificate.serialNumber}`);
  return {
    name,
    outcome: 'renewed',
    issuer: issuer === 'self' ? 'self' : issuer.type,
    rekeyed: request.rekey,
    recovered: waiting !== undefined,
    certificateFile: file.certificateFile,
    certificate: summarize(certificate),
  };
}

async function selfSigned(
  platform: Platform,
  { rekey }: RenewRequest,
  file: FileName,
  order: OwnOrder,
  life: Life,
): Promise<Certificate> {
  const keyFile = rekey ? `${file.privateKeyFile}.new` : file.privateKeyFile;
  const { publicKey, commonNames } =
    'request' in order
      ? order.request
      : {
          publicKey: order.renewal.publicKey,
          commonNames: attributeValues(order.renewal.subject, oid.commonName),
        };
  const reasons = renewalFindings(
    { publicKey, commonNames },
    {
      name: file.name,
      possessionProved: true,
      caOrganization: undefined,
      keyCertifiedFor: undefined,
      keyRevoked: undefined,
      isCaKey: false,
    },
  );
  if (reasons.length > 0) throw refusal(file.typed, reasons, 'renewal');
  const privateKey = decodePrivateKey(files.readFile(keyFile).toString('latin1'), keyFile);
  const commonName = commonNames[0] as string;
  return issueSelfSigned(platform, { privateKey, publicKey, commonName, life }, keyFile);
}

/** A run with --rekey was interrupted after its certificate had come; the old one lies beside it. */
function recovered(
  platform: Platform,
  { type }: RenewRequest,
  { typed, certificateFile }: FileName,
  certificate: Certificate,
): Renewed {
  platform.log.write(`finished after an interruption: ${certificateFile}, serial ${certificate.serialNumber}`);
  return {
    name: typed,
    outcome: 'renewed',
    issuer: Buffer.compare(certificate.issuer.der, certificate.subject.der) === 0 ? 'self' : type,
    rekeyed: true,
    recovered: true,
    certificateFile,
    certificate: summarize(certificate),
  };
}
