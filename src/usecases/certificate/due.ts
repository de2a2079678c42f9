/**
 * Which certificates are due: those in the current folder that expire soon. Of others that the CA has issued and that
 * expire soon it is told that they are not here.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { isSameKey } from '../../pki/key-identity.js';
import { attributeValues, nameOfCommonName, parseFileName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { weakHashOf } from '../../pki/signature.js';
import { validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { expiryOf } from '../../store/index/row.js';
import { reasonOfColumn, validNames } from '../../store/index/scan.js';
import type { Skipped } from '../summary.js';
import { type CaView, isIssuedBy, isOfOther, isSelfSigned, issuedCopies, readCertificate, rowOf } from './current.js';
import { isReplacing } from './replace-files.js';

export interface DueNames {
  readonly names: readonly { readonly name: string; readonly waiting: Certificate | undefined }[];
  readonly skipped: readonly Skipped[];
}

interface DueOptions {
  readonly rekey: boolean;
  readonly days: number;
}

interface Scene extends DueOptions {
  readonly view: CaView;
  /** What expires until then is due. */
  readonly until: Date;
  /** Until when a certificate that is issued now is valid. */
  readonly reachable: Date;
}

export function dueHere(
  { clock }: Platform,
  view: CaView,
  here: ReadonlySet<string>,
  options: DueOptions,
  withinMs: number,
): DueNames {
  const now = clock.now();
  const scene: Scene = {
    ...options,
    view,
    until: new Date(now.getTime() + withinMs),
    reachable: validityFrom(now, options.days, view.ca.certificate).notAfter,
  };
  const names: { name: string; waiting: Certificate | undefined }[] = [];
  const skipped: Skipped[] = [];
  for (const name of here) {
    const found = dueOrWhyNot(scene, name);
    if (found === undefined) continue;
    if (typeof found === 'string') skipped.push({ name, outcome: 'skipped', reason: found });
    else names.push({ name, ...found });
  }
  for (const [name, expiry] of validNames(view.index, now)) {
    if (expiry > scene.until || here.has(name)) continue;
    const reason = `expires on ${expiry.toISOString().slice(0, 10)}, and ${name}-cert.pem is not in this folder`;
    skipped.push({ name, outcome: 'skipped', reason });
  }
  return { names, skipped };
}

/** Undefined for what is not due; a sentence for what is and cannot be renewed here. */
function dueOrWhyNot(scene: Scene, name: string): { waiting: Certificate | undefined } | string | undefined {
  const { view, until, reachable, rekey } = scene;
  const file = parseFileName(name);
  const { certificateFile, privateKeyFile } = file;
  if (isReplacing(file)) return { waiting: undefined };
  const certificate = readOrWhyNot(certificateFile);
  if (typeof certificate === 'string') return certificate;
  const isLeft = isOfOther(certificate, view.ca);
  // What SHA-1 signs OpenSSL refuses for TLS already.
  const isWeak = weakHashOf(certificate) !== undefined && !isSelfSigned(certificate);
  if (certificate.notAfter > until && !isLeft && !isWeak) return undefined;
  const [commonName = ''] = attributeValues(certificate.subject, oid.commonName);
  if (nameOfCommonName(commonName) !== name) return `${certificateFile} is a certificate of ${commonName}`;
  const isOwn = isSelfSigned(certificate);
  if ((isOwn || rekey) && !files.exists(privateKeyFile)) return `${privateKeyFile} is not in this folder`;
  if (isOwn) return { waiting: undefined };
  if (!isIssuedBy(certificate, view.ca)) return `${certificateFile} was not issued by ${view.ca.type}ca`;
  const row = rowOf(view, name, certificate);
  if (row?.state === 'R') return `${certificateFile} was revoked (${reasonOfColumn(row.revoked)})`;
  const waiting = rekey ? undefined : issuedSince(scene, name, certificate);
  if (waiting === undefined && !isLeft && !isWeak && reachable <= certificate.notAfter) {
    const end = view.ca.certificate.notAfter;
    if (reachable < end) return `with so few days a new one would be valid no longer than ${certificateFile}`;
    const day = end.toISOString().slice(0, 10);
    return `${view.ca.type}ca itself ends on ${day}: give it another key first (ovs-pki-ts rollover prepare ${view.ca.type})`;
  }
  return { waiting };
}

/** A run that was interrupted can have left its certificate in the CA. */
function issuedSince({ view, until }: Scene, name: string, current: Certificate): Certificate | undefined {
  const rows = (view.rows.get(name) ?? []).filter((row) => row.state === 'V' && expiryOf(row) > until);
  for (const copy of issuedCopies(view.ca.layout, rows.toReversed())) {
    if (!isOfOther(copy, view.ca) && isSameKey(copy.publicKey, current.publicKey)) return copy;
  }
  return undefined;
}

function readOrWhyNot(file: string): Certificate | string {
  try {
    return readCertificate(file);
  } catch (error) {
    if (error instanceof OvsPkiError) return error.message;
    throw error;
  }
}

/** Also names whose certificate is just being replaced, and may be missing for that. */
export function namesInFolder(): Set<string> {
  const names = files.list('.').flatMap((file) => /^(.+)-cert\.pem(?:\.new)?$/.exec(file)?.[1] ?? []);
  return new Set(names.filter((name) => nameOfCommonName(name) === name));
}
