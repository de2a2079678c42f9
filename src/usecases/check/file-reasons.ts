/**
 * What `check` finds wrong in files, beside the CAs: pure.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { exposedKey, keyReasons, nameOf, strengthReasons } from './certificate-reasons.js';
import { crlExpiryReasons, type Deadlines, expiryReason, noNewer, ownDeadlines } from './deadlines.js';
import { type CheckedFile, keyFileBeside } from './files.js';
import { type CheckReason, critical, warning } from './rule.js';
import type { NameWithoutHost } from './without-host.js';

/** A file that should be a certificate by its name. */
export function damagedFile(file: string, message: string): CheckReason {
  return critical('certificate-damaged', file, message);
}

/** A name that no host has any more. */
export function strayReason({ name, serialNumber, notAfter, command }: NameWithoutHost, file: string): CheckReason {
  const message = `no host of ${file} has this name, and its certificate is valid, serial ${serialNumber}: ${command}`;
  return { ...warning('without-host', name, message, Date.parse(notAfter)), type: 'switch' };
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
