/**
 * What `check` finds wrong in what was gathered: pure, and every rule in one table.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { isSameKey } from '../../pki/key-identity.js';
import { attributeValues, formatName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import type { CertificateType } from '../../pki/profile.js';
import { isCrlDue, soonMs } from '../../pki/renewal.js';
import { revocationText } from '../../store/ca/lists-above.js';
import type { WaitingKey } from '../../store/ca/waiting.js';
import { type CheckedFile, keyFileBeside } from './files.js';
import { type GatheredCa, type KeyMatch, strengthFindings } from './gather.js';
import { periodText } from './period.js';
import type { NameWithoutHost } from './without-host.js';

/** What is looked for. docs/check.md has these rows. */
export const checkRules = {
  'leaf-expiry': 'a certificate ends soon or has expired, and there is no newer one of the same name',
  'ca-expiry': 'a CA certificate ends soon, has expired, or is not valid yet',
  'ca-revoked': 'the CRL of a CA above revokes a CA certificate: nothing below it is valid',
  'ca-before-leaf':
    'a CA certificate ends within twelve times --warn, and certificates that it has signed not before it',
  'rollover-open': 'a rollover has been under way for longer than --warn',
  'request-open':
    'a key waits for its certificate, which another CA is to sign: the request was made and nothing came of it yet',
  'without-host': 'a certificate is valid, and no host of the inventory has its name',
  'crl-missing': 'certificates are revoked, and the CA has no CRL',
  'crl-expiry': 'the next update of a CRL is near or has passed',
  'crl-behind': 'certificates are revoked in index.txt and not on the CRL',
  'revocation-lost': 'a certificate is revoked by a CRL or by audit.log, and not in index.txt',
  'release-lost': 'a certificate is on hold in index.txt, and audit.log has its release',
  'certificate-lost': 'newcerts/ or audit.log has a certificate that index.txt does not know',
  'number-missing': 'serial or crlnumber is missing or holds no number: no CRL can be made, openssl ca does not run',
  'config-missing': 'ca.cnf is missing: openssl ca and ovs-pki do not run',
  'config-behind': 'ca.cnf was not made for profile.conf as that is now: openssl ca goes by another profile',
  'profile-invalid': 'profile.conf cannot be read: nothing is signed',
  'crl-number-behind': 'the number of the next CRL is one that a CRL has had',
  'crl-older': 'crl.pem is not the last CRL that was made',
  'serial-used': 'the serial number of the next certificate of "openssl ca" is one that a certificate has',
  'register-behind': 'keys/ lacks the key of a certificate, and says that it is up to date',
  'ca-certificate-older': 'cacert.pem is not the certificate that the CA had last',
  'weak-key': 'a key is too short, or not of a kind that is used',
  'weak-signature': 'a signature was made with SHA-1 or MD5',
  'key-mismatch': 'a private key is not the one of the certificate beside it, or is damaged',
  'ca-key-missing': 'the private key of a CA is not in its place: nothing can be signed, renewed or put on a CRL',
  'key-exposed': 'a private key can be read by others than its owner',
  'not-issued-here': 'no CA of the PKI directory has signed a NAME-cert.pem in the current folder',
  'nothing-to-check': 'a file that was named holds no certificate and no CRL',
  'unique-subject':
    'index.txt.attr takes one certificate of a subject, and index.txt has several: openssl ca does not run',
  'certificate-damaged': 'a NAME-cert.pem in the current folder is no certificate, or only a part of one',
  'copy-missing': 'newcerts/ lacks the newest certificate of a name',
  'copy-unreadable': 'the copy in newcerts/ of the newest certificate of a name is damaged',
} as const;

/** One of the names of {@link checkRules}. */
export type CheckRule = keyof typeof checkRules;

/** One thing that is due or wrong. */
export interface CheckReason {
  readonly rule: CheckRule;
  readonly severity: 'warning' | 'critical';
  /** Of the CA that it concerns, if it concerns one. */
  readonly type?: CertificateType;
  /** The name of a host, or a file. */
  readonly about: string;
  /** A sentence, without what it is about. */
  readonly message: string;
  /** ISO 8601, UTC: when what ends ends. */
  readonly at?: string;
}

/** What counts as soon. */
export interface Deadlines {
  /** Milliseconds before an end from which it is a warning, and critical. */
  readonly warnMs: number;
  readonly criticalMs: number;
}

/** A file that should be a certificate by its name. */
export function damagedFile(file: string, message: string): CheckReason {
  return critical('certificate-damaged', file, message);
}

