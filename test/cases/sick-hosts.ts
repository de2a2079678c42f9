/**
 * Hosts with something wrong, for the rules of `doctor`: a captured host, or two that are the ends of one tunnel, and what
 * is changed of their answers. Each case is found by the rule of its name, and by no other but those of `also`.
 */

import type { KeyObject } from 'node:crypto';
import { tag } from '../../src/pki/der.js';
import { encodeInteger, encodeTime } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { encodePem } from '../../src/pki/pem.js';
import { dayMs } from '../../src/pki/validity.js';
import { capturedAt, type Edit } from '../support/host-answers.js';
import { ecKeyFile } from '../support/keys.js';
import {
  buildCertificate,
  buildCrl,
  certificatePem,
  crlPem,
  extension,
  fixtureKey,
  hostName,
  loadKey,
  name,
  spkiOf,
  subjectAltName,
} from '../support/x509.js';
import { sickBridges } from './sick-bridges.js';

export interface SickHost {
  readonly id: string;
  /** The host that the rule is about, and then its peer. */
  readonly hosts: readonly (readonly [name: string, ...edits: readonly Edit[]])[];
  /** What else is found on the first host, for it follows. */
  readonly also?: readonly string[];
  /** The list that the CA of the first host has here, PEM. */
  readonly crl?: string;
  /** It is asked for with an inventory that has no tunnel of it. */
  readonly isWhole?: true;
  /** The drop policies of `connect` are not there. */
  readonly isUnguarded?: true;
}

const strongswan = 'strongswan-gre-ca-signed';
const strongswanPeer = 'strongswan-gre-ca-signed-peer';
const libreswan = 'libreswan-gre-ca-signed';
const libreswanPeer = 'libreswan-gre-ca-signed-peer';
const selfSigned = 'strongswan-gre-self-signed';
const selfSignedPeer = 'strongswan-gre-self-signed-peer';
const certs = '/etc/ipsec.d/certs';
const certificateFile = `${certs}/ca-lab1-1-cert.pem`;
const keyFile = '/etc/ipsec.d/private/lab1-1-privkey.pem';
const authorityFile = '/etc/ipsec.d/cacerts/cacert.pem';

