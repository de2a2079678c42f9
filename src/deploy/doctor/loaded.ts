/**
 * Rules about what the IKE daemon has loaded, against what the files and the database say.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { shellCommand } from '../../platform/quote.js';
import { knownValue } from '../facts/fact.js';
import type { Fault } from '../fitness/fault.js';
import { type LoadedCertificate, portOfConnection } from '../ike/answers.js';
import type { IkeFact } from '../ike/daemon.js';
import { reliesOnCa } from './identity.js';
import {
  certificateAt,
  commonNameOf,
  configOf,
  daemonOf,
  databaseOf,
  type HostView,
  ownCertificate,
  type Rule,
  usesCertificates,
} from './rule.js';

export const loadedRules: readonly Rule[] = [
  {
    id: 'identity-not-taken-over',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec works with another certificate than the one that the database names.',
    find: (host) => {
      const path = configOf(host)['certificate'];
      const used = knownValue(host.facts.monitorTunnels)?.filter(
        ({ state, usesPsk, certificateFile }) => state === 'CONFIGURED' && !usesPsk && certificateFile !== path,
      );
      const [first] = used ?? [];
      if (first === undefined || databaseOf(host) === undefined) return [];
      return [
        {
          message: `ovs-monitor-ipsec works with ${first.certificateFile ?? 'no certificate'}, and the database names ${path ?? 'none'}: it refuses what it cannot read, and keeps the old one`,
          cure: 'grep WARN /var/log/openvswitch/ovs-monitor-ipsec.log | tail -n 5',
          at: 'host',
        },
      ];
    },
  },
  runningRule(
    'ca-not-loaded',
    'strongSwan has not read the CA certificate; it reads them only when it starts.',
    (host, ike) => {
      const path = configOf(host)['ca_cert'];
      const authority = certificateAt(host, path);
      if (
        daemonOf(host)?.store !== 'files' ||
        authority === undefined ||
        !reliesOnCa(host) ||
        hasLoaded(ike.authorities, authority)
      )
        return undefined;
      return {
        message: `${ike.daemon.label} has not read the CA certificate ${path}: it believes no peer ("no trusted RSA public key found")`,
        cure: ike.daemon.commands.trust(path, ike.nssFolder),
        at: 'host',
      };
    },
  ),
  runningRule('ca-not-in-nss', 'The CA certificate is not in the NSS database of libreswan.', (host, ike) => {
    const path = configOf(host)['ca_cert'];
    const authority = certificateAt(host, path);
    if (
      daemonOf(host)?.store !== 'nss' ||
      authority === undefined ||
      !reliesOnCa(host) ||
      hasLoaded(ike.authorities, authority)
    )
      return undefined;
    return {
      message: `the CA certificate ${path} is not in the NSS database of ${ike.daemon.label}`,
      cure: ike.daemon.commands.trust(path, ike.nssFolder),
      at: 'host',
    };
  }),
  ownCertificateRule(
    'certificate-not-loaded',
    'The IKE daemon has not loaded the certificate of the host.',
    (ike, certificate) =>
      sameName(ike, certificate).length > 0
        ? undefined
        : `${ike.daemon.label} has not loaded the certificate of this host`,
  ),
  ownCertificateRule(
    'certificate-in-use-differs',
    'The certificate in use is not the one on disk: a file that was renewed in place is not noticed.',
    (ike, certificate) => {
      const [used] = sameName(ike, certificate);
      return used === undefined
        ? undefined
        : `${ike.daemon.label} uses the certificate with the serial number ${used.serialNumber}, and the file holds ${certificate.serialNumber}: ovs-monitor-ipsec compares paths, never contents`;
    },
  ),
  runningRule('key-not-loaded', 'The IKE daemon has the certificate and not its private key.', (host, ike) => {
    const certificate = ownCertificate(host);
    if (certificate === undefined || !isConfigured(host)) return undefined;
    const own = ike.certificates.filter((loaded) => isSame(loaded, certificate));
    if (own.length === 0 || own.some(({ hasPrivateKey }) => hasPrivateKey !== false)) return undefined;
    return {
      message: `${ike.daemon.label} has no private key for the certificate of this host: another key, one that is encrypted, or none that it may read`,
      cure: shellCommand`openssl pkey -noout -in ${configOf(host)['private_key']} && ipsec rereadsecrets`,
      at: 'host',
    };
  }),
  {
    id: 'connection-stale',
    severity: 'warning',
    meaning: 'libreswan keeps a connection of a tunnel that is gone or has changed, and goes on trying it.',
    find: (host) => {
      const ike = knownValue(host.facts.ike);
      const tunnels = knownValue(host.facts.monitorTunnels);
      if (daemonOf(host)?.keepsConnections !== true || ike === undefined || tunnels === undefined) return [];
      const known = new Set(tunnels.map(({ port, version }) => `${port} ${version}`));
      return ike.connections.flatMap(({ name }): Fault[] => {
        const connection = portOfConnection(name);
        if (connection === undefined) return [];
        const { port, version } = connection;
        if (known.has(`${port} ${version}`)) return [];
        return [
          {
            message: `${ike.daemon.label} keeps the connection ${name}, which ovs-monitor-ipsec does not know any more`,
            cure: ike.daemon.commands.forget(name, ike.version),
            at: 'host',
            port,
          },
        ];
      });
    },
  },
];

function runningRule(id: string, meaning: string, find: (host: HostView, ike: IkeFact) => Fault | undefined): Rule {
  return {
    id,
    severity: 'error',
    meaning,
    find: (host) => {
      const ike = knownValue(host.facts.ike);
      const fault = ike?.running === true ? find(host, ike) : undefined;
      return fault === undefined ? [] : [fault];
    },
  };
}

/** About a certificate that some tunnel rests on and that is not the one that is loaded. */
function ownCertificateRule(
  id: string,
  meaning: string,
  find: (ike: IkeFact, certificate: Certificate) => string | undefined,
): Rule {
  return runningRule(id, meaning, (host, ike) => {
    const certificate = ownCertificate(host);
    if (certificate === undefined || !isConfigured(host) || hasLoaded(ike.certificates, certificate)) return undefined;
    const message = find(ike, certificate);
    return message === undefined
      ? undefined
      : { message, cure: shellCommand`ovs-pki-ts distribute --to ${host.destination}`, at: 'here' };
  });
}

/** Some tunnel of the host works with its certificate, so the IKE daemon was told of it. */
function isConfigured(host: HostView): boolean {
  const tunnels = knownValue(host.facts.monitorTunnels) ?? [];
  return usesCertificates(host) && tunnels.some(({ state, usesPsk }) => state === 'CONFIGURED' && !usesPsk);
}

function hasLoaded(loaded: readonly LoadedCertificate[], certificate: Certificate): boolean {
  return loaded.some((item) => isSame(item, certificate));
}

/** Serial numbers of two CAs can be the same: the name decides as well. */
function isSame(loaded: LoadedCertificate, certificate: Certificate): boolean {
  return loaded.serialNumber === certificate.serialNumber && hasName(loaded, certificate);
}

function sameName({ certificates }: IkeFact, certificate: Certificate): LoadedCertificate[] {
  return certificates.filter((loaded) => hasName(loaded, certificate));
}

function hasName({ subject }: LoadedCertificate, certificate: Certificate): boolean {
  const name = commonNameOf(certificate);
  return name !== undefined && (subject.endsWith(`CN=${name}`) || subject.includes(`CN=${name},`));
}