/** A key that was made for a certificate of another CA. */
export function waitingReason({ type, layout, request }: WaitingKey, ca: GatheredCa | undefined): CheckReason {
  const { folder } = layout;
  const isHere = [ca?.certificates[0], ca?.other?.certificate].some(
    (one) => one && isSameKey(one.publicKey, request.publicKey),
  );
  const message = isHere
    ? `its key is that of the CA already: rm -r ${folder}`
    : `a key waits for its certificate, for the name ${formatName(request.subject)}`;
  return { ...warning('request-open', folder, message), type };
}

/** A name that no host has any more. */
export function strayReason({ name, serialNumber, notAfter, command }: NameWithoutHost, file: string): CheckReason {
  const message = `no host of ${file} has this name, and its certificate is valid, serial ${serialNumber}: ${command}`;
  return { ...warning('without-host', name, message, Date.parse(notAfter)), type: 'switch' };
}

export function reasonsOfCa(ca: GatheredCa, deadlines: Deadlines, now: number): CheckReason[] {
  const own = [
    ...ca.certificates.flatMap((certificate) => authorityReasons(ca, certificate, deadlines, now)),
    ...beforeLeafReasons(ca, deadlines, now),
    ...rolloverReasons(ca, deadlines, now),
    ...crlReasons(ca, deadlines, now),
    ...aboveReasons(ca, deadlines, now),
    ...ca.contradictions.map(({ kind, about, message }) => critical(kind, about, message)),
    ...caKeyReasons(ca),
    ...(ca.other === undefined ? [] : caKeyReasons({ ...ca.other, isKeyExposed: false })),
    ...subjectReasons(ca),
  ];
  const leaves: CheckReason[] = [];
  for (const [name, { expires }] of ca.newest) {
    // There was a newer one, and it was revoked: the host is out of service, and nobody is to be told of it for ever.
    if (expires < now && (ca.revokedUntil.get(name) ?? 0) > expires) continue;
    const own = ownDeadlines(deadlines, ca.begins.get(name), expires);
    const reason = expiryReason('leaf-expiry', name, expires, own, now, noNewer);
    if (reason !== undefined) leaves.push(reason);
  }
  const copies = ca.copyFaults.flatMap(({ name, file, fault }): CheckReason[] => {
    if (fault === 'missing') return [warning('copy-missing', name, `${file} is missing`)];
    if (fault === 'unreadable') return [warning('copy-unreadable', name, `${file} cannot be read`)];
    return fault.map(({ rule, message }) => warning(strengthRule(rule), name, message));
  });
  return [...own, ...leaves, ...copies].map((reason) => ({ ...reason, type: ca.type }));
}

/** Of the certificates of one name among the files only the last to end counts, and none that the index of a CA covers. */
export function reasonsOfFiles(
  checked: readonly CheckedFile[],
  deadlines: Deadlines,
  now: number,
  isCovered: (certificate: Certificate) => boolean,
): CheckReason[] {
  const all = checked.flatMap(({ file, certificates }) => certificates.map((certificate) => ({ file, certificate })));
  const last = new Map<string, number>();
  for (const { certificate } of all) {
    const name = nameOf(certificate);
    last.set(name, Math.max(last.get(name) ?? 0, certificate.notAfter.getTime()));
  }
  return [
    ...all.flatMap(({ file, certificate }) => {
      const [name, expires] = [nameOf(certificate), certificate.notAfter.getTime()];
      if (isCovered(certificate)) return [];
      const isCa = certificate.basicConstraints?.ca === true;
      const rule = isCa ? 'ca-expiry' : 'leaf-expiry';
      const isLast = isCa || expires === last.get(name);
      const own = ownDeadlines(deadlines, certificate.notBefore.getTime(), expires);
      const expiry = isLast ? expiryReason(rule, file, expires, own, now, isCa ? '' : noNewer) : undefined;
      return [...(expiry === undefined ? [] : [expiry]), ...strengthReasons(file, certificate)];
    }),
    ...checked.flatMap(({ file, crls }) => crls.flatMap((crl) => crlExpiryReasons(file, crl, deadlines, now))),
    ...checked.flatMap(({ file, key }) => keyReasons(keyFileBeside(file), file, key)),
    ...checked.filter(({ isKeyExposed }) => isKeyExposed).map(({ file }) => exposedKey(keyFileBeside(file))),
    ...checked.flatMap(emptyReasons),
  ];
}

