/**
 * The part of a plan that brings a host the lists of what its CA has revoked, and ends tunnels to peers that are on them.
 *
 * @module
 */

import { type Crl, isCrlOf } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { encodePem } from '../../pki/pem.js';
import { formatSerial } from '../../pki/serial.js';
import type { TunnelEnd } from '../desired/desired.js';
import { carriers } from '../tunnels/packets.js';
import type { Action } from './action.js';
import { crlFileFor } from './identity-files.js';
import { daemonFor, fileAt, type HostCrl, type HostInput, placesFor } from './input.js';

/** A host that has a newer list keeps it. */
export function crlActions(input: HostInput): Action[] {
  return input.crls.flatMap(({ issuer, crl, count }): Action[] => {
    const path = crlFileFor(placesFor(input).crls, issuer);
    const there = crlAt(input, path);
    if (crl !== undefined && there !== undefined) {
      if (equalBytes(there.der, crl.der)) return [];
      if (isNewer(there, crl) && isCrlOf(issuer, there)) return [];
    }
    const content = crl && encodePem('X509 CRL', crl.der);
    const number = crl?.crlNumber;
    const crlNumber = number === undefined ? undefined : formatSerial(number);
    const nextUpdate = crl?.nextUpdate?.toISOString();
    return [{ kind: 'place', role: 'crl', path, content, source: undefined, crl: { crlNumber, count, nextUpdate } }];
  });
}

/** The PKI directory here may be an old copy. */
export function crlWarnings(input: HostInput): string[] {
  return input.crls.flatMap(({ issuer, crl }) => {
    const there = crlAt(input, crlFileFor(placesFor(input).crls, issuer));
    if (crl === undefined || there === undefined || !isNewer(there, crl) || !isCrlOf(issuer, there)) return [];
    return [
      `${input.desired.name}: it has a newer CRL than the CA here (${numberText(there)}, and here ${numberText(crl)}), and keeps it: is this the PKI directory that is in use?`,
    ];
  });
}

/** Tunnels that are up with peers whose certificates were revoked: a list alone ends none. */
export function cutActions({ desired, facts, revokedPeers }: HostInput): Action[] {
  const isUp = (end: TunnelEnd, source: string, destination: string): boolean =>
    carriers(facts, end, source, destination).length > 0;
  return desired.ends
    .filter(({ method, peer }) => method === 'ca-signed' && revokedPeers.has(peer))
    .filter((end) => isUp(end, end.localIp, end.remoteIp) || isUp(end, end.remoteIp, end.localIp))
    .map(({ port, peer }): Action => ({ kind: 'cut', port, peer }));
}

/** NSS does not look for newer lists in the minute after it has looked, and nothing makes pluto look sooner. */
export function cutWarnings(input: HostInput, actions: readonly Action[]): string[] {
  const { noticesCrlLate, label } = daemonFor(input);
  if (!noticesCrlLate) return [];
  return actions.flatMap((action) =>
    action.kind === 'cut'
      ? [
          `${input.desired.name}: ${label} may need a minute to notice a new CRL; if the tunnel to ${action.peer} has come back until then, apply once more`,
        ]
      : [],
  );
}

/** By its number (RFC 5280, 5.2.3), or by its time where one has none. */
export function isNewer(one: Crl, other: Crl): boolean {
  return one.crlNumber === undefined || other.crlNumber === undefined
    ? one.thisUpdate > other.thisUpdate
    : one.crlNumber > other.crlNumber;
}

function crlAt(input: HostInput, path: string): HostCrl['crl'] {
  const file = fileAt(input, path);
  return file?.kind === 'crl' ? file.crl : undefined;
}

function numberText({ crlNumber, thisUpdate }: Crl): string {
  return crlNumber === undefined ? `of ${thisUpdate.toISOString()}` : `number ${formatSerial(crlNumber)}`;
}
