/**
 * What libreswan says, from `ipsec status` and the certificates of its NSS database.
 *
 * @module
 */

import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { formatName } from '../../pki/name.js';
import type { Section } from '../facts/sections.js';
import { bigintOf, type IkeAnswers, type IkeConnection, idleConnection, type LoadedCertificate } from './answers.js';

/** The certificates are PEM by nickname; ovs-monitor-ipsec's are `ovs_certkey_NAME`, `ovs_cert_NAME`, `ovs_cert_cacert`. */
const nicknamePrefix = 'nss:';

export function readLibreswan(answers: ReadonlyMap<string, Section>, version: string): IkeAnswers {
  const text = (name: string): string => answers.get(name)?.text ?? '';
  const status = answers.get('ike-status')?.status === 0 ? text('ike-status') : '';
  const loaded = [...answers].flatMap(([name, { status: failed, text: pem }]) => {
    if (!name.startsWith(nicknamePrefix) || failed !== 0) return [];
    const nickname = name.slice(nicknamePrefix.length);
    return decodeCertificatesPem(pem, nickname).map((item) => ({ nickname, certificate: loadedOf(nickname, item) }));
  });
  const isAuthority = (nickname: string): boolean => nickname === 'ovs_cert_cacert';
  return {
    version,
    running: /^000 /m.test(status),
    connections: connectionsIn(status, text('ike-traffic')),
    certificates: loaded.filter(({ nickname }) => !isAuthority(nickname)).map(({ certificate }) => certificate),
    authorities: loaded.filter(({ nickname }) => isAuthority(nickname)).map(({ certificate }) => certificate),
    // What crlutil tells of the CRL of ovs_cert_cacert: `Name: CRL Number`, `Data: 2 (0x2)`.
    crls: [...text('ike-crls').matchAll(/Data: (?:\d+ \((0x[0-9a-f]+)\)|([0-9a-f:]+)$)/gm)].map(
      ([, short, long = '']) => ({
        crlNumber: bigintOf(short ?? long),
        keyIdentifier: undefined,
      }),
    ),
    plugins: undefined,
    nssFolder: /\bnssdir=([^,\s]+)/.exec(status)?.[1],
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
