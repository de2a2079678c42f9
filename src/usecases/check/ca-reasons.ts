/**
 * What `check` finds wrong with a CA: pure, over what was gathered of it.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import type { Crl } from '../../pki/crl.js';
import { isSameKey } from '../../pki/key-identity.js';
import { formatName } from '../../pki/name.js';
import { revocationText } from '../../store/ca/lists-above.js';
import type { WaitingKey } from '../../store/ca/waiting.js';
import { exposedKey, keyReasons, nameOf, strengthReasons, strengthRule } from './certificate-reasons.js';
import { crlExpiryReasons, type Deadlines, expiryReason, lengthText, noNewer, ownDeadlines } from './deadlines.js';
import type { GatheredCa } from './gather.js';
import { type CheckReason, critical, warning } from './rule.js';

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

function subjectReasons({ layout, duplicate }: GatheredCa): CheckReason[] {
  if (duplicate === undefined) return [];
  const message = `says unique_subject = yes, and ${duplicate} has several certificates: openssl ca does not run here`;
  return [critical('unique-subject', layout.indexAttributes, message)];
}

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

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}
