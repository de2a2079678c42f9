/**
 * `check [TYPE] [FILE…]`: what is due or wrong, in a PKI directory and among the certificates here, or in some files.
 *
 * @module
 */

import { readFleet } from '../../deploy/inventory/file.js';
import { asRefusal, OvsPkiError } from '../../errors.js';
import { equalBytes } from '../../pki/der.js';
import { type CertificateType, certificateTypes } from '../../pki/profile.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { readCa, typesIn } from '../../store/ca/ca.js';
import { isIssuedBy } from '../../store/ca/issued-by.js';
import { readWaiting } from '../../store/ca/waiting.js';
import { caFolder } from '../../store/layout.js';
import { isSelfSigned } from '../certificate/current.js';
import { reasonsOfCa, waitingReason } from './ca-reasons.js';
import type { Deadlines } from './deadlines.js';
import { damagedFile, foreignFile, reasonsOfFiles, strayReason } from './file-reasons.js';
import { type CheckedFile, certificatesIn, readChecked } from './files.js';
import { type GatheredCa, gatherCa } from './gather.js';
import type { CheckReason } from './rule.js';
import { namesWithoutHost } from './without-host.js';

export type { Deadlines } from './deadlines.js';
export { type CheckReason, type CheckRule, checkRules } from './rule.js';

/** What is to be looked at, and what counts as soon. */
export interface CheckRequest extends Deadlines {
  /** Not looked at where `files` are given. */
  readonly pkiDirectory: string;
  readonly type?: CertificateType | undefined;
  /** Certificates and CRLs to look at in place of a PKI directory. */
  readonly files?: readonly string[];
  /** Where each NAME-cert.pem is held against its NAME-privkey.pem; not with `files` or `type`. */
  readonly folder?: string | undefined;
  /** What is wrong with the folder of one CA, or with one file, is told in `failures`, and the rest is looked at all the same. */
  readonly goOn?: boolean;
  /** An inventory: certificates of names that none of its hosts has are told of. */
  readonly inventory?: string | undefined;
}

/** What was found. */
export interface CheckResult {
  readonly outcome: 'ok' | 'warning' | 'critical';
  /** The critical ones first. */
  readonly reasons: readonly CheckReason[];
  /** What could not be looked at, and why. */
  readonly unchecked: readonly string[];
  /** With `goOn`: the CAs whose folders could not be read, and why. */
  readonly failures: readonly OvsPkiError[];
  /** ISO 8601, UTC. */
  readonly checkedAt: string;
  readonly authorities: readonly CheckedAuthority[];
  /** Of each name the certificate that ends last; a function, for there can be many. */
  readonly newest: () => Iterable<NewestCertificate>;
}

/** When the last certificate of a name ends. */
export interface NewestCertificate {
  readonly type: CertificateType;
  readonly name: string;
  readonly notAfter: Date;
}

/** A CA in figures. */
export interface CheckedAuthority {
  readonly type: CertificateType;
  readonly notAfter: string;
  readonly certificates: Readonly<Record<'valid' | 'expired' | 'revoked', number>>;
  /** How many names have a certificate that is not revoked. */
  readonly names: number;
  readonly crlNextUpdate?: string;
}

/**
 * Everything that is due or wrong.
 *
 * @throws PKI_NOT_FOUND, INVENTORY_INVALID; without `goOn` also PKI_CORRUPT, and for `files` what their reading throws
 */
export async function check({ clock }: Platform, request: CheckRequest): Promise<CheckResult> {
  const now = clock.now();
  const wanted = request.files ?? [];
  // 1. What is there.
  const types = wanted.length > 0 ? [] : request.type === undefined ? typesIn(request.pkiDirectory) : [request.type];
  const waiting = (wanted.length > 0 ? [] : request.type === undefined ? certificateTypes : types).flatMap(
    (type) => readWaiting(request.pkiDirectory, type) ?? [],
  );
  // Where there is nothing but a key that waits, there is no CA yet.
  const there = types.filter((type) => isFolder(caFolder(request.pkiDirectory, type)) || waiting.length === 0);
  const { authorities, failures: damagedCas } = gatherAll(request, there, now.getTime());
  const here =
    wanted.length > 0 || request.type !== undefined || request.folder === undefined
      ? []
      : certificatesIn(request.folder);
  const named = await readNamed(wanted, request.goOn === true);
  const failures = [...damagedCas, ...named.failures];
  const read = [...named.read, ...(await Promise.all(here.map(readHere)))];
  const checked = read.filter((item): item is CheckedFile => typeof item === 'object' && 'certificates' in item);
  const damaged = read.filter((item): item is CheckReason => typeof item === 'object' && 'rule' in item);
  // 2. What it means.
  const reasons = [
    ...authorities.flatMap((ca) => reasonsOfCa(ca, request, now.getTime())),
    ...strayReasons(request.inventory, authorities, now.getTime()),
    ...waiting.map((key) =>
      waitingReason(
        key,
        authorities.find(({ type }) => type === key.type),
      ),
    ),
    ...damaged,
    ...(here.length === 0 || there.length === 0 || failures.length > 0 ? [] : foreignHere(request, checked, here)),
    ...reasonsOfFiles(checked, request, now.getTime(), (certificate) =>
      authorities.some(({ certificates }) => equalBytes(certificate.issuer.der, certificates[0].subject.der)),
    ),
  ].sort((left, right) => Number(right.severity === 'critical') - Number(left.severity === 'critical'));
  return {
    outcome: failures.length > 0 ? 'critical' : (reasons[0]?.severity ?? 'ok'),
    reasons,
    unchecked: [
      ...[...authorities, ...checked].flatMap(({ key }) => (typeof key === 'object' ? [key.unknown] : [])),
      ...authorities.flatMap(({ unreadLog }) => unreadLog ?? []),
      ...read.filter((item): item is string => typeof item === 'string'),
    ],
    failures,
    checkedAt: now.toISOString(),
    authorities: authorities.map(figuresOf),
    newest: () => newestOf(authorities),
  };
}

