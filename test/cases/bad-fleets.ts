/** Command lines for hosts that have not the form they must have, and the files that they name. No host is asked. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BadInput } from './bad-input-row.js';

const usage = (title: string, ...args: string[]): BadInput => ({ title, args, code: 'USAGE' });

/** Names that the DNS never has (RFC 6761, 6.4), should anybody be asked all the same. */
const [one, two] = ['host_1=one.invalid', 'host_2=two.invalid'];

const connect = (title: string, ...args: string[]): BadInput => usage(title, 'connect', one, two, ...args);

/** The same with all that an inventory would want to know. */
const wired = (title: string, ...args: string[]): BadInput =>
  connect(title, '--tunnel-address', 'host_1=192.0.2.1,host_2=192.0.2.2', ...args);

const withFile = (
  title: string,
  name: string,
  content: string,
  args: readonly string[],
  code: BadInput['code'],
): BadInput => ({ title, args, code, make: (folder) => writeFileSync(join(folder, name), content) });

const pskArgs = ['connect', one, two, '--auth', 'psk', '--tunnel-address', 'host_1=192.0.2.1,host_2=192.0.2.2'];
const badPsk = (title: string, content: string): BadInput =>
  withFile(`a PSK ${title}`, 'psk', content, [...pskArgs, '--psk-file', '-'], 'USAGE');

