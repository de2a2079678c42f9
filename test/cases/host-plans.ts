/** What is wanted of host_1 and what is there; test/golden/host-plans.txt has what is to be done. */

import type { BridgeFact, InterfaceFact, PortFact } from '../../src/deploy/facts/ovsdb.js';

/** What is on the host; what is not said is as on one where nothing was done yet. */
export interface HostThere {
  readonly daemon?: 'strongswan' | 'libreswan';
  readonly otherConfig?: Readonly<Record<string, string>>;
  readonly bridges?: readonly (Partial<BridgeFact> & { readonly name: string })[];
  readonly ports?: readonly (Partial<PortFact> & { readonly name: string })[];
  readonly interfaces?: readonly (Partial<InterfaceFact> & { readonly name: string })[];
  /** Drop policies of ours. */
  readonly guards?: readonly (readonly [type: 'gre' | 'geneve' | 'vxlan' | 'stt', remoteIp: string])[];
  /** Files, links and pointers as an apply leaves them. */
  readonly identity?: 'old' | 'new' | 'selfSigned';
  /** The certificate of the self-signed peer host_2 is there. */
  readonly peerFile?: true;
  readonly addresses?: readonly string[];
  /** Where libreswan says that it listens. */
  readonly listensAt?: readonly string[];
  /** The file of a CA that was retired. */
  readonly retiredCa?: true;
}

export interface HostPlanCase {
  readonly title: string;
  /** YAML behind `version: 1`. */
  readonly fleet: string;
  readonly prune?: true;
  readonly there?: HostThere;
  readonly identity?: 'old' | 'new' | 'selfSigned' | 'enroll';
  readonly enrollsPeer?: true;
  /** Ports that get another PSK. */
  readonly psks?: readonly string[];
  readonly revokedPeers?: readonly string[];
}

const hosts = (first = '', second = ''): string =>
  `hosts:\n  host_1: {address: 1.1.1.1${first}}\n  host_2: {address: 2.2.2.2${second}}\n`;
const pair = (tunnel = '', first = '', second = ''): string =>
  `${hosts(first, second)}tunnels:\n  - {between: [host_1, host_2]${tunnel}}\n`;
const psk = (tunnel = '', first = '', second = ''): string => pair(`, auth: psk${tunnel}`, first, second);
const selfSigned = pair(', auth: self-signed');
const three = (tunnels: string, more = ''): string =>
  `hosts:\n  host_1: {address: 1.1.1.1}\n  host_2: {address: 2.2.2.2}\n  host_3: {address: 3.3.3.3}\n${more}tunnels:\n${tunnels}`;

const alone = `defaults: {auth: psk}\n${hosts()}`;

const secret = { reveal: () => 'a-secret' };
const marked = { 'ovs-pki-ts-peer': 'host_2' };
const ours = (options: Readonly<Record<string, string>> = {}): Partial<InterfaceFact> & { readonly name: string } => ({
  name: 'tun',
  type: 'gre',
  bridge: 'br-ipsec',
  options: { remote_ip: '2.2.2.2', local_ip: '1.1.1.1', ...options },
  externalIds: marked,
});
const pskTunnel = { ...ours(), psk: secret };
const made = { name: 'br-ipsec', externalIds: { 'ovs-pki-ts-made': 'true' } };
const bridge = { name: 'br-ipsec' };
const bond = { name: 'bond0', bridge: 'br-ipsec', interfaces: ['eth1', 'eth2'], isFakeBridge: false };
const guard = [['gre', '2.2.2.2']] as const;
const mark = { ipsec_skb_mark: '0/1' };
const pskHost: HostThere = { bridges: [made], interfaces: [pskTunnel], guards: guard, otherConfig: mark };
const caHost: HostThere = {
  ...{
    bridges: [made],
    interfaces: [ours({ remote_name: 'host_2' })],
    guards: guard,
    otherConfig: mark,
    identity: 'old',
  },
};

