/**
 * Rules about the lists of revoked certificates that a host has.
 *
 * @module
 */

import { type Crl, isCrlOf } from '../../pki/crl.js';
import { equalBytes } from '../../pki/der.js';
import { isCrlDue } from '../../pki/renewal.js';
import { knownValue } from '../facts/fact.js';
import type { Fault } from '../fitness/fault.js';
import type { IkeFact } from '../ike/daemon.js';
import { isNewer } from '../plan/crls.js';
import { isOurAuthorityFile } from '../plan/identity-files.js';
import { reliesOnCa } from './identity.js';
import { certificateAt, configOf, curedByDistribute, dayOf, fileAt, type HostView, type Rule } from './rule.js';

export const crlRules: readonly Rule[] = [
  {
    id: 'crl-behind',
    severity: 'warning',
    meaning: 'The host does not have the CRL that its CA has here, or has an older one.',
    find: (host) => {
      const authority = certificateAt(host, configOf(host)['ca_cert']);
      if (authority === undefined || !reliesOnCa(host)) return [];
      return host.crls.flatMap(({ issuer, crl }): Fault[] => {
        if (crl === undefined || !equalBytes(issuer.subject.der, authority.subject.der)) return [];
        const there = crlsOn(host).filter((item) => isCrlOf(issuer, item.crl));
        if (there.some((item) => !isNewer(crl, item.crl))) return [];
        const what = there.length === 0 ? 'it does not have the CRL of its CA' : 'its CRL is older than that of its CA';
        return [
          curedByDistribute(host, `${what}: the IKE daemon believes peers whose certificates were revoked since`),
        ];
      });
    },
  },
  crlRule(
    'crl-expired',
    'The next CRL was due by the clock of the host, and the host does not have it.',
    (host, crl) =>
      crl.nextUpdate !== undefined && crl.nextUpdate < host.time ? `ended on ${dayOf(crl.nextUpdate)}` : undefined,
  ),
  crlRule(
    'crl-due',
    'The next CRL is due within a week, or in the last third of the life of the one there.',
    (host, crl) =>
      crl.nextUpdate !== undefined && crl.nextUpdate >= host.time && isCrlDue(crl, host.time)
        ? `ends on ${dayOf(crl.nextUpdate)}`
        : undefined,
  ),
  {
    id: 'crl-not-loaded',
    severity: 'warning',
    meaning: 'The IKE daemon has not read the CRL that the host has, or goes on with an older one.',
    find: (host) => {
      const ike = knownValue(host.facts.ike);
      if (ike?.running !== true) return [];
      return crlsOn(host).flatMap(({ path, crl }): Fault[] => {
        const fault = faultOfLoaded(ike, crl);
        if (fault === undefined) return [];
        const message = `${ike.daemon.label} ${fault} ${path}: it believes peers whose certificates were revoked`;
        return [{ message, cure: ike.daemon.commands.readCrl(path, ike.nssFolder), at: 'host' }];
      });
    },
  },
];

/** charon keeps a list that it has used beside the one that it has read, and believes the old one. */
function faultOfLoaded({ crls }: IkeFact, { crlNumber, authorityKeyIdentifier }: Crl): string | undefined {
  if (crlNumber === undefined) return undefined;
  const own = authorityKeyIdentifier && Buffer.from(authorityKeyIdentifier).toString('hex');
  const loaded = crls.filter(({ keyIdentifier }) => !keyIdentifier || !own || keyIdentifier === own);
  if (loaded.every((crl) => crl.crlNumber < crlNumber)) return 'has not read the CRL';
  return loaded.some((crl) => crl.crlNumber < crlNumber) ? 'goes on with an older list than the CRL' : undefined;
}

/** A rule about each list of ours on a host, whose cure is a newer one. */
function crlRule(id: string, meaning: string, find: (host: HostView, crl: Crl) => string | undefined): Rule {
  return {
    id,
    severity: 'warning',
    meaning,
    find: (host) =>
      crlsOn(host).flatMap(({ path, crl }) => {
        const message = find(host, crl);
        return message === undefined ? [] : [curedByDistribute(host, `the CRL ${path} ${message}`)];
      }),
  };
}

/** Those of the CA that the host has its certificate from: who stands above makes lists of its own, which check looks at. */
function crlsOn(host: HostView): { readonly path: string; readonly crl: Crl }[] {
  const authority = certificateAt(host, configOf(host)['ca_cert']);
  return allCrlsOn(host).filter(
    ({ crl }) => authority === undefined || equalBytes(crl.issuer.der, authority.subject.der),
  );
}

function allCrlsOn(host: HostView): { readonly path: string; readonly crl: Crl }[] {
  return [...host.facts.files.keys()].filter(isOurAuthorityFile).flatMap((path) => {
    const file = fileAt(host, path);
    return file?.kind === 'crl' ? [{ path, crl: file.crl }] : [];
  });
}
