/** Inventories that are refused, and everything that is said about each: line, place and words. */

export interface BadInventory {
  readonly title: string;
  readonly text: string;
  /** Lines of the message, without the name of the file. */
  readonly says: readonly string[];
}

const two = `version: 1
hosts:
  a: {address: 203.0.113.1}
  b: {address: 203.0.113.2}
`;
const tunnel = `${two}tunnels:
  - between: [a, b]
`;
const three = `version: 1
hosts:
  a: {address: 203.0.113.1}
  b: {address: 203.0.113.2}
  c: {address: 203.0.113.3}
tunnels:
`;
/** One host, with a field in line 4. */
const host = (field: string): string => `version: 1\nhosts:\n  a:\n    ${field}\n`;

/** Eight lines that stand for a hundred million words. */
const bomb = [
  'version: 1',
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...[...'bcdefgh'].map(
    (name, index) =>
      `${name}: &${name} [${Array(10)
        .fill(`*${'abcdefgh'.charAt(index)}`)
        .join(', ')}]`,
  ),
  '',
].join('\n');

export const badInventories: readonly BadInventory[] = [
  { title: 'an empty file', text: '', says: ['1: is empty'] },
  { title: 'only comments', text: '# nothing\n', says: ['1: is empty'] },
  { title: 'a list', text: '- a\n- b\n', says: ['1: must be a map (name: value), not a list'] },
  { title: 'text', text: 'hello', says: ['1: must be a map with version, hosts and tunnels, not "hello"'] },
  { title: 'no version', text: 'hosts:\n  a: {}\n', says: ['1: version: is missing'] },
  { title: 'another version', text: two.replace('version: 1', 'version: 2'), says: ['1: version: must be 1, not 2'] },
  {
    title: 'a version in quotes',
    text: two.replace('version: 1', 'version: "1"'),
    says: ['1: version: must be 1, not "1"'],
  },
  { title: 'no hosts', text: 'version: 1\n', says: ['1: hosts: is missing'] },
  {
    title: 'hosts that are empty',
    text: 'version: 1\nhosts:\n',
    says: ['2: hosts: is empty; it must be a map of hosts by their names'],
  },
  { title: 'a map of no hosts', text: 'version: 1\nhosts: {}\n', says: ['2: hosts: has no host'] },
  {
    title: 'hosts as a list',
    text: 'version: 1\nhosts:\n  - a\n  - b\n',
    says: ['2: hosts: must be a map (name: value), not a list'],
  },
  {
    title: 'a key that is nearly one',
    text: `${two}tunels: []\n`,
    says: ['5: tunels: is not known here; did you mean tunnels?'],
  },
  {
    title: 'a key of a host that is nearly one',
    text: host('adress: 203.0.113.1'),
    says: ['4: hosts.a.adress: is not known here; did you mean address?'],
  },
  {
    title: 'several unknown keys, all of them told',
    text: host('colour: red\n    size: 5\n    bridge-address: 192.0.0.1/24'),
    says: [
      '4: hosts.a.colour: is not known here; known are ssh, address, bridge, bridge_address, ike_daemon, plaintext, days, key, options, places',
      '5: hosts.a.size: is not known here; known are ssh, address, bridge, bridge_address, ike_daemon, plaintext, days, key, options, places',
      '6: hosts.a.bridge-address: is not known here; did you mean bridge_address?',
    ],
  },
  {
    title: 'a key twice',
    text: host('address: 203.0.113.1\n    address: 203.0.113.2'),
    says: ['5: "address" is there twice'],
  },
  { title: 'a host twice', text: `${two}  a: {address: 203.0.113.3}\n`, says: ['5: "a" is there twice'] },
  { title: 'two documents', text: `${two}---\n${two}`, says: ['5: has more than one document; take the line --- out'] },
  {
    title: 'a tag of a program',
    text: host('address: !!js/function "x"'),
    says: ['4: the tag tag:yaml.org,2002:js/function is not read here'],
  },
  {
    title: 'a tag of a kind of data',
    text: host('address: !!binary aGVsbG8='),
    says: ['4: the tag tag:yaml.org,2002:binary is not read here'],
  },
  { title: 'a tag of its own', text: host('address: !secret x'), says: ['4: the tag !secret is not read here'] },
  {
    title: 'an alias of nothing',
    text: host('address: *nowhere'),
    says: ['4: *nowhere is an alias, and there is no &nowhere above it'],
  },
  { title: 'an alias of itself', text: 'version: 1\nhosts: &h\n  a: *h\n', says: ['3: *h stands inside itself'] },
  {
    title: 'aliases of aliases of aliases',
    text: bomb,
    says: ['1: has aliases that together stand for more than is read here'],
  },
  {
    title: 'lists in lists in lists',
    text: `version: ${'['.repeat(100_000)}`,
    says: ['1: has too many lists or maps inside of each other'],
  },
  {
    title: 'a merge key',
    text: host('<<: {address: 203.0.113.1}'),
    says: [
      '4: hosts.a."<<": is not known here; known are ssh, address, bridge, bridge_address, ike_daemon, plaintext, days, key, options, places',
    ],
  },
  {
    title: 'broken indentation',
    text: `${two}tunnels:\n - between: [a, b]\n   type: gre\n  port: tun\n`,
    says: ['8: Sequence item without - indicator'],
  },
  {
    title: 'a bracket without its other half',
    text: `${two}tunnels:\n  - between: [a, b\n`,
    says: ['7: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
  { title: 'tabs', text: 'version: 1\nhosts:\n\ta: {}\n', says: ['3: Tabs are not allowed as indentation'] },
  {
    title: 'a host without its fields',
    text: 'version: 1\nhosts:\n  a:\n',
    says: ['3: hosts.a: is empty; it must be a map such as {address: 203.0.113.1}'],
  },
  {
    title: 'a name that IKE daemons take for an address',
    text: 'version: 1\nhosts:\n  192.0.2.1: {}\n',
    says: [
      '3: hosts.192.0.2.1: a name in the form of an IP address is taken for the address, not for a name, by the IKE daemons',
    ],
  },
  {
    title: 'a name that strongSwan takes for anyone',
    text: 'version: 1\nhosts:\n  "%any": {}\n',
    says: ['3: hosts."%any": a name may hold only letters, digits, dot, underscore and hyphen (A-Z a-z 0-9 . _ -)'],
  },
  {
    title: 'a name with a newline',
    text: 'version: 1\nhosts:\n  "a\\n  leftupdown=reboot": {}\n',
    says: [
      '3: hosts."a\\n  leftupdown=reboot": a name may hold only letters, digits, dot, underscore and hyphen (A-Z a-z 0-9 . _ -)',
    ],
  },
  {
    title: 'a name that is too long',
    text: `version: 1\nhosts:\n  ${'a'.repeat(65)}: {}\n`,
    says: [
      '3: hosts."aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…": a name has at most 64 characters, not 65',
    ],
  },
  {
    title: 'names that objects have anyway',
    text: 'version: 1\nhosts:\n  __proto__: {}\n  constructor: {}\n',
    says: ['3: hosts.__proto__: cannot be used as a name', '4: hosts.constructor: cannot be used as a name'],
  },
  {
    title: 'an address that is a number',
    text: host('address: 10.0'),
    says: ['4: hosts.a.address: must be an IP address, not 10, which YAML reads as a number: put it in quotes'],
  },
  {
    title: 'a name as an address',
    text: host('address: host.example.org'),
    says: ['4: hosts.a.address: "host.example.org" is not an IPv4 or IPv6 address (Open vSwitch takes no names here)'],
  },
  {
    title: 'an address with a zero in front',
    text: host('address: 203.0.113.01'),
    says: ['4: hosts.a.address: "203.0.113.01" is not an IPv4 or IPv6 address'],
  },
  {
    title: 'any address',
    text: host('address: 0.0.0.0'),
    says: [
      '4: hosts.a.address: "0.0.0.0" is what the IKE daemons take for any address, and a tunnel needs the address of one host',
    ],
  },
  {
    title: 'any IPv6 address',
    text: host('address: 0:0::0'),
    says: [
      '4: hosts.a.address: "0:0::0" is what the IKE daemons take for any address, and a tunnel needs the address of one host',
    ],
  },
  {
    title: 'a loopback address',
    text: host('address: 127.0.0.1'),
    says: [
      '4: hosts.a.address: "127.0.0.1" is the address by which a host reaches itself, and a tunnel needs the address of one host',
    ],
  },
  {
    title: 'a multicast address',
    text: host('address: ff02::1'),
    says: ['4: hosts.a.address: "ff02::1" is a multicast address, and a tunnel needs the address of one host'],
  },
  {
    title: 'an address of one link',
    text: host('address: fe80::1%eth0'),
    says: ['4: hosts.a.address: "fe80::1%eth0" is bound to one link; a tunnel needs an address without a zone'],
  },
  {
    title: 'an address with a prefix',
    text: host('address: 203.0.113.1/24'),
    says: ['4: hosts.a.address: "203.0.113.1/24" is not an IPv4 or IPv6 address'],
  },
  {
    title: 'a bridge address without prefix',
    text: host('bridge_address: 192.0.0.1'),
    says: ['4: hosts.a.bridge_address: "192.0.0.1" needs a prefix length, as in 192.0.0.1/24'],
  },
  {
    title: 'a bridge address with a prefix that is too long',
    text: host('bridge_address: 192.0.0.1/33'),
    says: ['4: hosts.a.bridge_address: "192.0.0.1/33" has a prefix length outside of 1 to 32'],
  },
  {
    title: 'an option of ssh',
    text: host('ssh: -oProxyCommand=reboot'),
    says: ['4: hosts.a.ssh: "-oProxyCommand=reboot" is not [user@]host or ssh://[user@]host[:port] as ssh(1) takes it'],
  },
  {
    title: 'a host that is an option of ssh',
    text: host('ssh: root@-oProxyCommand=reboot'),
    says: [
      '4: hosts.a.ssh: "root@-oProxyCommand=reboot" is not [user@]host or ssh://[user@]host[:port] as ssh(1) takes it',
    ],
  },
  {
    title: 'a command as destination',
    text: host('ssh: "a; reboot"'),
    says: ['4: hosts.a.ssh: "a; reboot" is not [user@]host or ssh://[user@]host[:port] as ssh(1) takes it'],
  },
  {
    title: 'an IKE daemon that is nearly one',
    text: host('ike_daemon: strongSwan'),
    says: [
      '4: hosts.a.ike_daemon: must be one of auto, strongswan, libreswan, not "strongSwan"; did you mean strongswan?',
    ],
  },
  {
    title: 'a place that is not absolute',
    text: host('places: {certs: keys}'),
    says: [
      '4: hosts.a.places.certs: "keys" is not an absolute folder of letters, digits, dots, underscores and hyphens',
    ],
  },
  {
    title: 'a place above',
    text: host('places: {private: /etc/../root}'),
    says: [
      '4: hosts.a.places.private: "/etc/../root" is not an absolute folder of letters, digits, dots, underscores and hyphens',
    ],
  },
  {
    title: 'a place with a space',
    text: host('places: {cacerts: "/etc/my keys"}'),
    says: [
      '4: hosts.a.places.cacerts: "/etc/my keys" is not an absolute folder of letters, digits, dots, underscores and hyphens',
    ],
  },
  {
    title: 'a place that is none',
    text: host('places: {keys: /etc/keys}'),
    says: ['4: hosts.a.places.keys: is not known here; known are certs, private, cacerts'],
  },
  {
    title: 'a policy that is nearly one',
    text: host('plaintext: drop_unencryted'),
    says: [
      '4: hosts.a.plaintext: must be one of drop-unencrypted, drop-marked, allow-unencrypted, keep, 0/1, 1/1, none, not "drop_unencryted"; did you mean drop-unencrypted?',
    ],
  },
  { title: 'days in words', text: host('days: ten'), says: ['4: hosts.a.days: must be a number of days, not "ten"'] },
  {
    title: 'days without end',
    text: host('days: 100000'),
    says: ['4: hosts.a.days: must be at most 36500 days, not 100000'],
  },
  { title: 'half a day', text: host('days: 0.5'), says: ['4: hosts.a.days: must be a whole number of days, not 0.5'] },
  {
    title: 'a weak key',
    text: host('key: rsa-1024'),
    says: ['4: hosts.a.key: must be an RSA key of 2048 to 8192 bits, not "rsa-1024"'],
  },
  {
    title: 'a kind of key that is none',
    text: host('key: dsa'),
    says: ['4: hosts.a.key: must be rsa-2048 to rsa-8192, ec-p256 or ec-p384, not "dsa"'],
  },
  {
    title: 'an EC key for strongSwan',
    text: host('key: ec-p256'),
    says: [
      '4: hosts.a.key: strongSwan reads only RSA keys from ovs-monitor-ipsec; EC keys need ike_daemon: libreswan at a',
    ],
  },
  {
    title: 'a bridge with a long name',
    text: host('bridge: bridge-of-the-first-host'),
    says: [
      '4: hosts.a.bridge: must be 1 to 15 letters, digits, dots, underscores or hyphens, the first a letter or digit, not "bridge-of-the-first-host"',
    ],
  },
  {
    title: 'a bridge with a slash',
    text: host('bridge: ../br0'),
    says: [
      '4: hosts.a.bridge: must be 1 to 15 letters, digits, dots, underscores or hyphens, the first a letter or digit, not "../br0"',
    ],
  },
  {
    title: 'a bridge of the kernel',
    text: host('bridge: ovs-system'),
    says: ['4: hosts.a.bridge: is a device that Open vSwitch makes for itself'],
  },
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
    text: two.replaceAll('a:', 'host_1:') + 'tunnels:\n  - between: [host-1, b]\n',
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
