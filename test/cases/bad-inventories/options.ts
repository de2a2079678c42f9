/** Options of tunnels. */

import { type BadInventory, host, tunnel } from './inventory.js';

export const options: readonly BadInventory[] = [
  {
    title: 'a program that ipsec would run',
    text: `${tunnel}    options:\n      ipsec_leftupdown: /bin/reboot\n`,
    says: [
      '8: tunnels[0].options.ipsec_leftupdown: is not an option that can be set: most settings of ipsec.conf could switch authentication or encryption off, or run programs as root',
    ],
  },
  {
    title: 'authentication switched off',
    text: `${tunnel}    options: {ipsec_authby: never, ipsec_type: passthrough}\n`,
    says: [
      '7: tunnels[0].options.ipsec_authby: is not an option that can be set: most settings of ipsec.conf could switch authentication or encryption off, or run programs as root',
      '7: tunnels[0].options.ipsec_type: is not an option that can be set: most settings of ipsec.conf could switch authentication or encryption off, or run programs as root',
    ],
  },
  {
    title: 'an option that is nearly one',
    text: `${tunnel}    options: {ipsec_ikelifetme: 8h}\n`,
    says: ['7: tunnels[0].options.ipsec_ikelifetme: is not an option that can be set; did you mean ipsec_ikelifetime?'],
  },
  {
    title: 'an option that goes over two lines',
    text: `${tunnel}    options:\n      ipsec_ikelifetime: "8h\\n  leftupdown=reboot"\n`,
    says: [
      '8: tunnels[0].options.ipsec_ikelifetime: must be a time such as 3600s, 30m, 8h or 1d, not "8h\\n  leftupdown=reboot"',
    ],
  },
  {
    title: 'encryption with nothing',
    text: `${tunnel}    options: {ipsec_esp: aes256-null-sha256, ipsec_phase2alg: aes256gmac}\n`,
    says: [
      '7: tunnels[0].options.ipsec_esp: must be proposals of the IKE daemon with encryption that is one (no null, no GMAC, no single DES), not "aes256-null-sha256"',
      '7: tunnels[0].options.ipsec_phase2alg: must be proposals of the IKE daemon with encryption that is one (no null, no GMAC, no single DES), not "aes256gmac"',
    ],
  },
  {
    title: 'another port of UDP',
    text: `${tunnel}    type: vxlan\n    options: {dst_port: 4790}\n`,
    says: [
      '8: tunnels[0].options.dst_port: is not an option that can be set: the policies of ovs-monitor-ipsec are for the standard port, so packets to another one would not be encrypted',
    ],
  },
  {
    title: 'a mark that gets past the drop policy',
    text: `${tunnel}    options: {egress_pkt_mark: 1}\n`,
    says: [
      '7: tunnels[0].options.egress_pkt_mark: is not an option that can be set: packets with a mark get past the policy that drops what is not encrypted',
    ],
  },
  {
    title: 'an address among the options',
    text: `${tunnel}    options: {remote_ip: flow}\n`,
    says: [
      '7: tunnels[0].options.remote_ip: is not an option that can be set: the addresses of a tunnel are those of its hosts: hosts.NAME.address',
    ],
  },
  {
    title: 'an option of another type',
    text: `${tunnel}    options: {exts: gbp}\n`,
    says: ['7: tunnels[0].options.exts: is an option of vxlan tunnels, not of gre'],
  },
  {
    title: 'a key that is too large',
    text: `${tunnel}    type: geneve\n    options: {key: 16777216}\n`,
    says: ['8: tunnels[0].options.key: a key of a geneve tunnel has at most 24 bits'],
  },
  {
    title: 'a key that numbers cannot hold',
    text: `${tunnel}    type: stt\n    options: {key: 9007199254740993}\n`,
    says: ['8: tunnels[0].options.key: must be a number from 0 on, or flow, not 9007199254740992'],
  },
  {
    title: 'keys that do not meet',
    text: `${tunnel}    options: {in_key: 1, out_key: 2}\n`,
    says: [
      '7: tunnels[0].options.in_key: in_key and out_key must be the same, for what one end sends the other receives; use key',
    ],
  },
  {
    title: 'half a key',
    text: `${tunnel}    options: {in_key: 1}\n`,
    says: [
      '7: tunnels[0].options.in_key: in_key and out_key must be the same, for what one end sends the other receives; use key',
    ],
  },
  {
    title: 'a key three times',
    text: `${tunnel}    options: {key: 1, in_key: 1, out_key: 1}\n`,
    says: ['7: tunnels[0].options.in_key: key sets in_key and out_key already'],
  },
  {
    title: 'a key at a host',
    text: host('options: {key: 1}'),
    says: ['4: hosts.a.options.key: belongs into the options of the tunnel, because both ends must agree on it'],
  },
  {
    title: 'an option that strongSwan does not know',
    text: `${tunnel.replace('}', ', ike_daemon: strongswan}')}    options: {ipsec_encapsulation: yes}\n`,
    says: [
      '7: tunnels[0].options.ipsec_encapsulation: is known to libreswan only, and this host has strongswan; set it at the hosts that have libreswan',
    ],
  },
  {
    title: 'an option of the defaults that libreswan does not know',
    text: `defaults: {options: {ipsec_forceencaps: yes}}\n${tunnel.replace('}', ', ike_daemon: libreswan}')}`,
    says: [
      '1: defaults.options.ipsec_forceencaps: is known to strongswan only, and this host has libreswan; set it at the hosts that have strongswan',
    ],
  },
  {
    title: 'an option that is a list',
    text: `${tunnel}    options: {ttl: [64]}\n`,
    says: ['7: tunnels[0].options.ttl: must be inherit, or a number from 0 to 255, not a list'],
  },
  {
    title: 'options without values',
    text: `${tunnel}    options:\n      ttl:\n`,
    says: ['8: tunnels[0].options.ttl: is empty; it must be inherit, or a number from 0 to 255'],
  },
];