export const hostPlanCases: readonly HostPlanCase[] = [
  // Beginnings
  { title: 'a bare host, PSK', fleet: psk(), psks: ['tun'] },
  { title: 'a bare host, CA-signed', fleet: pair(), identity: 'new' },
  { title: 'a bare host that makes its key', fleet: pair(), identity: 'enroll' },
  { title: 'a bare host, self-signed', fleet: selfSigned, identity: 'selfSigned' },
  { title: 'a bare host, self-signed, both make their keys', fleet: selfSigned, identity: 'enroll', enrollsPeer: true },
  { title: 'an identity and no tunnel', fleet: hosts(), identity: 'new' },
  { title: 'a bare host of libreswan', fleet: pair(), there: { daemon: 'libreswan' }, identity: 'new' },
  {
    title: 'a libreswan that does not know its address yet',
    fleet: pair(),
    there: { daemon: 'libreswan', listensAt: ['2.2.2.2', '3.3.3.3'] },
    identity: 'new',
  },
  {
    title: 'folders of its own',
    fleet: pair('', ', places: {certs: /etc/keys/c, private: /etc/keys/p, cacerts: /etc/keys/a}'),
    there: { daemon: 'libreswan' },
    identity: 'new',
  },
  { title: 'a bridge address', fleet: psk('', ', bridge_address: 192.0.2.1/24'), psks: ['tun'] },
  { title: 'a bridge that is there', fleet: psk(), there: { bridges: [bridge] }, psks: ['tun'] },
  { title: 'another bridge', fleet: psk(', bridge: br-x'), psks: ['tun'] },
  { title: 'geneve', fleet: psk(', type: geneve'), psks: ['tun'] },
  { title: 'vxlan with a key', fleet: psk(', type: vxlan, options: {key: 7}'), psks: ['tun'] },
  { title: 'options of one end', fleet: psk('', ', options: {ipsec_ikelifetime: 1h}'), psks: ['tun'] },
  { title: 'a port with a name', fleet: psk(', port: to-2'), psks: ['to-2'] },
  { title: 'a host that no tunnel names', fleet: three('  - {between: [host_2, host_3], auth: psk}\n') },
  { title: 'plaintext: keep', fleet: psk('', ', plaintext: keep'), psks: ['tun'] },
  { title: 'plaintext: allow-unencrypted', fleet: psk('', ', plaintext: allow-unencrypted'), psks: ['tun'] },
  { title: 'plaintext: drop-marked', fleet: psk('', ', plaintext: drop-marked'), psks: ['tun'] },
  // Nothing to do
  { title: 'PSK, as it should be', fleet: psk(), there: pskHost },
  { title: 'CA-signed, as it should be', fleet: pair(), there: caHost, identity: 'old' },
  {
    title: 'self-signed, as it should be',
    fleet: selfSigned,
    there: { ...caHost, identity: 'selfSigned', peerFile: true, interfaces: [ours({ remote_cert: 'PEER' })] },
    identity: 'selfSigned',
  },
  {
    title: 'what an operator has set besides stays',
    fleet: psk(),
    there: {
      ...pskHost,
      interfaces: [{ ...pskTunnel, options: { ...pskTunnel.options, df_default: 'false', tos: 'inherit' } }],
    },
  },
  // Changes of a tunnel
  { title: 'another PSK', fleet: psk(), there: pskHost, psks: ['tun'] },
  {
    title: 'another address of the peer',
    fleet: psk('', '', '').replace('2.2.2.2', '2.2.2.9'),
    there: pskHost,
    psks: ['tun'],
  },
  {
    title: 'another address of its own',
    fleet: psk('').replace('1.1.1.1', '1.1.1.9'),
    there: { ...pskHost, addresses: ['1.1.1.9'] },
  },
  {
    title: 'another key of the tunnel',
    fleet: psk(', options: {key: 9}'),
    there: { ...pskHost, interfaces: [{ ...pskTunnel, options: { ...pskTunnel.options, key: '7' } }] },
  },
  { title: 'another bridge for a tunnel of ours', fleet: psk(', bridge: br-x'), there: pskHost },
  { title: 'another type', fleet: psk(', type: geneve'), there: pskHost, psks: ['tun_host_2'] },
  {
    title: 'another type under the same name, self-signed: the certificate of the peer stays',
    fleet: pair(', auth: self-signed, type: geneve, port: tun'),
    there: { ...caHost, identity: 'selfSigned', peerFile: true, interfaces: [ours({ remote_cert: 'PEER' })] },
    identity: 'selfSigned',
  },
  { title: 'another name by the operator', fleet: psk(', port: to-2'), there: pskHost, psks: ['to-2'] },
  { title: 'PSK to certificates', fleet: pair(), there: pskHost, identity: 'new' },
  { title: 'certificates to PSK', fleet: psk(), there: caHost, psks: ['tun'] },
  { title: 'CA-signed to self-signed', fleet: selfSigned, there: caHost, identity: 'selfSigned' },
  {
    title: 'self-signed to CA-signed',
    fleet: pair(),
    there: { ...caHost, identity: 'selfSigned', peerFile: true, interfaces: [ours({ remote_cert: 'PEER' })] },
    identity: 'new',
  },
  {
    title: 'an option that the inventory does not have',
    fleet: psk(),
    there: { ...pskHost, interfaces: [{ ...pskTunnel, options: { ...pskTunnel.options, dst_port: '4790' } }] },
  },
  // Renewal
  { title: 'a renewed certificate', fleet: pair(), there: caHost, identity: 'new' },
  { title: 'a renewal on the host', fleet: pair(), there: caHost, identity: 'enroll' },
  {
    title: 'a renewal on the host, after a rollover',
    fleet: pair(),
    there: { ...caHost, retiredCa: true },
    identity: 'enroll',
  },
  { title: 'CA-signed to self-signed, with a new key', fleet: selfSigned, there: caHost, identity: 'enroll' },
  {
    title: 'a renewed certificate, no tunnel',
    fleet: hosts(),
    there: { identity: 'old', otherConfig: mark },
    identity: 'new',
  },
  {
    title: 'a renewed self-signed certificate of the peer',
    fleet: selfSigned,
    there: {
      ...caHost,
      identity: 'selfSigned',
      interfaces: [ours({ remote_cert: '/etc/ipsec.d/certs/ovs-host_2-00-cert.pem' })],
    },
    identity: 'selfSigned',
  },
  { title: 'a peer that was revoked', fleet: pair(), there: caHost, identity: 'old', revokedPeers: ['host_2'] },
  { title: 'a CA that was retired', fleet: pair(), there: { ...caHost, retiredCa: true }, identity: 'old' },
  // A fleet that changes
  {
    title: 'a third host in a mesh',
    fleet: three('  - {mesh: [host_1, host_2, host_3], auth: psk}\n'),
    there: pskHost,
    psks: ['tun_host_3'],
  },
  {
    title: 'a chain',
    fleet: three('  - {between: [host_1, host_2], auth: psk}\n  - {between: [host_2, host_3], auth: psk}\n'),
    there: pskHost,
  },
  {
    title: 'hub in the middle',
    fleet: three('  - {hub: host_1, spokes: [host_2, host_3], auth: psk}\n'),
    psks: ['tun_host_2', 'tun_host_3'],
  },
  { title: 'spoke', fleet: three('  - {hub: host_2, spokes: [host_1, host_3], auth: psk}\n'), psks: ['tun'] },
  {
    title: 'a ring that is no mesh',
    fleet: three('  - {mesh: [host_1, host_2, host_3], auth: psk}\n', 'defaults: {loop_protection: rstp}\n'),
    psks: ['tun_host_2', 'tun_host_3'],
  },
  {
    title: 'loop protection that is kept away',
    fleet: three('  - {mesh: [host_1, host_2, host_3], auth: psk}\n', 'defaults: {loop_protection: keep}\n'),
    psks: ['tun_host_2', 'tun_host_3'],
  },
  { title: 'a tunnel that the inventory has no longer', fleet: alone, there: pskHost },
  { title: 'the same with --prune', fleet: alone, there: pskHost, prune: true },
  {
    title: 'a host that was taken out',
    fleet: 'defaults: {auth: psk}\nhosts:\n  host_1: {address: 1.1.1.1}\nremoved: [host_2]\n',
    there: pskHost,
  },
  { title: 'a renamed peer', fleet: psk().replaceAll('host_2', 'host_9'), there: pskHost },
  {
    title: 'a mesh that shrinks to a pair',
    fleet: psk(),
    there: {
      ...pskHost,
      interfaces: [
        { ...pskTunnel, name: 'tun_host_2' },
        {
          ...pskTunnel,
          name: 'tun_host_3',
          options: { remote_ip: '3.3.3.3', local_ip: '1.1.1.1' },
          externalIds: { 'ovs-pki-ts-peer': 'host_3' },
        },
      ],
    },
    prune: true,
  },
  // What others have
  {
    title: 'a tunnel by hand as in the tutorial',
    fleet: psk(),
    there: { bridges: [bridge], interfaces: [{ ...pskTunnel, options: { remote_ip: '2.2.2.2' }, externalIds: {} }] },
  },
  {
    title: 'an unencrypted tunnel by hand',
    fleet: psk(),
    there: { bridges: [bridge], interfaces: [{ ...ours(), name: 'gre0', externalIds: {} }] },
    psks: ['tun'],
  },
  {
    title: 'an unencrypted tunnel to somebody else',
    fleet: psk(),
    there: {
      bridges: [bridge],
      interfaces: [{ ...ours(), name: 'vx', type: 'vxlan', options: { remote_ip: '9.9.9.9' }, externalIds: {} }],
    },
    psks: ['tun'],
  },
  {
    title: 'the port is a tunnel to somebody else',
    fleet: psk(', port: tun'),
    there: { bridges: [bridge], interfaces: [{ ...pskTunnel, options: { remote_ip: '9.9.9.9' }, externalIds: {} }] },
  },
  {
    title: 'the port is a network card',
    fleet: psk(', port: eth1'),
    there: { bridges: [bridge], interfaces: [{ name: 'eth1', bridge: 'br-ipsec' }] },
    psks: ['eth1'],
  },
  {
    title: 'the port is on another bridge',
    fleet: psk(', port: tun'),
    there: { bridges: [bridge, { name: 'br-x' }], interfaces: [{ ...pskTunnel, bridge: 'br-x', externalIds: {} }] },
  },
  {
    title: 'a PSK tunnel beside certificates',
    fleet: pair(),
    there: {
      bridges: [bridge],
      interfaces: [{ ...pskTunnel, name: 'other', options: { remote_ip: '9.9.9.9' }, externalIds: {} }],
    },
    identity: 'new',
  },
  {
    title: 'a certificate beside a PSK tunnel',
    fleet: psk(),
    there: { identity: 'old', otherConfig: { certificate: '/etc/my.pem' } },
    psks: ['tun'],
  },
  { title: 'an address that the host has not', fleet: psk(), there: { addresses: ['9.9.9.9'] }, psks: ['tun'] },
  {
    title: 'a bridge of the userspace datapath',
    fleet: psk(),
    there: { bridges: [{ ...bridge, datapathType: 'netdev' }] },
    psks: ['tun'],
  },
  {
    title: 'a VLAN bridge',
    fleet: psk(', bridge: br-v'),
    there: { bridges: [bridge], ports: [{ name: 'br-v', bridge: 'br-ipsec', isFakeBridge: true, tag: 5 }] },
    psks: ['tun'],
  },
  {
    title: 'the bridge is a network card of another bridge',
    fleet: psk(', bridge: eth1'),
    there: { bridges: [bridge], interfaces: [{ name: 'eth1', bridge: 'br-ipsec' }] },
    psks: ['tun'],
  },
  {
    title: 'the bridge is a link of a bond',
    fleet: psk(', bridge: eth1'),
    there: { bridges: [bridge], ports: [bond] },
    psks: ['tun'],
  },
  {
    title: 'the bridge is a bond',
    fleet: psk(', bridge: bond0'),
    there: { bridges: [bridge], ports: [bond] },
    psks: ['tun'],
  },
  {
    title: 'the port is a bond',
    fleet: psk(', port: bond0'),
    there: { bridges: [bridge], ports: [bond] },
    psks: ['bond0'],
  },
  {
    title: 'the port is a VLAN bridge',
    fleet: psk(', port: br-v'),
    there: {
      bridges: [bridge],
      ports: [{ name: 'br-v', bridge: 'br-ipsec', interfaces: ['br-v'], isFakeBridge: true, tag: 5 }],
      interfaces: [{ name: 'br-v', type: 'internal', bridge: 'br-ipsec' }],
    },
    psks: ['br-v'],
  },
  {
    title: 'a bridge of the userspace datapath with a tunnel of ours',
    fleet: psk(),
    there: { ...pskHost, bridges: [{ ...made, datapathType: 'netdev' }] },
  },
  {
    title: 'a bridge of the userspace datapath that no tunnel is on',
    fleet: psk(),
    there: { bridges: [bridge, { name: 'br-dpdk', datapathType: 'netdev' }] },
    psks: ['tun'],
  },
  {
    title: 'drop policies of tunnels that are gone',
    fleet: psk(),
    there: {
      ...pskHost,
      guards: [
        ['gre', '2.2.2.2'],
        ['gre', '7.7.7.7'],
      ],
    },
  },
  {
    title: 'a mark of ours before a tunnel of others',
    fleet: psk(),
    there: {
      ...pskHost,
      interfaces: [
        pskTunnel,
        { ...ours(), name: 'vx', type: 'vxlan', options: { remote_ip: '9.9.9.9' }, externalIds: {} },
      ],
    },
  },
  {
    title: 'a host that would make an EC key',
    fleet: pair('', ', key: ec-p256, ike_daemon: libreswan'),
    there: { daemon: 'libreswan' },
    identity: 'enroll',
  },
];
