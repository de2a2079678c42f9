import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  checkInventory,
  expandInventory,
  type Inventory,
  parseInventory,
} from '../../../src/deploy/inventory/inventory.js';
import { OvsPkiError } from '../../../src/errors.js';
import { fillTemplate } from '../../../src/platform/templates.js';
import { form } from '../../cases/bad-inventories/form.js';
import { hosts } from '../../cases/bad-inventories/hosts.js';
import { options } from '../../cases/bad-inventories/options.js';
import { tunnels } from '../../cases/bad-inventories/tunnels.js';
import { projectRoot, runWell } from '../../support/programs.js';

const context = { folder: '/srv/fleet' };
const page = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

for (const { title, text, says } of [...form, ...hosts, ...tunnels, ...options]) {
  test(`an inventory is refused: ${title}`, (t) => {
    const error = t.throws(() => parseInventory(text, 'fleet.yaml'), { instanceOf: OvsPkiError });
    t.is(error.code, 'INVENTORY_INVALID');
    t.deepEqual(
      error.message.split('\n'),
      says.map((line) => `fleet.yaml:${line}`),
    );
    t.truthy(error.hint);
    t.like(error.details, { file: 'fleet.yaml', faults: { length: says.length } });
  });
}

test('of very many faults the message has twenty, and the details have all', (t) => {
  const text = `version: 1\nhosts:\n${Array.from({ length: 50 }, (_, index) => `  a${index}: {port: 1}\n`).join('')}`;
  const error = t.throws(() => parseInventory(text, 'f.yaml'), { instanceOf: OvsPkiError });
  t.is(error.message.split('\n').length, 21);
  t.regex(error.message, /\nand 30 more$/);
  t.like(error.details, { faults: { length: 50 } });
});

test('faults are told in the order of their lines', (t) => {
  const text = 'tunnels: [{mesh: [a]}]\nhosts:\n  a: {days: 0}\nversion: 2\n';
  const error = t.throws(() => parseInventory(text, 'f'), { instanceOf: OvsPkiError });
  t.deepEqual(
    error.message.split('\n').map((line) => line.split(':')[1]),
    ['1', '3', '4'],
  );
});

test('an object with a fault is refused without a line, and also where it is only expanded', (t) => {
  const inventory: Inventory = { version: 1, hosts: { 'a\nb': {} } };
  for (const refuse of [() => checkInventory(inventory), () => expandInventory(inventory, context)]) {
    const error = t.throws(refuse, { instanceOf: OvsPkiError, code: 'INVENTORY_INVALID' });
    t.regex(error.message, /^inventory: hosts\."a\\nb": a name may hold only/);
  }
});

test('an object whose fields are there and undefined is one without them', (t) => {
  const inventory: Inventory = {
    version: 1,
    defaults: { type: undefined, options: { ttl: undefined } },
    hosts: {
      a: { ssh: undefined, address: '203.0.113.1', places: { certs: undefined } },
      b: { address: '203.0.113.2' },
    },
    tunnels: [{ between: ['a', 'b'], type: undefined, port: undefined }],
  };
  const [a] = expandInventory(inventory, context).hosts;
  t.like(a, {
    target: { kind: 'ssh', destination: 'a' },
    places: {},
    ends: [{ type: 'gre', port: 'tun', options: {} }],
  });
});

test('anchors and aliases, a byte order mark and the line ends of Windows are read', (t) => {
  const text = '\ufeffversion: 1\r\nhosts:\r\n  a: &a {days: 30}\r\n  b: *a\r\n';
  t.deepEqual(parseInventory(text, 'f'), { version: 1, hosts: { a: { days: 30 }, b: { days: 30 } } });
});

