/**
 * What libreswan says, from `ipsec status` and the certificates of its NSS database.
 *
 * @module
 */

import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { formatName } from '../../pki/name.js';
import type { Section } from '../answer/sections.js';
import { bigintOf, type IkeAnswers, type IkeConnection, idleConnection, type LoadedCertificate } from './answers.js';
import { isOlder } from './version.js';

/** The certificates are PEM by nickname; ovs-monitor-ipsec's are `ovs_certkey_NAME`, `ovs_cert_NAME`, `ovs_cert_cacert`. */
const nicknamePrefix = 'nss:';

type State = 'ike' | 'child' | 'trying';

/** How pluto tells what is up. */
interface PlutoReader {
  /** The first version that it is for, and the last that it was tried with. */
  readonly from: string;
  readonly triedUpTo: string;
  /** What stands behind the port in the line of a state. */
  readonly stateOf: (words: string) => State | undefined;
}

/** Before 5.4 a state has a name, and in parentheses what it means; only that is the same in all versions. */
const meaning = /^\w+ \(([^)]*)\)/;

const stateOfMeaning = (text: string | undefined): State | undefined => {
  if (text?.startsWith('established IKE SA')) return 'ike';
  if (text?.startsWith('established Child SA')) return 'child';
  return text !== undefined && /^sent IKE_(SA_INIT|INTERMEDIATE|AUTH) request/.test(text) ? 'trying' : undefined;
};

/** The newest first, which also reads what is newer than all that is known. */
const plutoReaders: readonly [PlutoReader, ...PlutoReader[]] = [
  { from: '5.4', triedUpTo: '5.4', stateOf: stateOfMeaning },
  { from: '0', triedUpTo: '5.3', stateOf: (words) => stateOfMeaning(meaning.exec(words)?.[1]) },
];

/** The newest version of libreswan whose answers are known. */
export const newestLibreswan = plutoReaders[0].triedUpTo;

function readerFor(version: string): PlutoReader {
  const isUnknown = !/^\d/.test(version);
  const found = plutoReaders.find(({ from }) => !isUnknown && !isOlder(version, from));
  return found ?? { from: '0', triedUpTo: '', stateOf: stateOfAny };
}

/** Of a version that is not known: whatever reader understands it. */
function stateOfAny(words: string): State | undefined {
  return plutoReaders.map(({ stateOf }) => stateOf(words)).find((state) => state !== undefined);
}

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
    // A pluto that runs tells its configuration, whichever version it is.
    running: /^000 |\bnssdir=|^Total IPsec connections: /m.test(status),
    missing: undefined,
    connections: connectionsIn(status, text('ike-traffic'), readerFor(version)),
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
    listensAt: interfacesIn(status),
  };
}

/**
 * `interface eth0 1.1.1.2:UDP/500` or `[fd00:2::1]:UDP/500`; in 4 `interface eth0 UDP 1.1.1.2:500`, before it
 * `interface eth0/eth0 1.1.1.2@500`.
 */
function interfacesIn(status: string): string[] | undefined {
  const found = linesOf(status).flatMap((line) => {
    const [, address = ''] = /^interface \S+ (?:UDP )?\[?([0-9a-fA-F.:]{2,45}?)\]?(?:[:@]|:UDP\/)500$/.exec(line) ?? [];
    return address === '' ? [] : [address];
  });
  return found.length === 0 ? undefined : found;
}

function loadedOf(nickname: string, { serialNumber, subject }: Certificate): LoadedCertificate {
  return {
    serialNumber,
    subject: formatName(subject),
    hasPrivateKey: nickname.startsWith('ovs_certkey_') ? undefined : false,
  };
}

/**
 * `"tun-1": …` tells what is loaded, `#2: "tun-1":500 … established Child SA …` what is up, `#4: "tun-1", type=ESP, …, id='@host_2'` who
 * the peer is; libreswan 4 has a number before each line. The connections of one tunnel may share an IKE SA: a Child SA is proof
 * of one.
 */
function connectionsIn(status: string, traffic: string, { stateOf }: PlutoReader): IkeConnection[] {
  const found = new Map<string, IkeConnection>();
  const change = (name: string, values: Partial<IkeConnection>): void => {
    found.set(name, { ...(found.get(name) ?? idleConnection(name)), ...values });
  };
  for (const line of linesOf(status)) {
    const [, connection] = /^"([^"]+)"(?:\[\d+\])?: /.exec(line) ?? [];
    if (connection !== undefined) change(connection, {});
    const [, name, words = ''] = /^#\d+: "([^"]+)"(?:\[\d+\][^:]*)?:\d+ (.*)$/.exec(line) ?? [];
    const state = name === undefined ? undefined : stateOf(words);
    if (name === undefined || state === undefined) continue;
    if (state === 'ike') change(name, { ikeEstablished: true });
    else if (state === 'child') change(name, { childInstalled: true, ikeEstablished: true });
    else change(name, { connecting: true });
  }
  for (const line of linesOf(traffic)) {
    const [, name = '', id = ''] = /^#\d+: "([^"]+)".*\bid='([^']*)'/.exec(line) ?? [];
    if (found.has(name)) change(name, { remoteId: id.replace(/^@/, '') });
  }
  return [...found.values()].filter(({ name }) => !name.startsWith('prevent_unencrypted_'));
}

function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/^\d{3} /, ''));
}