export const badFleets: readonly BadInput[] = [
  usage('connect without hosts', 'connect'),
  usage('connect with one host', 'connect', one),
  usage('connect with three hosts', 'connect', one, two, 'host_3=three.invalid'),
  usage('connect with the same host twice', 'connect', one, one),
  usage('connect with a host that has no address', 'connect', 'host_1', two),
  usage('connect with a host that has no name', 'connect', '=one.invalid', two),
  usage('connect with an empty address', 'connect', 'host_1=', two),
  connect('a tunnel address without a name', '--tunnel-address', '192.0.2.1'),
  connect('a bridge address without an address', '--bridge-address', 'host_1='),
  wired('connect with zero seconds', '--timeout', '0'),
  wired('connect with seconds below zero', '--timeout=-5'),
  wired('connect with seconds that are no number', '--timeout', 'soon'),
  wired('connect with seconds of five digits', '--timeout', '10000'),
  connect('connect with zero days', '--days', '0'),
  connect('connect with an option of distribute', '--to', 'three.invalid'),
  connect('connect with an option of plan', '--out', 'plan.json'),
  usage('distribute without a host', 'distribute', 'good'),
  usage('distribute without anything', 'distribute'),
  usage('distribute with --to and no host', 'distribute', 'good', '--to'),
  usage('distribute with an empty host', 'distribute', 'good', '--to', ''),
  usage('distribute of two names', 'distribute', 'good', 'host', '--to=one.invalid'),
  usage('distribute of one name to two hosts', 'distribute', 'good', '--to', 'one.invalid', 'two.invalid'),
  usage('distribute with seconds that are no number', 'distribute', 'good', '--timeout', '1m', '--to', 'one.invalid'),
  usage('distribute with a type of key that does not exist', 'distribute', '-k', 'quantum', '--to', 'one.invalid'),
  usage('distribute with an option of connect', 'distribute', 'good', '--auth', 'psk', '--to', 'one.invalid'),
  usage('status with zero hosts at once', 'status', '--to', 'one.invalid', '--parallel', '0'),
  usage('status with logins that are no number', 'status', 'host_1=one.invalid', '--per-jump-host', 'many'),
  usage('status with one name for two hosts', 'status', 'host_1=one.invalid', 'host_1=two.invalid'),
  usage('doctor with a name that no host can have', 'doctor', '192.0.2.1=one.invalid'),
  usage('doctor with a way to become root that is none', 'doctor', '--to', 'one.invalid', '--become', 'please'),
  usage('doctor with --become and no host', 'doctor', '--become', 'doas'),
  usage('distribute with two names for one host', 'distribute', 'good', '--to', 'host_1=one.invalid'),
  usage('inventory without a verb', 'inventory'),
  usage('inventory with another verb', 'inventory', 'show'),
  usage('inventory init with two files', 'inventory', 'init', 'a.yaml', 'b.yaml'),
  usage('inventory init with an option of plan', 'inventory', 'init', '--out', 'a'),
  usage('plan with two files', 'plan', 'a.yaml', 'b.yaml'),
  usage('status in a form that there is not', 'status', '--to', 'one.invalid', '--format', 'svg'),
  usage('status in the name of a property', 'status', '--to', 'one.invalid', '--format', 'constructor'),
  usage('a picture of one host', 'status', '--to', 'a=one.invalid', '--host', 'a', '--format', 'dot'),
  usage('status of a host that is not among those named', 'status', '--to', 'a=one.invalid', '--host', 'b'),
  usage('doctor of a range that is none', 'doctor', '--to', 'a=one.invalid', '--host', 'a[1-'),
  usage('plan with an option of apply', 'plan', '--timeout', '5'),
  usage('plan with --out and no file', 'plan', 'a.yaml', '--out'),
  usage('apply with two files', 'apply', 'a.yaml', 'b.yaml'),
  usage('apply with an option of plan', 'apply', 'a.yaml', '--out', 'b'),
  usage('apply with an option of distribute', 'apply', '--to', 'one.invalid'),
  withFile('apply with no time', 'fleet.yaml', 'version: 1\nhosts: {}\n', ['apply', '--timeout', '0'], 'USAGE'),
  withFile('inventory init where there is one', 'fleet.yaml', '', ['inventory', 'init'], 'FILE_EXISTS'),
  { title: 'inventory init in no folder', args: ['inventory', 'init', 'nowhere/a.yaml'], code: 'FILE_UNWRITABLE' },
  { title: 'plan without an inventory', args: ['plan'], code: 'FILE_NOT_FOUND' },
  { title: 'apply without an inventory', args: ['apply'], code: 'FILE_NOT_FOUND' },
  { title: 'plan of a folder', args: ['plan', 'pki'], code: 'FILE_UNREADABLE' },
  { title: 'apply of a device', args: ['apply', '/dev/zero'], code: 'FILE_UNREADABLE' },
  withFile('an inventory that is empty', 'fleet.yaml', '', ['plan'], 'INVENTORY_INVALID'),
  withFile(
    'an inventory that is a private key',
    'fleet.yaml',
    '-----BEGIN PRIVATE KEY-----\n',
    ['plan'],
    'INVENTORY_INVALID',
  ),
  withFile('an inventory of another version', 'fleet.yaml', 'version: 9\nhosts: {}\n', ['apply'], 'INVENTORY_INVALID'),
  withFile('an inventory without hosts', 'fleet.yaml', 'version: 1\nhosts: {}\n', ['plan'], 'INVENTORY_INVALID'),
  withFile(
    'a plan that was cut off',
    'plan.json',
    '{"kind": "ovs-pki-ts plan", "ver',
    ['apply', 'plan.json'],
    'PLAN_INVALID',
  ),
  withFile(
    'a plan that was made by hand',
    'plan.json',
    '{"kind": "ovs-pki-ts plan", "version": 2, "hosts": [null], "fleet": {"hosts": [{}]}}',
    ['apply', 'plan.json'],
    'PLAN_INVALID',
  ),
  withFile(
    'a plan of another version',
    'plan.json',
    '{"kind": "ovs-pki-ts plan", "version": 3}',
    ['apply', 'plan.json'],
    'PLAN_INVALID',
  ),
  withFile(
    'a plan for plan',
    'plan.json',
    '{"kind": "ovs-pki-ts plan", "version": 2}',
    ['plan', 'plan.json'],
    'INVENTORY_INVALID',
  ),
  {
    title: 'connect with a type that does not exist',
    args: ['connect', one, two, '--type', 'ipip'],
    code: 'INVENTORY_INVALID',
  },
  {
    title: 'connect with a method that does not exist',
    args: ['connect', one, two, '--auth', 'none'],
    code: 'INVENTORY_INVALID',
  },
  { title: 'connect without tunnel addresses', args: ['connect', one, two], code: 'INVENTORY_INVALID' },
  {
    title: 'connect with a name of a port too long',
    args: ['connect', one, two, '--port', 'x'.repeat(16)],
    code: 'INVENTORY_INVALID',
  },
  {
    title: 'connect with an option for an address',
    args: ['connect', 'host_1=-oProxyCommand=x', two],
    code: 'INVENTORY_INVALID',
  },
  { title: 'a PSK file that does not exist', args: [...pskArgs, '--psk-file', 'none'], code: 'FILE_NOT_FOUND' },
  ...[
    ['that is empty', ''],
    ['of seven characters', 'sevench'],
    ['with a quote', 'sword"fish-and-more'],
    ['with a backslash', 'sword\\fish-and-more'],
    ['on two lines', 'swordfish-one\nswordfish-two\n'],
    ['with a space', 'sword fish and more'],
    ['that is no ASCII', 'žluťoučký-kůň'],
    ['of 513 characters', 'x'.repeat(513)],
  ].map(([title = '', content = '']) => ({ ...badPsk(title, content), standardInput: content })),
];