function caKeyReasons({
  key,
  isKeyExposed,
  layout: { privateKey, certificate },
}: Pick<GatheredCa, 'key' | 'isKeyExposed' | 'layout'>): CheckReason[] {
  const missing = 'is not there: nothing can be signed, renewed or put on a CRL';
  return [
    ...keyReasons(privateKey, certificate, key),
    ...(key === 'missing' ? [critical('ca-key-missing', privateKey, missing)] : []),
    ...(isKeyExposed ? [exposedKey(privateKey)] : []),
  ];
}

function exposedKey(file: string): CheckReason {
  return critical('key-exposed', file, `can be read by others than its owner: chmod 600 ${file}`);
}

function subjectReasons({ layout, duplicate }: GatheredCa): CheckReason[] {
  if (duplicate === undefined) return [];
  const message = `says unique_subject = yes, and ${duplicate} has several certificates: openssl ca does not run here`;
  return [critical('unique-subject', layout.indexAttributes, message)];
}

/** A file that somebody has named so that it is watched. */
function emptyReasons({ file, certificates, crls, others }: CheckedFile): CheckReason[] {
  if (certificates.length + crls.length > 0) return [];
  const what = others.length === 0 ? 'nothing' : `only a ${others.join(' and a ')}`;
  return [critical('nothing-to-check', file, `holds ${what}: no certificate and no CRL`)];
}

/** A certificate here that no CA here stands for. */
export function foreignFile(file: string, pkiDirectory: string): CheckReason {
  return warning('not-issued-here', file, `no CA in ${pkiDirectory} has signed it`);
}

const noNewer = ', and there is no newer one of that name';

function authorityReasons(ca: GatheredCa, certificate: Certificate, deadlines: Deadlines, now: number): CheckReason[] {
  const { notBefore, notAfter } = certificate;
  const about = ca.layout.certificate;
  const begins = notBefore.getTime();
  if (now < begins) {
    return [critical('ca-expiry', about, `it is not valid before ${dayOf(begins)}`, begins)];
  }
  const own = ownDeadlines(deadlines, begins, notAfter.getTime());
  const expiry = expiryReason('ca-expiry', about, notAfter.getTime(), own, now, '');
  return [...(expiry === undefined ? [] : [expiry]), ...strengthReasons(about, certificate)];
}

/**
 * Leaves that outlive their CA are usual: ovs-pki gives both ten years. It matters once a rollover has to be planned,
 * and at the very end it is the end of the CA that is told of.
 */
function beforeLeafReasons(
  { certificates: [own], newest, layout }: GatheredCa,
  { warnMs }: Deadlines,
  now: number,
): CheckReason[] {
  const end = own.notAfter.getTime();
  if (end < now + warnMs || end >= now + 12 * warnMs) return [];
  let count = 0;
  let example = '';
  for (const [name, { expires }] of newest) {
    if (expires < end) continue;
    if (count++ === 0) example = name;
  }
  if (count === 0) return [];
  const which =
    count === 1 ? `the certificate of ${example} does` : `${count} certificates do, such as that of ${example}`;
  return [warning('ca-before-leaf', layout.certificate, `ends in ${lengthText(end, now)}, before ${which}`, end)];
}

/** Two keys are trusted meanwhile, and of their lists of revoked certificates the IKE daemons keep one. */
function rolloverReasons(
  { certificates: [own], other, layout }: GatheredCa,
  { warnMs }: Deadlines,
  now: number,
): CheckReason[] {
  if (other === undefined) return [];
  const since = Math.max(own.notBefore.getTime(), other.certificate.notBefore.getTime());
  if (now - since < warnMs) return [];
  return [warning('rollover-open', layout.folder, `a rollover has been under way for ${lengthText(since, now)}`)];
}

function crlReasons(ca: GatheredCa, deadlines: Deadlines, now: number): CheckReason[] {
  const { crl, other, layout, released } = ca;
  const revoked = [...ca.revoked, ...ca.sharedRevoked];
  const what = revoked.length === 1 ? 'a certificate is' : `${revoked.length} certificates are`;
  const missing = warning('crl-missing', layout.folder, `${what} revoked, and there is no CRL`);
  // Whether a CA that does not sign yet has a list is the affair of the next step; one that has expired needs none.
  const isOver = other === undefined || other.certificate.notAfter.getTime() < now;
  return [
    ...(crl === undefined && revoked.length > 0 ? [missing] : []),
    ...listReasons(layout.folder, crl, { revoked, released }, deadlines, now, 'CRL'),
    ...(isOver
      ? []
      : listReasons(layout.folder, other.crl, { revoked, released }, deadlines, now, 'CRL of the other CA')),
  ];
}

