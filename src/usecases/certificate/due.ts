/**
 * Which certificates are due: those in the current folder that expire soon. Of others that the CA has issued and that
 * expire soon it is told that they are not here.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { parseFileName } from '../../pki/file-name.js';
import { isSameKey } from '../../pki/key-identity.js';
import { attributeValues, nameOfCommonName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { isShortLived, shortLifeMs, soonMs } from '../../pki/renewal.js';
import { weakHashOf } from '../../pki/signature.js';
import { dayMs, defaultDays, type Life, lifeMsOf, type Validity, validityFrom } from '../../pki/validity.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, generationsOf } from '../../store/ca/ca.js';
import { isIssuedBy, isOfOther } from '../../store/ca/issued-by.js';
import { readCertificate } from '../../store/certificate-file.js';
import { expiryOf, type IndexRow } from '../../store/index/row.js';
import { reasonOfColumn, validNames } from '../../store/index/scan.js';
import type { Skipped } from '../summary.js';
import { type CaView, isSelfSigned, issuedCopies, rowOf, viewOf } from './current.js';
import { isReplacing } from './replace-files.js';

export interface DueNames {
  readonly names: readonly { readonly name: string; readonly waiting: Certificate | undefined }[];
  readonly skipped: readonly Skipped[];
}

interface DueOptions {
  readonly rekey: boolean;
  readonly days?: number;
  readonly notAfter?: Date;
}

interface Scene extends DueOptions {
  readonly view: CaView;
  readonly now: Date;
  /** What expires within so long is due. */
  readonly withinMs: number;
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
    now,
    withinMs,
  };
  const names: { name: string; waiting: Certificate | undefined }[] = [];
  const skipped: Skipped[] = [];
  for (const name of here) {
    const found = dueOrWhyNot(scene, name);
    if (found === undefined) continue;
    if (typeof found === 'string') skipped.push({ name, outcome: 'skipped', reason: found });
    else names.push({ name, ...found });
  }
  for (const [name, expiry] of dueElsewhere(scene, here)) {
    const reason = `expires on ${expiry.toISOString().slice(0, 10)}, and ${name}-cert.pem is not in this folder`;
    skipped.push({ name, outcome: 'skipped', reason });
  }
  return { names, skipped };
}

/** Undefined for what is not due; a sentence for what is and cannot be renewed here. */
function dueOrWhyNot(scene: Scene, name: string): { waiting: Certificate | undefined } | string | undefined {
  const { view, now, rekey } = scene;
  const file = parseFileName(name);
  const { certificateFile, privateKeyFile } = file;
  if (isReplacing(file)) return { waiting: undefined };
  const certificate = readOrWhyNot(certificateFile);
  if (typeof certificate === 'string') return certificate;
  const isLeft = isOfOther(certificate, view.ca);
  // What SHA-1 signs OpenSSL refuses for TLS already.
  const isWeak = weakHashOf(certificate) !== undefined && !isSelfSigned(certificate);
  if (!isSoon(scene, certificate) && !isLeft && !isWeak) return undefined;
  const [commonName = ''] = attributeValues(certificate.subject, oid.commonName);
  if (nameOfCommonName(commonName) !== name) return `${certificateFile} is a certificate of ${commonName}`;
  const isOwn = isSelfSigned(certificate);
  if ((isOwn || rekey) && !files.exists(privateKeyFile)) return `${privateKeyFile} is not in this folder`;
  if (isOwn) return { waiting: undefined };
  if (!isIssuedBy(certificate, view.ca)) return `${certificateFile} was not issued by ${view.ca.type}ca`;
  const row = rowOf(view, name, certificate);
  if (row?.state === 'R') return `${certificateFile} was revoked (${reasonOfColumn(row.revoked)})`;
  const issuer = isOwn ? ('self' as const) : view.ca;
  const reachable = validityFrom(now, nextLife(scene, certificate, issuer), view.ca.certificate).notAfter;
  const waiting = rekey ? undefined : issuedSince(scene, name, certificate);
  if (waiting === undefined && !isLeft && !isWeak && reachable <= certificate.notAfter) {
    const end = view.ca.certificate.notAfter;
    if (reachable < end) return `with so few days a new one would be valid no longer than ${certificateFile}`;
    const day = end.toISOString().slice(0, 10);
    return `${view.ca.type}ca itself ends on ${day}: give it another key first (ovs-pki-ts rollover prepare ${view.ca.type})`;
  }
  return { waiting };
}

function isSoon({ now, withinMs }: Scene, validity: Validity): boolean {
  return validity.notAfter.getTime() - now.getTime() <= soonMs(validity, withinMs);
}

/** By the index alone, which does not say for how long a certificate was made. */
function mayLast({ now, withinMs }: Scene, expiry: Date): boolean {
  const restMs = expiry.getTime() - now.getTime();
  return restMs > withinMs || (restMs > 0 && restMs <= shortLifeMs);
}

/** The names of the CA that expire soon and are not here, in the order of the index. */
function dueElsewhere(scene: Scene, here: ReadonlySet<string>): [string, Date][] {
  const { view, now, withinMs } = scene;
  const dated = [...validNames(view.index, now)].filter(
    ([name, expiry]) => expiry.getTime() - now.getTime() <= withinMs && !here.has(name),
  );
  const unsure = new Set(dated.filter(([, expiry]) => mayLast(scene, expiry)).map(([name]) => name));
  const rows = unsure.size === 0 ? new Map() : viewOf(view.ca, unsure).rows;
  return dated.filter(([name, expiry]) => {
    const own = ((rows.get(name) ?? []) as readonly IndexRow[]).filter(
      (row) => row.state === 'V' && expiryOf(row).getTime() === expiry.getTime(),
    );
    const [copy] = issuedCopies(view.ca.layout, own);
    return copy === undefined || isSoon(scene, copy);
  });
}

/** How long the certificate that follows is to be valid: a short-lived one is not followed by one for ten years. */
export function nextLife(
  { days, notAfter }: Pick<DueOptions, 'days' | 'notAfter'>,
  current: Validity,
  issuer: Ca | 'self',
): Life {
  if (days !== undefined || notAfter !== undefined) return { days: days ?? defaultDays, ...(notAfter && { notAfter }) };
  const ends = issuer === 'self' ? [] : generationsOf(issuer).map(({ certificate }) => certificate.notAfter.getTime());
  // One that was cut short by the end of its CA was made for longer.
  if (!isShortLived(current) || ends.includes(current.notAfter.getTime())) return { days: defaultDays };
  return { days: lifeMsOf(current) / dayMs };
}

/** A run that was interrupted can have left its certificate in the CA. */
function issuedSince(scene: Scene, name: string, current: Certificate): Certificate | undefined {
  const { view } = scene;
  const rows = (view.rows.get(name) ?? []).filter((row) => row.state === 'V' && mayLast(scene, expiryOf(row)));
  for (const copy of issuedCopies(view.ca.layout, rows.toReversed())) {
    const isNewer = copy.serialNumber !== current.serialNumber && weakHashOf(copy) === undefined;
    if (isNewer && !isSoon(scene, copy) && !isOfOther(copy, view.ca) && isSameKey(copy.publicKey, current.publicKey))
      return copy;
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