/** A damaged CA hides nothing of the other one. */
function gatherAll({ pkiDirectory, goOn }: CheckRequest, types: readonly CertificateType[], now: number) {
  const authorities: GatheredCa[] = [];
  const failures: OvsPkiError[] = [];
  for (const type of types) {
    try {
      authorities.push(gatherCa(pkiDirectory, type, now));
    } catch (error) {
      if (goOn !== true || !(error instanceof OvsPkiError)) throw error;
      failures.push(error);
    }
  }
  const [first] = failures;
  // Where there is no CA at all, that is one thing to say.
  if (first !== undefined && authorities.length === 0 && failures.every(({ code }) => code === 'PKI_NOT_FOUND'))
    throw first;
  return { authorities, failures };
}

/** A file that cannot be read hides nothing of the others. */
async function readNamed(
  wanted: readonly string[],
  goOn: boolean,
): Promise<{ readonly read: readonly CheckedFile[]; readonly failures: readonly OvsPkiError[] }> {
  const found = await Promise.all(
    wanted.map((file) => (goOn ? readChecked(file).catch(asRefusal) : readChecked(file))),
  );
  return {
    read: found.filter((item): item is CheckedFile => !(item instanceof OvsPkiError)),
    failures: found.filter((item) => item instanceof OvsPkiError),
  };
}

/** Hosts have certificates of the type switch. */
function strayReasons(inventory: string | undefined, authorities: readonly GatheredCa[], now: number): CheckReason[] {
  if (inventory === undefined) return [];
  const hosts = new Set(readFleet(inventory).hosts.map(({ name }) => name));
  return authorities
    .filter(({ type }) => type === 'switch')
    .flatMap(({ newest }) => namesWithoutHost(newest, hosts, now))
    .map((stray) => strayReason(stray, inventory));
}

/** Where all CAs of the directory were looked at, a certificate that none of them has signed is of somewhere else. */
function foreignHere(
  { pkiDirectory }: CheckRequest,
  checked: readonly CheckedFile[],
  here: readonly string[],
): CheckReason[] {
  const cas = typesIn(pkiDirectory).map((type) => readCa(pkiDirectory, type));
  return checked.flatMap(({ file, certificates: [certificate] }) => {
    if (certificate === undefined || !here.includes(file) || isSelfSigned(certificate)) return [];
    return cas.some((ca) => isIssuedBy(certificate, ca)) ? [] : [foreignFile(file, pkiDirectory)];
  });
}

/** What may not be read is only told of; what can be read and is none, is wrong. */
async function readHere(file: string): Promise<CheckedFile | CheckReason | string> {
  try {
    const found = await readChecked(file);
    return found.certificates.length === 0 ? damagedFile(file, 'holds no certificate') : found;
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    const isUnread = error.code.startsWith('FILE_') || error.code === 'KEY_ENCRYPTED';
    return isUnread ? error.message : damagedFile(file, `cannot be read as a certificate (${error.code})`);
  }
}

function figuresOf({ type, certificates: [own], counts, newest, crl }: GatheredCa): CheckedAuthority {
  const nextUpdate = crl?.nextUpdate;
  return {
    type,
    notAfter: own.notAfter.toISOString(),
    certificates: counts,
    names: newest.size,
    ...(nextUpdate === undefined ? {} : { crlNextUpdate: nextUpdate.toISOString() }),
  };
}

function* newestOf(authorities: readonly GatheredCa[]): Generator<NewestCertificate, void> {
  for (const { type, newest } of authorities) {
    for (const [name, { expires }] of newest) yield { type, name, notAfter: new Date(expires) };
  }
}