const fields: readonly (readonly [title: string, field: string, expected: object])[] = [
  ['without ssh, its name is the destination', 'days: 30', { target: { kind: 'ssh', destination: 'a' } }],
  ['this machine', 'ssh: local', { target: { kind: 'local' } }],
  ['a user and an address', 'ssh: root@198.51.100.7', { target: { kind: 'ssh', destination: 'root@198.51.100.7' } }],
  ['a place with a slash at its end', 'places: {certs: /etc/keys/}', { places: { certs: '/etc/keys' } }],
  ['the policy in words', 'plaintext: drop-marked', { plaintext: '1/1' }],
  ['the policy that lets packets out', 'plaintext: allow-unencrypted', { plaintext: 'none' }],
  ['the policy as OVSDB has it', 'plaintext: 0/1', { plaintext: '0/1' }],
  ['no policy', 'plaintext: none', { plaintext: 'none' }],
  ['what is there', 'plaintext: keep', { plaintext: 'keep' }],
  ['nothing said of packets', 'days: 30', { plaintext: '0/1' }],
  ['its own days', 'days: 30', { identity: { method: 'ca-signed', type: 'switch', days: 30 } }],
  ['its own key', 'key: rsa-4096', { identity: { keySpec: { type: 'rsa', bits: 4096 } } }],
  ['an EC key', '{key: ec-p384, ike_daemon: libreswan}', { identity: { keySpec: { type: 'ec', curve: 'P-384' } } }],
  ['a bridge address', 'bridge_address: 2001:DB8::1/64', { bridgeAddresses: { 'br-ipsec': '2001:db8::1/64' } }],
];

for (const [title, field, expected] of fields) {
  test(`a host has ${title}: ${field}`, (t) => {
    const inventory = parseInventory(`version: 1\nhosts:\n  a:\n    ${field}\n`, 'f');
    t.like(expandInventory(inventory, context).hosts[0], expected);
  });
}

test('MTU and VLAN are those of the bridge that the tunnels are on, and the host is before the defaults', (t) => {
  const text = `version: 1
defaults: { bridge_mtu: 1400 }
hosts:
  a: { address: 192.0.2.1, bridge: br0, bridge_tag: 10 }
  b: { address: 192.0.2.2, bridge_mtu: 8900 }
  c: {}
tunnels: [{ between: [a, b] }]
`;
  const { hosts } = expandInventory(parseInventory(text, 'f'), context);
  t.deepEqual(
    hosts.map(({ bridgePorts }) => bridgePorts),
    [{ br0: { mtu: 1400, tag: 10 } }, { 'br-ipsec': { mtu: 8900 } }, undefined],
  );
});

test('the files of pre-shared keys are looked for beside the inventory', (t) => {
  const text = 'version: 1\nhosts: {a: {ssh: root@192.0.2.1}, b: {ssh: "root@[2001:db8::1]"}}\n';
  const link = 'tunnels: [{between: [a, b], auth: psk, psk_file: secrets/ab}]\n';
  const inventory = parseInventory(`${text.replace('[2001:db8::1]', '192.0.2.2')}${link}`, 'f');
  for (const { ends, identity } of expandInventory(inventory, context).hosts) {
    t.is(identity, undefined);
    t.like(ends, [{ pskFile: '/srv/fleet/secrets/ab' }]);
  }
});

const examples = ['examples/mesh', 'examples/hub-and-spokes', 'examples/tutorial'].flatMap((folder) =>
  readdirSync(join(projectRoot, folder))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => `${folder}/${name}`),
);

test('every example is an inventory, and its first line leads editors to the schema', (t) => {
  t.is(examples.length, 5);
  for (const file of examples) {
    const { hosts } = expandInventory(parseInventory(page(file), file), context);
    t.true(
      hosts.every(({ ends }) => ends.length > 0),
      file,
    );
    t.regex(page(file), /^# yaml-language-server: \$schema=\.\.\/\.\.\/templates\/fleet\.schema\.json\n/);
  }
});

for (const name of ['mesh', 'hub-and-spokes']) {
  test(`the example ${name} is expanded to test/golden/${name}.json`, (t) => {
    const file = `examples/${name}/fleet.yaml`;
    const fleet = expandInventory(parseInventory(page(file), file), context);
    t.deepEqual(JSON.parse(JSON.stringify(fleet)), JSON.parse(page(`test/golden/${name}.json`)));
  });
}

test('the sample is an inventory of two hosts with one tunnel', (t) => {
  const text = fillTemplate('fleet.yaml', { schema: 'fleet.schema.json' });
  const { hosts } = expandInventory(parseInventory(text, 'fleet.yaml'), context);
  t.like(hosts, [
    { name: 'host_1', ends: [{ port: 'tun', initiates: true }] },
    { name: 'host_2', ends: [{ peer: 'host_1' }] },
  ]);
});

test('templates/fleet.schema.json is what the schema makes it', async (t) => {
  const made = await runWell(process.execPath, ['scripts/inventory-schema.mjs'], { cwd: projectRoot });
  t.is(page('templates/fleet.schema.json'), made, 'run: npm run docs:schema');
});