/** Whoever keeps them makes them: here they only are brought in. */
function aboveReasons({ layout, certificates, above, revokedAbove }: GatheredCa, deadlines: Deadlines, now: number) {
  const revoked = revokedAbove && revocationText(revokedAbove, revokedAbove.certificate === certificates[0]);
  return [
    ...(revoked === undefined ? [] : [critical('ca-revoked', layout.certificate, revoked)]),
    ...above.flatMap(({ issuer, crl }) =>
      crlExpiryReasons(layout.folder, crl, deadlines, now, `CRL of ${nameOf(issuer)} above it`),
    ),
  ];
}

function listReasons(
  about: string,
  crl: Crl | undefined,
  { revoked, released }: { readonly revoked: readonly string[]; readonly released: ReadonlySet<string> },
  deadlines: Deadlines,
  now: number,
  name: string,
): CheckReason[] {
  if (crl === undefined) return [];
  const behind = revoked.filter((serialNumber) => !crl.revoked.has(serialNumber));
  const [first] = behind;
  const message = `${behind.length} revoked in index.txt and not on the ${name}, such as the serial number ${first}`;
  const onList = [...released].find((serialNumber) => crl.revoked.has(serialNumber));
  const still = `a certificate was released and is still on the ${name}, serial number ${onList}`;
  return [
    ...crlExpiryReasons(about, crl, deadlines, now, name),
    ...(onList === undefined ? [] : [warning('crl-behind', about, still)]),
    ...(first === undefined ? [] : [critical('crl-behind', about, message)]),
  ];
}

/** Lists live for days and not for years: the period is that for what is critical, and the last third of their life. */
function crlExpiryReasons(
  about: string,
  crl: Crl,
  { criticalMs }: Deadlines,
  now: number,
  name = 'CRL',
): CheckReason[] {
  const { nextUpdate } = crl;
  if (nextUpdate === undefined) return [];
  const at = nextUpdate.getTime();
  if (at < now) return [critical('crl-expiry', about, `the next ${name} was due ${lengthText(at, now)} ago`, at)];
  if (!isCrlDue(crl, new Date(now), criticalMs)) return [];
  return [warning('crl-expiry', about, `the next ${name} is due in ${lengthText(at, now)}`, at)];
}

/** What is made for days or hours ends within any usual period from the first moment: there it is a part of its life. */
function ownDeadlines({ warnMs, criticalMs }: Deadlines, begins: number | undefined, expires: number): Deadlines {
  if (begins === undefined) return { warnMs, criticalMs };
  const validity = { notBefore: new Date(begins), notAfter: new Date(expires) };
  return { warnMs: soonMs(validity, warnMs), criticalMs: soonMs(validity, criticalMs, 6) };
}

function expiryReason(
  rule: CheckRule,
  about: string,
  expires: number,
  { warnMs, criticalMs }: Deadlines,
  now: number,
  tail: string,
): CheckReason | undefined {
  if (expires >= now + warnMs) return undefined;
  if (expires < now) return critical(rule, about, `expired ${lengthText(expires, now)} ago${tail}`, expires);
  const make = expires < now + criticalMs ? critical : warning;
  return make(rule, about, `ends in ${lengthText(expires, now)}${tail}`, expires);
}

function strengthReasons(about: string, certificate: Certificate): CheckReason[] {
  return strengthFindings(certificate).map(({ rule, message }) => warning(strengthRule(rule), about, message));
}

function strengthRule(finding: string): CheckRule {
  return finding === 'leaf-signature-algorithm' ? 'weak-signature' : 'weak-key';
}

function keyReasons(keyFile: string, certificateFile: string, match: KeyMatch | 'none' | 'missing'): CheckReason[] {
  if (match === 'differs') return [critical('key-mismatch', keyFile, `is not the key of ${certificateFile}`)];
  return match === 'damaged' ? [critical('key-mismatch', keyFile, 'cannot be read as a private key')] : [];
}

function nameOf({ subject }: Certificate): string {
  return attributeValues(subject, oid.commonName)[0] ?? formatName(subject);
}

function warning(rule: CheckRule, about: string, message: string, at?: number): CheckReason {
  return { rule, severity: 'warning', about, message, ...(at === undefined ? {} : { at: new Date(at).toISOString() }) };
}

function critical(rule: CheckRule, about: string, message: string, at?: number): CheckReason {
  return { ...warning(rule, about, message, at), severity: 'critical' };
}

function lengthText(at: number, now: number): string {
  return periodText(Math.abs(at - now) / 1000);
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
