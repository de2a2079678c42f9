/** The form: YAML, keys, and what is missing. */

import { type BadInventory, host, two } from './inventory.js';

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

export const form: readonly BadInventory[] = [
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
      '4: hosts.a.colour: is not known here; known are ssh, become, address, peer_address, bridge, bridge_address, bridge_mtu, bridge_tag, ike_daemon, plaintext, days, valid_for, key, options, places',
      '5: hosts.a.size: is not known here; known are ssh, become, address, peer_address, bridge, bridge_address, bridge_mtu, bridge_tag, ike_daemon, plaintext, days, valid_for, key, options, places',
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
      '4: hosts.a."<<": is not known here; known are ssh, become, address, peer_address, bridge, bridge_address, bridge_mtu, bridge_tag, ike_daemon, plaintext, days, valid_for, key, options, places',
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
];
