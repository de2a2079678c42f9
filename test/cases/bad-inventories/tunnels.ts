/** Tunnels, and what their hosts have to agree on. */

import { type BadInventory, three, tunnel, two } from './inventory.js';

export const tunnels: readonly BadInventory[] = [
  {
    title: 'a type that is nearly one',
    text: `${tunnel}    type: vxlna\n`,
    says: ['7: tunnels[0].type: must be one of gre, geneve, vxlan, stt, not "vxlna"; did you mean vxlan?'],
  },
  {
    title: 'authentication that is none',
    text: `${tunnel}    auth: none\n`,
    says: ['7: tunnels[0].auth: must be one of ca-signed, self-signed, psk, not "none"'],
  },
  {
    title: 'a port with a long name',
    text: `${tunnel}    port: tunnel_to_host_1\n`,
    says: [
      '7: tunnels[0].port: must be 1 to 15 letters, digits, dots, underscores or hyphens, the first a letter or digit, not "tunnel_to_host_1"',
    ],
  },
  {
    title: 'a port with a newline',
    text: `${tunnel}    port: "tun\\nx"\n`,
    says: [
      '7: tunnels[0].port: must be 1 to 15 letters, digits, dots, underscores or hyphens, the first a letter or digit, not "tun\\nx"',
    ],
  },
  {
    title: 'a port with the name of the bridge',
    text: `${tunnel}    port: br-ipsec\n`,
    says: [
      '6: tunnels[0]: br-ipsec on a is a bridge already; give port another name',
      '6: tunnels[0]: br-ipsec on b is a bridge already; give port another name',
    ],
  },
  {
    title: 'a tunnel of nothing',
    text: `${two}tunnels:\n  - type: gre\n`,
    says: ['6: tunnels[0]: names no hosts: give between, mesh, or hub and spokes'],
  },
  {
    title: 'a tunnel that is a list',
    text: `${two}tunnels:\n  - [a, b]\n`,
    says: ['6: tunnels[0]: must be a map (name: value), not a list'],
  },
  {
    title: 'two forms in one tunnel',
    text: `${tunnel}    mesh: [a, b]\n`,
    says: [
      '6: tunnels[0]: has between and mesh; make a tunnel of each',
      '7: tunnels[0].mesh[0]: a is named twice, and a tunnel goes to another host',
      '7: tunnels[0].mesh[1]: b is named twice, and a tunnel goes to another host',
    ],
  },
  {
    title: 'a hub without spokes',
    text: `${two}tunnels:\n  - hub: a\n`,
    says: ['6: tunnels[0]: has a hub and no spokes'],
  },
  {
    title: 'spokes without a hub',
    text: `${tunnel}    spokes: [b]\n`,
    says: [
      '7: tunnels[0].spokes: goes with hub, not with between',
      '7: tunnels[0].spokes[0]: b is named twice, and a tunnel goes to another host',
    ],
  },
  {
    title: 'a tunnel of one host',
    text: `${two}tunnels:\n  - between: [a]\n`,
    says: ['6: tunnels[0].between: needs at least 2 hosts'],
  },
  {
    title: 'a tunnel of three hosts',
    text: `${three}  - between: [a, b, c]\n`,
    says: ['7: tunnels[0].between: names two hosts; for more, use mesh'],
  },
  {
    title: 'a tunnel to itself',
    text: `${two}tunnels:\n  - between: [a, a]\n`,
    says: ['6: tunnels[0].between[1]: a is named twice, and a tunnel goes to another host'],
  },
  {
    title: 'a hub among its spokes',
    text: `${two}tunnels:\n  - hub: a\n    spokes: [b, a]\n`,
    says: ['6: tunnels[0].hub: a is named twice, and a tunnel goes to another host'],
  },
  {
    title: 'a host that does not exist',
    text: `${two}tunnels:\n  - between:\n      - a\n      - hostB\n`,
    says: ['8: tunnels[0].between[1]: "hostB" is not among hosts'],
  },
  {
    title: 'a host whose name is nearly right',
    text: `${two.replaceAll('a:', 'host_1:')}tunnels:\n  - between: [host-1, b]\n`,
    says: ['6: tunnels[0].between[0]: "host-1" is not among hosts; did you mean host_1?'],
  },
  {
    title: 'a number for the name of a host',
    text: `${two}tunnels:\n  - between: [1, b]\n`,
    says: [
      '6: tunnels[0].between[0]: must be the name of a host, not 1, which YAML reads as a number: put it in quotes',
    ],
  },
  {
    title: 'a host without address in a tunnel',
    text: tunnel.replace('{address: 203.0.113.2}', '{}'),
    says: ['4: hosts.b: needs an address, for it is in tunnels[0]'],
  },
  {
    title: 'two hosts with one address',
    text: tunnel.replace('203.0.113.2', '203.0.113.1'),
    says: ['6: tunnels[0]: a and b have the same address, 203.0.113.1'],
  },
  {
    title: 'two hosts with one address in two spellings',
    text: tunnel.replace('203.0.113.1', '"2001:db8::1"').replace('203.0.113.2', '"2001:DB8:0::1"'),
    says: ['6: tunnels[0]: a and b have the same address, 2001:db8::1'],
  },
  {
    title: 'IPv4 at one end and IPv6 at the other',
    text: tunnel.replace('203.0.113.2', '"2001:db8::1"'),
    says: ['6: tunnels[0]: one end has an IPv4 and the other an IPv6 address: a 203.0.113.1, b 2001:db8::1'],
  },
  {
    title: 'gre over IPv6',
    text: tunnel.replace('203.0.113.1', '"2001:db8::1"').replace('203.0.113.2', '"2001:db8::2"'),
    says: ['6: tunnels[0]: gre goes over IPv4 only, and a has 2001:db8::1: take geneve or vxlan'],
  },
  {
    title: 'two hosts with one bridge address',
    text: tunnel.replaceAll('}', ', bridge_address: 192.0.0.1/24}'),
    says: ['4: hosts.b.bridge_address: 192.0.0.1 is the bridge address of a too'],
  },
  {
    title: 'a bridge with the address of the tunnel',
    text: tunnel.replace('}', ', bridge_address: 203.0.113.1/24}'),
    says: ['3: hosts.a.bridge_address: is the address that its tunnels start from; the bridge needs one of its own'],
  },
  {
    title: 'a bridge address for none of several bridges',
    text: `${three.replace('}', ', bridge_address: 192.0.0.1/24}')}  - {between: [a, b], bridge: br0}\n  - {between: [a, c], bridge: br1}\n`,
    says: ['3: hosts.a.bridge_address: is for br-ipsec, which none of its tunnels is on; say which one with bridge'],
  },
  {
    title: 'a tunnel twice',
    text: `${tunnel}  - between: [b, a]\n`,
    says: ['7: tunnels[1]: b has a gre tunnel to 203.0.113.1 (a) already, in tunnels[0]'],
  },
  {
    title: 'a tunnel in a pair and in a mesh',
    text: `${three}  - between: [a, b]\n  - mesh: [a, b, c]\n`,
    says: ['8: tunnels[1]: a has a gre tunnel to 203.0.113.2 (b) already, in tunnels[0]'],
  },
  {
    title: 'two tunnels to one address',
    text: `${three.replace('203.0.113.3', '203.0.113.2')}  - hub: a\n    spokes: [b, c]\n`,
    says: ['7: tunnels[0]: a has a gre tunnel to 203.0.113.2 (b) already, in tunnels[0]'],
  },
  {
    title: 'a port twice',
    text: `${three}  - {between: [a, b], port: tun}\n  - {between: [a, c], port: tun}\n`,
    says: ['8: tunnels[1]: tun on a is the port of its tunnel to b already; give port another name'],
  },
  {
    title: 'a pre-shared key beside certificates',
    text: `${three}  - {between: [a, b], auth: psk}\n  - between: [a, c]\n`,
    says: [
      '8: tunnels[1]: a has psk (tunnels[0]) and ca-signed tunnels, and Open vSwitch refuses pre-shared keys on a host that has a certificate, and sends such a tunnel unencrypted',
    ],
  },
  {
    title: 'certificates of both kinds',
    text: `${three}  - {between: [a, b], auth: self-signed}\n  - between: [a, c]\n`,
    says: [
      '8: tunnels[1]: a has self-signed (tunnels[0]) and ca-signed tunnels, and a host has one certificate, and it is either self-signed or signed by the CA',
    ],
  },
  {
    title: 'a pre-shared key in the inventory',
    text: `${tunnel}    psk: swordfish\n`,
    says: [
      '7: tunnels[0].psk: is not known here; known are between, mesh, hub, spokes, type, auth, bridge, port, psk_file, initiates, options',
    ],
  },
  {
    title: 'a pre-shared key among the options',
    text: `${tunnel}    options: {psk: swordfish}\n`,
    says: [
      '7: tunnels[0].options.psk: is not an option that can be set: a secret does not belong into this file; psk_file names the file that has it',
    ],
  },
  {
    title: 'a file of a pre-shared key, and certificates',
    text: `${tunnel}    psk_file: key\n`,
    says: ['7: tunnels[0].psk_file: goes with auth: psk, and this tunnel is ca-signed'],
  },
  {
    title: 'one pre-shared key for a mesh',
    text: `${three}  - {mesh: [a, b, c], auth: psk, psk_file: key}\n`,
    says: [
      '7: tunnels[0].psk_file: goes with between only: hosts that share one key can pass for each other; without it each pair gets its own',
    ],
  },
  {
    title: 'two pre-shared keys between two hosts',
    text: `${two}tunnels:\n  - {between: [a, b], auth: psk}\n  - {between: [a, b], auth: psk, type: geneve}\n`,
    says: [
      '7: tunnels[1]: a and b have one pre-shared key for all tunnels: name the same psk_file here and in tunnels[0]',
    ],
  },
  {
    title: 'one port for a mesh',
    text: `${three}  - {mesh: [a, b, c], port: tun}\n`,
    says: ['7: tunnels[0].port: goes with between only: each tunnel of a host needs a port of its own'],
  },
  {
    title: 'an initiator that is not there',
    text: `${three}  - {between: [a, b], initiates: c}\n`,
    says: ['7: tunnels[0].initiates: is one of the two: a or b'],
  },
];
