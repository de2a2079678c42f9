/** Hosts and their fields. */

import { type BadInventory, host } from './inventory.js';

export const hosts: readonly BadInventory[] = [
  {
    title: 'a host without its fields',
    text: 'version: 1\nhosts:\n  a:\n',
    says: ['3: hosts.a: is empty; it must be a map such as {address: 203.0.113.1}'],
  },
  {
    title: 'two names for one machine',
    text: 'version: 1\nhosts:\n  a: {ssh: root@x}\n  b: {ssh: root@x}\n  c: {ssh: d}\n  d: {}\n',
    says: [
      '4: hosts.b.ssh: root@x is a already; one machine has one name and one identity',
      '6: hosts.d: d is c already; one machine has one name and one identity',
    ],
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
    says: ['4: hosts.a.ssh: "-oProxyCommand=reboot" is not [user@]host[:port] or ssh://[user@]host[:port]'],
  },
  {
    title: 'a host that is an option of ssh',
    text: host('ssh: root@-oProxyCommand=reboot'),
    says: ['4: hosts.a.ssh: "root@-oProxyCommand=reboot" is not [user@]host[:port] or ssh://[user@]host[:port]'],
  },
  {
    title: 'a command as destination',
    text: host('ssh: "a; reboot"'),
    says: ['4: hosts.a.ssh: "a; reboot" is not [user@]host[:port] or ssh://[user@]host[:port]'],
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
    says: ['4: hosts.a.places.keys: is not known here; known are certs, private, cacerts, crls'],
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
    title: 'a validity without its unit',
    text: host('valid_for: "12"'),
    says: ['4: hosts.a.valid_for: "12" is no period from 1m to 36500d, such as 90m, 12h or 7d'],
  },
  {
    title: 'a validity of nothing',
    text: host('valid_for: 0h'),
    says: ['4: hosts.a.valid_for: "0h" is no period from 1m to 36500d, such as 90m, 12h or 7d'],
  },
  {
    title: 'a validity said twice',
    text: host('days: 30\n    valid_for: 12h'),
    says: ['5: hosts.a.valid_for: and days say the same thing: take one of them'],
  },
  {
    title: 'hours for a certificate that the host signs itself',
    text: `${host('valid_for: 12h')}defaults:\n  auth: self-signed\n`,
    says: ['4: hosts.a.valid_for: must be whole days for a, which signs its own certificate with openssl'],
  },
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
];
