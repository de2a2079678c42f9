/**
 * Where `serial`, `crlnumber` and `ca.cnf` are missing or behind what the CA has done.
 *
 * @module
 */

import { dirname } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { ownProfileMark } from '../../pki/own-profile.js';
import { formatSerial, parseSerial, type SerialNumber } from '../../pki/serial.js';
import * as files from '../../platform/files.js';
import type { Ca } from '../ca/ca.js';
import { markOf } from '../ca/config.js';
import { profileOrFault } from '../ca/profile.js';
import { serialsIn } from '../index/scan.js';
import { interruptedSerials } from '../journal/audit-log.js';
import { profileFile } from '../layout.js';
import type { Contradiction } from './contradiction.js';
import type { History } from './known.js';

/** Without them `openssl ca` does not run, and without a number no CRL can be made. */
export function missingFiles(ca: Ca): Contradiction[] {
  const { layout } = ca;
  const numbers = [layout.crlNumber, layout.serial].flatMap((about): Contradiction[] =>
    nextSerial(about) === undefined
      ? [
          {
            kind: 'number-missing',
            about,
            message: 'it is missing, or holds no number in pairs of hexadecimal digits, such as 0A',
          },
        ]
      : [],
  );
  if (files.exists(layout.config)) return [...numbers, ...configContradictions(ca)];
  const message = 'it is missing: openssl ca and ovs-pki do not run here';
  return [...numbers, { kind: 'config-missing', about: layout.config, message }];
}

/** A profile that was changed since changes what `openssl ca` is to do. */
function configContradictions(ca: Ca): Contradiction[] {
  const { config } = ca.layout;
  const profile = profileOrFault(ca);
  if (profile instanceof OvsPkiError) {
    const about = profileFile(dirname(ca.layout.folder));
    return [{ kind: 'profile-invalid', about, message: profile.message.replace(about, '').replace(/^[,:] /, '') }];
  }
  if (markOf(files.readFile(config).toString()) === ownProfileMark(profile)) return [];
  const message = 'it was not made for profile.conf as that is now: openssl ca goes by another profile';
  return [{ kind: 'config-behind', about: config, message }];
}

export function numberContradictions(
  { layout, other }: Ca,
  { crlNumber, audited, published, ofOtherKeys }: History,
): Contradiction[] {
  const next = nextSerial(layout.crlNumber);
  const found: Contradiction[] = [];
  if (next !== undefined && crlNumber !== undefined && parseSerial(next) <= crlNumber) {
    const message = `the number of the next CRL is ${next}, and a CRL has had ${formatSerial(crlNumber)}`;
    found.push({ kind: 'crl-number-behind', about: layout.crlNumber, message });
  }
  const last = audited.crlNumber;
  const newest = published.reduce((most, { crlNumber: one = -1n }) => (one > most ? one : most), -1n);
  // In a rollover the list of the other key can have been made in the same run, with the number behind that of this one.
  const isOther = other !== undefined && ofOtherKeys.some((crl) => crl.crlNumber === last);
  const least = (last ?? -1n) - (isOther ? 1n : 0n);
  if (last !== undefined && newest < least && isPublished(layout.auditLog, last)) {
    const is = newest < 0n ? 'is not here' : 'is older';
    const message = `it ${is}: the last CRL had the number ${formatSerial(last)}`;
    found.push({ kind: 'crl-older', about: layout.crl, message });
  }
  return found;
}

/** What was only intended is no list that anybody has. */
function isPublished(auditLog: string, crlNumber: bigint): boolean {
  return !interruptedSerials(auditLog, 'crl').has(formatSerial(crlNumber));
}

/** The number that `openssl ca` gives to the next certificate. */
export function serialContradictions({ layout }: Ca): Contradiction[] {
  const next = nextSerial(layout.serial);
  if (next === undefined || !serialsIn(files.readFile(layout.index)).has(next)) return [];
  return [
    { kind: 'serial-used', about: layout.serial, message: `a certificate has the next serial number already: ${next}` },
  ];
}

/** Undefined where the file holds none that `openssl ca` reads: it wants digits in pairs, and from the first character on. */
export function nextSerial(file: string): SerialNumber | undefined {
  const text = files.exists(file) ? files.readFile(file).toString('latin1').trimEnd() : '';
  return /^(?:[0-9A-F]{2}){1,20}$/i.test(text) ? formatSerial(parseSerial(text)) : undefined;
}
