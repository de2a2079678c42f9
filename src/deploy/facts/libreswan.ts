/**
 * libreswan, from `ipsec status` and the certificates of its NSS database.
 *
 * @module
 */

import { decodeCertificatePem } from '../../pki/certificate.js';
import { formatName } from '../../pki/name.js';
import type { IkeConnection, IkeFact, LoadedCertificate } from './ike.js';

export interface LibreswanAnswers {
  readonly version: string;
  /** Undefined where pluto does not answer. */
  readonly status: string | undefined;
  /** PEM by nickname; ovs-monitor-ipsec's are `ovs_certkey_NAME`, `ovs_cert_NAME`, `ovs_cert_cacert`. */
  readonly nss: ReadonlyMap<string, string>;
}

export function parseLibreswan({ version, status, nss }: LibreswanAnswers): IkeFact {
  const loaded = [...nss].map(([nickname, pem]) => ({ nickname, certificate: loadedOf(nickname, pem) }));
  const isAuthority = (nickname: string): boolean => nickname === 'ovs_cert_cacert';
  return {
    daemon: 'libreswan',
    version: /Libreswan (\S+)/i.exec(version)?.[1] ?? 'unknown',
    running: status !== undefined && /^000 /m.test(status),
    connections: connectionsIn(status ?? ''),
    certificates: loaded.filter(({ nickname }) => !isAuthority(nickname)).map(({ certificate }) => certificate),
    authorities: loaded.filter(({ nickname }) => isAuthority(nickname)).map(({ certificate }) => certificate),
    plugins: undefined,
  };
}

function loadedOf(nickname: string, pem: string): LoadedCertificate {
  const { serialNumber, subject } = decodeCertificatePem(pem, nickname);
  return {
    serialNumber,
    subject: formatName(subject),
    hasPrivateKey: nickname.startsWith('ovs_certkey_') ? undefined : false,
  };
}

/** `000 "tun-1": …` tells what is loaded, `000 #2: "tun-1":500 STATE_V2_ESTABLISHED_CHILD_SA …` what is up. */
function connectionsIn(status: string): IkeConnection[] {
  const found = new Map<string, IkeConnection>();
  const change = (name: string, values: Partial<IkeConnection>): void => {
    const before = found.get(name) ?? { name, ikeEstablished: false, childInstalled: false, remoteId: undefined };
    found.set(name, { ...before, ...values });
  };
  const ikeStates = new Map<string, string>();
  for (const line of status.split('\n')) {
    const [, connection] = /^000 "([^"]+)"(?:\[\d+\])?[: ]/.exec(line) ?? [];
    if (connection !== undefined) change(connection, {});
    const [, number, name, state] = /^000 #(\d+): "([^"]+)".*?:\d+ (STATE_\w+|ESTABLISHED_\w+)/.exec(line) ?? [];
    if (number === undefined || name === undefined || state === undefined) continue;
    if (/IKE/.test(state) && /ESTABLISHED|_IPARENT|V2_.*I3|R2/.test(state)) {
      ikeStates.set(number, name);
      change(name, { ikeEstablished: true });
    }
    if (/ESTABLISHED_CHILD|V2_IPSEC/.test(state)) {
      // A child names the IKE SA that it rests on: two connections between the same hosts share one.
      change(name, { childInstalled: true, ikeEstablished: true });
    }
  }
  return [...found.values()].filter(({ name }) => !name.startsWith('prevent_unencrypted_'));
}