/** A section of the answer. */
const section = (title: string): RegExp => new RegExp(`^answer ${title} \\d+\\n[^]*?(?=\\nanswer )`, 'm');
const replaced = (title: string, status: number, text: string): Edit => [
  section(title),
  `answer ${title} ${status}\n${text}\n`,
];
const without = (program: string): Edit => [new RegExp(` ${program}\\b(?=.*\\n\\nanswer addresses)`), ''];
const down: Edit = [/^ +tun-1[[{]2[\]}]:.*\n/m, ''];
const isTried: Edit = [/^ +tun-1\[2\]: ESTABLISHED .*$/m, '       tun-1[2]: CONNECTING, 1.1.1.1[%any]...2.2.2.2[%any]'];
const notInstalled: Edit = [/^ +tun-1\{2\}:.*\n/m, ''];
const libreswanDown: Edit = [/^000 #.*\n/m, ''];
const logged = (line: string): Edit => replaced('ike-log', 0, line);

const key = fixtureKey(1);
const spki = spkiOf(key);
const certificate = (
  subject: Uint8Array,
  dnsName: string,
  more: { readonly spki?: Uint8Array; readonly serial?: number } = {},
): string =>
  certificatePem(
    buildCertificate({
      subject,
      issuer: authorityName,
      spki: more.spki ?? spki,
      signKey: key,
      serialNumber: encodeInteger(more.serial ?? 2),
      notBefore: daysAfterCapture(-1),
      notAfter: daysAfterCapture(100),
      extensions: [subjectAltName(dnsName)],
    }),
  );
/** Not from today: what was captured stays of its day. */
const daysAfterCapture = (days: number): Uint8Array => encodeTime(new Date(capturedAt.getTime() + days * dayMs));
const authorityName = name(
  ['C', 'US', tag.printableString],
  ['ST', 'CA'],
  ['O', 'Open vSwitch'],
  ['OU', 'switchca'],
  ['CN', 'OVS switchca CA Certificate (2026 Nov 22 06:11:51)'],
);
const holds = (path: string, pem: string): Edit => replaced(`file:${path}`, 0, `certificate 644 root\n${pem.trim()}`);
/** A CRL of the number 3, that is good until so many days after the capture. */
const crlUntil = (days: number): string =>
  crlPem(
    buildCrl({
      issuer: authorityName,
      signKey: key,
      thisUpdate: daysAfterCapture(-20),
      nextUpdate: daysAfterCapture(days),
      extensions: [extension(oid.crlNumber, encodeInteger(3))],
    }),
  );
const hasCrl = (days: number, loaded: string): Edit => [
  /^answer end 0$/m,
  `answer file:/etc/keys/ovs-crl-0123456789abcdef.pem 0\ncrl 644 root\n${crlUntil(days)}\nanswer ike-crls 0\n${loaded}\nanswer end 0`,
];
const ecKey = loadKey(ecKeyFile('p256', 1));
/** The private key that belongs to it, as far as the answer tells. */
const keyOf = (owner: KeyObject): Edit =>
  replaced(`file:${keyFile}`, 0, `key 600 root PRIVATE-KEY\n${encodePem('PUBLIC KEY', spkiOf(owner)).trim()}`);
const psk: Edit = ['["remote_name","lab1-2"]', '["psk","swordfish"],["remote_name","lab1-2"]'];
const optionOf = (from: string, to: string): Edit => [from, to];

const withoutIpsec = replaced('ipsec-version', 127, 'there is no program ipsec');
const programs: readonly SickHost[] = [
  { id: 'openssl-missing', hosts: [[strongswan, without('openssl')]] },
  { id: 'python3-missing', hosts: [[strongswan, without('python3')]] },
  { id: 'iproute2-missing', hosts: [[strongswan, without('ip')]] },
  { id: 'certutil-missing', hosts: [[libreswan, without('certutil')]] },
  { id: 'pk12util-missing', hosts: [[libreswan, without('pk12util')]] },
  { id: 'crlutil-missing', hosts: [[libreswan]], crl: crlUntil(30), also: ['crl-behind'] },
  { id: 'open-vswitch-missing', hosts: [[strongswan, replaced('ovsdb', 127, 'there is no program ovs-vsctl')]] },
  {
    id: 'ovsdb-server-not-running',
    hosts: [
      [strongswan, replaced('ovsdb', 1, 'ovs-vsctl: unix:/var/run/openvswitch/db.sock: database connection failed')],
    ],
  },
  { id: 'ovs-vswitchd-not-running', hosts: [[strongswan, replaced('vswitchd', 1, '')]] },
  { id: 'ovs-monitor-ipsec-not-running', hosts: [[strongswan, replaced('monitor', 1, '')]] },
  { id: 'ike-daemon-missing', hosts: [[strongswan, withoutIpsec]] },
  { id: 'ike-starter-missing', hosts: [[strongswan, withoutIpsec, [/ ping flock/, ' ping flock swanctl']]] },
  { id: 'charon-missing', hosts: [[strongswan, replaced('ike-status', 3, '\n\nanswer ike-charon 1\n')]] },
  { id: 'ike-daemon-newer', hosts: [[strongswan, ['strongSwan U5.9.8', 'strongSwan U7.0.1']]] },
  { id: 'ike-daemon-not-running', hosts: [[strongswan, replaced('ike-status', 3, '')]] },
  {
    id: 'ike-daemon-differs',
    hosts: [[strongswan, ['--ike-daemon=strongswan', '--ike-daemon=libreswan']]],
    also: ['certutil-missing', 'pk12util-missing'],
  },
  { id: 'ike-port-closed', hosts: [[strongswan, replaced('listening', 0, '1194')]] },
  { id: 'gcm-plugin-missing', hosts: [[strongswan, [/(?<=loaded plugins:.*) (gcm|openssl|aesni)\b/, '']]] },
  { id: 'clock-skew', hosts: [[strongswan, replaced('time', 0, '1795329255')]] },
  { id: 'nss-folder-mismatch', hosts: [[libreswan, ['--ipsec-d\n/var/lib/ipsec/nss\n', '']]] },
];

const identities: readonly SickHost[] = [
  { id: 'identity-incomplete', hosts: [[strongswan, [`["private_key","${keyFile}"]`, '["x","y"]']]] },
  { id: 'file-missing', hosts: [[strongswan, replaced(`file:${keyFile}`, 1, '')]] },
  {
    id: 'file-unreadable',
    hosts: [[strongswan, replaced(`file:${keyFile}`, 2, `sed: can't read ${keyFile}: Permission denied`)]],
  },
  { id: 'file-wrong', hosts: [[strongswan, replaced(`file:${keyFile}`, 0, 'other 600 root')]] },
  { id: 'key-mismatch', hosts: [[strongswan, holds(certificateFile, certificate(hostName('lab1-1'), 'lab1-1'))]] },
  {
    id: 'key-encrypted',
    hosts: [[strongswan, replaced(`file:${keyFile}`, 0, 'unreadable-key 600 root ENCRYPTED-PRIVATE-KEY')]],
  },
  {
    id: 'key-not-rsa',
    hosts: [
      [
        strongswan,
        holds(certificateFile, certificate(hostName('lab1-1'), 'lab1-1', { spki: spkiOf(ecKey) })),
        keyOf(ecKey),
      ],
    ],
  },
  {
    id: 'certificate-expired',
    hosts: [[strongswan, replaced('time', 0, '2190000000')]],
    also: ['ca-expired', 'clock-skew'],
  },
  {
    id: 'certificate-not-yet-valid',
    hosts: [[strongswan, replaced('time', 0, '1795320000')]],
    also: ['ca-expired', 'clock-skew'],
  },
  { id: 'certificate-expires-soon', hosts: [[strongswan, replaced('time', 0, '2110000000')]], also: ['clock-skew'] },
  {
    id: 'ca-expired',
    hosts: [[strongswan, replaced('time', 0, '2190000000')]],
    also: ['certificate-expired', 'clock-skew'],
  },
  {
    id: 'certificate-of-other-ca',
    hosts: [[strongswan, holds(authorityFile, certificate(hostName('another'), 'another'))]],
    also: ['ca-not-loaded'],
  },
  {
    id: 'cn-san-mismatch',
    hosts: [[strongswan, holds(certificateFile, certificate(hostName('lab1-1'), 'other')), keyOf(key)]],
  },
  {
    id: 'cn-unreadable',
    hosts: [[strongswan, holds(certificateFile, certificate(name(['CN', 'lab1-1']), 'lab1-1')), keyOf(key)]],
  },
  {
    id: 'apparmor-place',
    hosts: [
      [
        strongswan,
        replaced('apparmor', 0, '/usr/lib/ipsec/charon (enforce)'),
        [/\/etc\/ipsec\.d\/private/, '/etc/keys'],
      ],
    ],
  },
];

const tunnels: readonly SickHost[] = [
  { id: 'psk-beside-certificate', hosts: [[strongswan, psk]] },
  { id: 'tunnel-invalid', hosts: [['libreswan-geneve-invalid']], also: ['connection-stale'] },
  { id: 'tunnel-not-taken-over', hosts: [['strongswan-marked']] },
  {
    id: 'port-not-made',
    hosts: [[strongswan, ['],1,["set",[]]]', '],-1,"could not add network device tun to ofproto (File exists)"]']]],
  },
  {
    id: 'local-ip-missing',
    hosts: [[libreswan, ['["local_ip","1.1.1.2"],', ''], replaced('default-route', 0, '')]],
  },
  { id: 'ike-not-listening', hosts: [[libreswan, ['interface eth0 UDP 1.1.1.2:500\n', '']]] },
  {
    id: 'local-ip-foreign',
    hosts: [[strongswan, replaced('addresses', 0, '2: eth0    inet 9.9.9.9/8 scope global eth0')]],
  },
  { id: 'remote-name-dangerous', hosts: [[strongswan, optionOf('["remote_name","lab1-2"]', '["remote_name","*"]')]] },
  {
    id: 'remote-name-dangerous',
    hosts: [[strongswan, optionOf('["remote_name","lab1-2"]', '["remote_name","@lab1-2"]')]],
  },
  { id: 'remote-cert-missing', hosts: [[selfSigned, replaced(`file:${certs}/self-lab1-2-cert.pem`, 1, '')]] },
  { id: 'acquire-pending', hosts: [['strongswan-vxlan-acquire']] },
];

const loaded: readonly SickHost[] = [
  {
    id: 'identity-not-taken-over',
    hosts: [[strongswan, ['Local cert:     /etc/ipsec.d/certs/ca-lab1-1', 'Local cert:     /etc/ipsec.d/certs/old']]],
  },
  { id: 'ca-not-loaded', hosts: [[strongswan, replaced('ike-cacerts', 0, '')]] },
  { id: 'ca-not-in-nss', hosts: [[libreswan, [/^answer nss:ovs_cert_cacert 0/m, 'answer nss:ovs_cert_cacert 255']]] },
  { id: 'certificate-not-loaded', hosts: [[strongswan, replaced('ike-certs', 0, '')]] },
  {
    id: 'certificate-not-loaded',
    hosts: [[libreswan, [/^answer nss:ovs_certkey_lab2-1 0/m, 'answer nss:ovs_certkey_lab2-1 255']]],
  },
  { id: 'certificate-in-use-differs', hosts: [[strongswan, ['  serial:    02', '  serial:    77']]] },
  { id: 'key-not-loaded', hosts: [[strongswan, [', has private key', '']]] },
  {
    id: 'connection-stale',
    hosts: [[libreswan, [/^000 "tun-1": .*$/m, '000 "tun-1": x; erouted\n000 "tun-0": x; unrouted']]],
  },
];

const crls: readonly SickHost[] = [
  { id: 'crl-behind', hosts: [[strongswan]], crl: crlUntil(30) },
  { id: 'crl-expired', hosts: [[strongswan, hasCrl(-1, '  serial:    03')]] },
  { id: 'crl-due', hosts: [[strongswan, hasCrl(3, '  serial:    03')]] },
  { id: 'crl-not-loaded', hosts: [[strongswan, hasCrl(30, '  serial:    02')]] },
  { id: 'crl-not-loaded', hosts: [[strongswan, hasCrl(30, '  serial:    02\n  serial:    03')]] },
  { id: 'crl-not-loaded', hosts: [[libreswan, hasCrl(30, '        Name: CRL Number\n        Data: 2 (0x2)')]] },
  { id: 'crl-due', hosts: [[libreswan, hasCrl(3, '        Name: CRL Number\n        Data: 3 (0x3)')]] },
];

const pairs: readonly SickHost[] = [
  {
    id: 'peer-end-missing',
    hosts: [[strongswan], [strongswanPeer, ['["remote_ip","1.1.1.1"]', '["remote_ip","9.9.9.9"]']]],
  },
  { id: 'auth-differs', hosts: [[strongswan], [strongswanPeer, ['["remote_name","lab1-1"]', '["psk","swordfish"]']]] },
  {
    id: 'psk-differs',
    hosts: [
      [strongswan, ['["remote_name","lab1-2"]', '["psk","swordfish"]']],
      [strongswanPeer, ['["remote_name","lab1-1"]', '["psk","swordfisch"]']],
    ],
    also: ['psk-beside-certificate'],
  },
  {
    id: 'remote-name-mismatch',
    hosts: [[strongswan, optionOf('["remote_name","lab1-2"]', '["remote_name","lab1-3"]')], [strongswanPeer]],
  },
  {
    id: 'remote-cert-differs',
    hosts: [
      [selfSigned, holds(`${certs}/self-lab1-2-cert.pem`, certificate(hostName('lab1-2'), 'lab1-2'))],
      [selfSignedPeer],
    ],
  },
  {
    id: 'ca-differs',
    hosts: [[strongswan, holds(authorityFile, certificate(hostName('another'), 'another'))], [strongswanPeer]],
    also: ['certificate-of-other-ca', 'ca-not-loaded'],
  },
  {
    id: 'ike-filtered',
    hosts: [
      [strongswan, isTried, notInstalled],
      [
        strongswanPeer,
        [/^ +tun-1\[\d+\]: ESTABLISHED .*$/m, '       tun-1[2]: CONNECTING, 2.2.2.2[%any]...1.1.1.1[%any]'],
        notInstalled,
      ],
    ],
  },
  {
    id: 'ike-filtered',
    hosts: [
      [strongswan, isTried, notInstalled, logged('10[IKE] retransmit 2 of request with message ID 0')],
      [strongswanPeer, [/^ +tun-1\[\d+\]: ESTABLISHED .*$/m, ''], notInstalled],
    ],
  },
  { id: 'esp-filtered', hosts: [[strongswan], [strongswanPeer, [/^\t {2}472\(bytes\)/m, '\t  0(bytes)']]] },
  {
    id: 'esp-filtered',
    hosts: [[libreswan], [libreswanPeer, [/^\t {2}\d+\(bytes\), \d+\(packets\)/m, '\t  0(bytes), 0(packets)']]],
  },
];

const logs: readonly SickHost[] = [
  {
    id: 'log-no-trusted-key',
    hosts: [[strongswan, down, logged("10[CFG] no trusted RSA public key found for 'lab1-2'")]],
  },
  {
    id: 'log-no-ca-in-nss',
    hosts: [
      [
        libreswan,
        libreswanDown,
        logged('"tun-1" #19: no Certificate Authority in NSS Certificate DB! certificate payloads discarded'),
      ],
    ],
  },
  {
    id: 'log-cannot-identify',
    hosts: [
      [libreswan, libreswanDown, logged('"tun-1": we cannot identify ourselves with either end of this connection')],
    ],
  },
  { id: 'log-no-proposal', hosts: [[strongswan, down, logged('05[IKE] received NO_PROPOSAL_CHOSEN notify error')]] },
  {
    id: 'log-authentication-failed',
    hosts: [
      [
        libreswan,
        libreswanDown,
        logged('"tun-1" #1: IKE SA authentication request rejected by peer: AUTHENTICATION_FAILED'),
      ],
    ],
  },
  {
    id: 'log-selectors',
    hosts: [
      [libreswan, libreswanDown, logged('"tun-in-1" #22: No IKEv2 connection found with compatible Traffic Selectors')],
    ],
  },
  { id: 'tunnel-down', hosts: [[strongswan, down]] },
  {
    id: 'tunnel-down',
    hosts: [
      [
        libreswan,
        libreswanDown,
        logged('"tun-1" #1: AUTHENTICATION_FAILED\n"tun-1" #2: responder established Child SA using #1'),
      ],
    ],
  },
];

const plaintext: readonly SickHost[] = [
  { id: 'drop-policy-missing', hosts: [[strongswan]], isUnguarded: true },
  {
    id: 'drop-policy-ineffective',
    hosts: [[libreswan, ['[["ca_cert",', '[["ipsec_skb_mark","0/1"],["ca_cert",']]],
    isUnguarded: true,
  },
  { id: 'tunnel-unknown', hosts: [[strongswan]], isWhole: true },
  { id: 'plaintext-tunnel', hosts: [[strongswan, ['["remote_name","lab1-2"]', '["key","7"]']]] },
];

export const sickHosts: readonly SickHost[] = [
  ...programs,
  ...identities,
  ...sickBridges,
  ...tunnels,
  ...loaded,
  ...crls,
  ...pairs,
  ...logs,
  ...plaintext,
];
