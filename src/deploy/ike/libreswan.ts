/**
 * libreswan, from `ipsec status` and the certificates of its NSS database.
 *
 * @module
 */

import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { formatName } from '../../pki/name.js';
import { bigintOf, type IkeConnection, type IkeFact, idleConnection, type LoadedCertificate } from './answers.js';

export interface LibreswanAnswers {
  readonly version: string;
  /** Undefined where pluto does not answer. */
  readonly status: string | undefined;
  /** Of `ipsec trafficstatus`, which tells what the peers proved to be. */
  readonly traffic: string;
  /** PEM by nickname; ovs-monitor-ipsec's are `ovs_certkey_NAME`, `ovs_cert_NAME`, `ovs_cert_cacert`. */
  readonly nss: ReadonlyMap<string, string>;
  /** What crlutil tells of the CRL of ovs_cert_cacert: `Name: CRL Number`, `Data: 2 (0x2)`. */
  readonly crls: string;
}

export function parseLibreswan({ version, status, traffic, nss, crls }: LibreswanAnswers): IkeFact {
  const loaded = [...nss].flatMap(([nickname, pem]) =>
    decodeCertificatesPem(pem, nickname).map((item) => ({ nickname, certificate: loadedOf(nickname, item) })),
  );
  const isAuthority = (nickname: string): boolean => nickname === 'ovs_cert_cacert';
  return {
    daemon: 'libreswan',
    version: /Libreswan (\S+)/i.exec(version)?.[1] ?? 'unknown',
    running: status !== undefined && /^000 /m.test(status),
    connections: connectionsIn(status ?? '', traffic),
    certificates: loaded.filter(({ nickname }) => !isAuthority(nickname)).map(({ certificate }) => certificate),
    authorities: loaded.filter(({ nickname }) => isAuthority(nickname)).map(({ certificate }) => certificate),
    crls: [...crls.matchAll(/Data: (?:\d+ \((0x[0-9a-f]+)\)|([0-9a-f:]+)$)/gm)].map(([, short, long = '']) => ({
      crlNumber: bigintOf(short ?? long),
      keyIdentifier: undefined,
    })),
    plugins: undefined,
    nssFolder: /\bnssdir=([^,\s]+)/.exec(status ?? '')?.[1],
  };
}

function loadedOf(nickname: string, { serialNumber, subject }: Certificate): LoadedCertificate {
  return {
    serialNumber,
    subject: formatName(subject),
    hasPrivateKey: nickname.startsWith('ovs_certkey_') ? undefined : false,
  };
}

/**
 * `000 "tun-1": …` tells what is loaded, `000 #2: "tun-1":500 STATE_V2_ESTABLISHED_CHILD_SA …` what is up,
 * `006 #4: "tun-1", type=ESP, …, id='@host_2'` who the peer is. The connections of one tunnel may share an IKE SA: a Child
 * SA is proof of one.
 */
function connectionsIn(status: string, traffic: string): IkeConnection[] {
  const found = new Map<string, IkeConnection>();
  const change = (name: string, values: Partial<IkeConnection>): void => {
    found.set(name, { ...(found.get(name) ?? idleConnection(name)), ...values });
  };
  for (const line of status.split('\n')) {
    const [, connection] = /^000 "([^"]+)"(?:\[\d+\])?: /.exec(line) ?? [];
    if (connection !== undefined) change(connection, {});
    const [, name, state = ''] = /^000 #\d+: "([^"]+)".*?:\d+ (STATE_\w+)/.exec(line) ?? [];
    if (name === undefined) continue;
    if (state === 'STATE_V2_ESTABLISHED_IKE_SA') change(name, { ikeEstablished: true });
    else if (state === 'STATE_V2_ESTABLISHED_CHILD_SA') change(name, { childInstalled: true, ikeEstablished: true });
    else if (/^STATE_V2_PARENT_I/.test(state)) change(name, { connecting: true });
  }
  for (const line of traffic.split('\n')) {
    const [, name = '', id = ''] = /^006 #\d+: "([^"]+)".*\bid='([^']*)'/.exec(line) ?? [];
    if (found.has(name)) change(name, { remoteId: id.replace(/^@/, '') });
  }
  return [...found.values()].filter(({ name }) => !name.startsWith('prevent_unencrypted_'));
}
