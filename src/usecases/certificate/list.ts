/**
 * `list [TYPE]`: the certificates of a PKI directory, as its indexes have them.
 *
 * @module
 */

import { commonNameOfOneLine, formatNameOfOneLine, formatOneLine } from '../../pki/name.js';
import type { CertificateType } from '../../pki/profile.js';
import { shortLifeMs, soonMs } from '../../pki/renewal.js';
import { dayMs, dueDays } from '../../pki/validity.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa, typesIn } from '../../store/ca/ca.js';
import { copyOf } from '../../store/index/copies.js';
import { type IndexRow, indexRows, indexTimeMs } from '../../store/index/row.js';
import { reasonOfColumn } from '../../store/index/scan.js';

/** What a certificate is by the clock; `due` is one that is valid and has not long to go. */
export type ListState = 'valid' | 'revoked' | 'expired' | 'due';
export const listStates: readonly ListState[] = ['valid', 'revoked', 'expired', 'due'];

/** Which certificates are to be listed; what is not given does not narrow them. */
export interface ListRequest {
  readonly pkiDirectory: string;
  readonly type?: CertificateType | undefined;
  readonly states?: readonly ListState[];
  /** A pattern for the common name: `*` and `?` stand for any text and any one character. */
  readonly name?: string | undefined;
  readonly expiresBefore?: Date | undefined;
}

/** A row of an index. */
export interface Listed {
  readonly commonName: string;
  /** By the clock: a certificate whose time has passed is expired, whatever the index still calls it. */
  readonly state: Exclude<ListState, 'due'>;
  /** It is valid, and ends within 30 days; one that is made for a week at most: in the last third of its life. */
  readonly due: boolean;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  readonly serialNumber: string;
  /** `switchca` and `controllerca` are the authorities' own. */
  readonly type: CertificateType | `${CertificateType}ca`;
  /** `C=US, O=Open vSwitch`, as everywhere. */
  readonly subject: string;
  /** ISO 8601, UTC. */
  readonly revokedAt?: string;
  /** In the words of RFC 5280, such as `keyCompromise`; `unspecified` where none was given. */
  readonly reason?: string;
  /** ISO 8601, UTC: since when the key is known or suspected to be compromised. */
  readonly invalidityDate?: string;
}

/**
 * The certificates in the order in which they were issued, each read when it is asked for: an index of a million rows
 * is not held.
 *
 * @throws PKI_NOT_FOUND, PKI_CORRUPT; the second also while they are read
 */
export async function list({ clock }: Platform, request: ListRequest): Promise<Iterable<Listed>> {
  const types = request.type === undefined ? typesIn(request.pkiDirectory) : [request.type];
  const cas = types.map((type) => readCa(request.pkiDirectory, type));
  return listedIn(cas, request, clock.now().getTime());
}

function* listedIn(cas: readonly Ca[], request: ListRequest, now: number): Generator<Listed, void> {
  const pattern = request.name === undefined ? undefined : globPattern(request.name);
  const before = request.expiresBefore?.getTime() ?? Number.POSITIVE_INFINITY;
  for (const ca of cas) {
    const ownSubject = formatOneLine(ca.certificate.subject);
    for (const row of indexRows(ca.layout.index)) {
      const expires = indexTimeMs(row.expires);
      const commonName = commonNameOfOneLine(row.subject);
      if (expires >= before || pattern?.test(commonName) === false) continue;
      const type = row.subject === ownSubject ? (`${ca.type}ca` as const) : ca.type;
      const listed = {
        commonName,
        type,
        ...standing(row, expires, now, () => beginOf(ca, row)),
        ...plainFields(row, expires),
      };
      if (isWanted(listed, request.states)) yield listed;
    }
  }
}

/** What a certificate is now: revoked stays revoked. */
function standing(
  { state }: Pick<IndexRow, 'state'>,
  expires: number,
  now: number,
  begin: () => number | undefined,
): Pick<Listed, 'state' | 'due'> {
  if (state === 'R') return { state: 'revoked', due: false };
  if (state === 'E' || expires < now) return { state: 'expired', due: false };
  const within = dueDays * dayMs;
  if (expires >= now + within) return { state: 'valid', due: false };
  const notBefore = expires - now > shortLifeMs ? undefined : begin();
  const validity = { notBefore: new Date(notBefore ?? 0), notAfter: new Date(expires) };
  return { state: 'valid', due: expires < now + soonMs(validity, within) };
}

/** The index does not say it, and only of what is made for days or hours it matters. */
function beginOf({ layout }: Ca, { serialNumber }: IndexRow): number | undefined {
  return copyOf(layout, serialNumber)?.notBefore.getTime();
}

function plainFields({ serialNumber, subject, revoked }: IndexRow, expires: number) {
  const [time = '', reason, argument = ''] = revoked.split(',');
  const isSince = reason?.endsWith('keyTime') === true && /^\d{14}Z$/.test(argument);
  return {
    notAfter: new Date(expires).toISOString(),
    serialNumber,
    subject: formatNameOfOneLine(subject),
    ...(time === '' ? {} : { revokedAt: new Date(indexTimeMs(time)).toISOString(), reason: reasonOfColumn(revoked) }),
    ...(isSince ? { invalidityDate: new Date(indexTimeMs(argument)).toISOString() } : {}),
  };
}

function isWanted({ state, due }: Listed, states: readonly ListState[] = []): boolean {
  return states.length === 0 || states.includes(state) || (due && states.includes('due'));
}

function globPattern(glob: string): RegExp {
  const parts = glob.split(/([*?])/).map((part) => {
    if (part === '*') return '.*';
    return part === '?' ? '.' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}
