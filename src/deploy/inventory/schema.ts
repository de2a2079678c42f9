/**
 * The form of an inventory (`fleet.yaml`). From this schema come the checks, the type, and the JSON Schema with which
 * editors complete and explain (`templates/fleet.schema.json`). What ties several values together is checked where the
 * inventory is expanded.
 *
 * @module
 */

import * as v from 'valibot';
import { maximumRsaBits, minimumRsaBits } from '../../pki/key-spec.js';
import { nameFault } from '../../pki/name.js';
import { lifeFault } from '../../pki/validity.js';
import { becomeFault } from '../../platform/become.js';
import { destinationFault } from '../../platform/destination.js';
import { addressFault, bridgeAddressFault } from '../desired/address.js';
import { authenticationMethods, tunnelTypes } from '../desired/desired.js';
import { ikeDaemonNames } from '../ike/daemon.js';
import { closest, describeValue, type Fault, isWithin, mustBe, mustBeText } from './fault.js';
import { plaintextPolicies } from './plaintext-policies.js';
import { strangeKeys } from './strange-keys.js';
import { type OptionRule, optionDescription, optionRules, optionText } from './tunnel-options.js';

/** Ports and bridges are network devices too: the kernel takes 15 characters. */
const deviceName = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;
/** Devices that the kernel datapath makes for itself. */
const reservedDevice = /^(lo|ovs-system|ovs-netdev|gre0|gretap0|erspan0|gre_sys|(gre|vxlan|genev|stt)_sys.*)$/;
/** More than these are no fleet but a slip; and a mesh grows with the square of its hosts. */
const maximumHosts = 10_000;

export const device = (what: string, example: string, description: string) =>
  v.pipe(
    v.string(mustBeText(`the name of a ${what}`)),
    v.regex(deviceName, mustBe(`1 to 15 letters, digits, dots, underscores or hyphens, the first a letter or digit`)),
    v.check((name) => !reservedDevice.test(name), `is a device that Open vSwitch makes for itself`),
    v.description(description),
    v.examples([example]),
  );

export const checked = (
  wanted: string,
  fault: (text: string) => string | undefined,
  example: string,
  description: string,
) =>
  v.pipe(
    v.string(mustBeText(wanted)),
    v.check(
      (text) => fault(text) === undefined,
      (issue) => `${describeValue(issue.input)} ${fault(String(issue.input))}`,
    ),
    v.description(description),
    v.examples([example]),
  );

const choice = <const Words extends readonly string[]>(words: Words, description: string) =>
  v.pipe(
    v.picklist(words, (issue) => `${mustBe(`one of ${words.join(', ')}`)(issue)}${closest(issue.input, words)}`),
    v.description(description),
  );

export const hostName = (description: string) =>
  checked(
    'the name of a host',
    (name) => {
      const fault = nameFault(name);
      return fault === undefined ? undefined : `is no name of a host: ${fault}`;
    },
    'host_1',
    description,
  );

const names = (least: number, description: string, item = 'A key of `hosts`.') =>
  v.pipe(
    v.array(hostName(item), mustBe('a list of names of hosts, such as [host_1, host_2]')),
    v.minLength(least, `needs at least ${least} host${least === 1 ? '' : 's'}`),
    v.maxLength(maximumHosts, `has more than ${maximumHosts} hosts`),
    v.description(description),
  );

export const folder = (description: string) =>
  checked(
    'an absolute folder',
    (path) =>
      /^(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+\/?$/.test(path) && path.length <= 200
        ? undefined
        : 'is not an absolute folder of letters, digits, dots, underscores and hyphens',
    '/etc/keys',
    description,
  );

const optionValue = (name: string, rule: OptionRule) =>
  v.pipe(
    v.union([v.pipe(v.string(), v.regex(rule.pattern, mustBe(rule.form))), v.number(), v.boolean()], mustBe(rule.form)),
    v.check((value) => {
      const isExact = typeof value !== 'number' || Number.isSafeInteger(value);
      return typeof value === 'string' || (isExact && rule.pattern.test(optionText(name, value)));
    }, mustBe(rule.form)),
    v.description(optionDescription(rule)),
    v.examples([rule.example]),
  );

const options = (description: string, applies: (rule: OptionRule) => boolean = () => true) =>
  v.pipe(
    object(
      Object.fromEntries(
        Object.entries(optionRules)
          .filter(([, rule]) => applies(rule))
          .map(([name, rule]) => [name, v.optional(optionValue(name, rule))]),
      ),
      'a map of options',
    ),
    v.description(description),
  );

const key = v.pipe(
  v.string(mustBeText('the kind of a key, such as rsa-3072')),
  v.regex(/^(rsa-[0-9]{4}|ec-p256|ec-p384)$/, mustBe('rsa-2048 to rsa-8192, ec-p256 or ec-p384')),
  v.check(
    (text) => {
      const bits = Number(/^rsa-([0-9]+)$/.exec(text)?.[1] ?? minimumRsaBits);
      return bits >= minimumRsaBits && bits <= maximumRsaBits;
    },
    mustBe(`an RSA key of ${minimumRsaBits} to ${maximumRsaBits} bits`),
  ),
  v.description(
    'The keys that are made. strongSwan under ovs-monitor-ipsec reads RSA keys only; ec-p256 and ec-p384 are for hosts whose ike_daemon is libreswan. Default: rsa-3072.',
  ),
  v.examples(['rsa-3072', 'rsa-4096']),
);

const days = v.pipe(
  v.number(mustBe('a number of days')),
  v.integer(mustBe('a whole number of days')),
  v.minValue(1, mustBe('at least 1 day')),
  v.maxValue(36_500, mustBe('at most 36500 days')),
  v.description('How many days certificates are valid. Default: 3650.'),
);

const validFor = checked(
  'a period',
  lifeFault,
  '12h',
  'How long certificates are valid, in place of days: minutes, hours or days, such as 90m, 12h or 7d. Hosts with self-signed certificates take whole days.',
);

const plaintext = choice(
  Object.keys(plaintextPolicies) as (keyof typeof plaintextPolicies)[],
  'What the kernel does with packets of tunnels that are not encrypted. drop-unencrypted (0/1) drops all of the host, also those of its tunnels without IPsec; drop-marked (1/1) only those that OpenFlow marked with 1; allow-unencrypted (none) drops nothing, so packets leave readable until IPsec is up; keep leaves the host as it is. Default: drop-unencrypted, but where a host has unencrypted tunnels that are not ours, only packets of our tunnels are dropped.',
);
const loopProtection = choice(
  ['auto', 'rstp', 'keep'],
  'What is done so that tunnels between learning bridges make no loop. auto: split horizon (protected ports) for a full mesh, RSTP for other rings, nothing where there is no ring; rstp: RSTP for every ring, which also goes round a tunnel that is cut; keep: bridges and ports stay as they are. Default: auto.',
);
const type = choice(tunnelTypes, 'What the tunnel is made of. Default: gre. Open vSwitch 3.5 and later have no stt.');
const auth = choice(
  authenticationMethods,
  'How the two hosts know each other: certificates signed by our CA, self-signed certificates that are exchanged, or a pre-shared key. A host can use only one of them. Default: ca-signed.',
);
const bridge = device(
  'bridge',
  'br-ipsec',
  'The bridge that gets the tunnels; it is made if it is missing. Default: br-ipsec.',
);

const count = (what: string, least: number, most: number, description: string) => {
  const wanted = `${what} from ${least} to ${most}`;
  return v.pipe(
    v.number(mustBe(wanted)),
    v.integer(mustBe(wanted)),
    v.minValue(least, mustBe(wanted)),
    v.maxValue(most, mustBe(wanted)),
    v.description(description),
  );
};

export const bridgeMtu = count(
  'a number of bytes',
  1280,
  9000,
  "The MTU of the bridge's own port (mtu_request). The header of a tunnel and ESP take about 100 bytes of the MTU of the network between the hosts: 1400 where that is 1500. Default: that of Open vSwitch, 1500, with which the largest packets are lost.",
);
export const bridgeTag = count(
  'a VLAN',
  1,
  4094,
  "The VLAN that the bridge's own port is in (tag), and with it bridge_address. Tunnels carry all VLANs. Default: none.",
);

export const become = checked(
  'a way to become root',
  becomeFault,
  'doas',
  'How the user that logs in becomes root, where that is not root itself: sudo, doas, su, none, or the absolute path of a program on the host that runs what stands behind it as root, such as /usr/bin/dzdo. No password is ever asked for. Default: sudo.',
);

const defaults = v.pipe(
  object(
    {
      type: v.optional(type),
      auth: v.optional(auth),
      bridge: v.optional(bridge),
      bridge_mtu: v.optional(bridgeMtu),
      bridge_tag: v.optional(bridgeTag),
      plaintext: v.optional(plaintext),
      loop_protection: v.optional(loopProtection),
      days: v.optional(days),
      valid_for: v.optional(validFor),
      key: v.optional(key),
      become: v.optional(become),
      options: v.optional(options('Options of every tunnel.')),
    },
    'a map of defaults',
  ),
  v.description('What holds wherever a host or a tunnel says nothing else.'),
);

const host = object(
  {
    ssh: v.optional(
      checked(
        'a destination of ssh(1), or local',
        destinationFault,
        'root@198.51.100.7',
        'How the host is reached: [user@]host[:port] or ssh://[user@]host[:port], with your ~/.ssh/config; or local for this machine. Default: the name of the host.',
      ),
    ),
    become: v.optional(become),
    address: v.optional(
      checked(
        'an IP address',
        addressFault,
        '203.0.113.1',
        'The address that its tunnels start from, on the host itself (local_ip). Default: the address in ssh, if there is one.',
      ),
    ),
    peer_address: v.optional(
      checked(
        'an IP address',
        addressFault,
        '203.0.113.7',
        'The address that its peers send to, where that is not the one on the host: a host behind NAT, in a cloud for example, whose UDP ports 500 and 4500 are reached there. Its tunnels need certificates. Default: address.',
      ),
    ),
    bridge: v.optional(bridge),
    bridge_address: v.optional(
      checked(
        'an address with prefix length',
        bridgeAddressFault,
        '192.0.0.1/24',
        'An address that the bridge gets, so that the hosts reach each other through the tunnel.',
      ),
    ),
    bridge_mtu: v.optional(bridgeMtu),
    bridge_tag: v.optional(bridgeTag),
    ike_daemon: v.optional(
      choice(['auto', ...ikeDaemonNames], 'The IKE daemon; auto looks at the host. Default: auto.'),
    ),
    plaintext: v.optional(plaintext),
    days: v.optional(days),
    valid_for: v.optional(validFor),
    key: v.optional(key),
    options: v.optional(
      options(
        'Options of the tunnels at this end, such as settings that only its IKE daemon knows.',
        ({ ofTunnel }) => !ofTunnel,
      ),
    ),
    places: v.optional(
      v.pipe(
        object(
          {
            certs: v.optional(folder('Certificates.')),
            private: v.optional(folder('Private keys.')),
            cacerts: v.optional(folder('CA certificates.')),
            crls: v.optional(folder('Lists of revoked certificates.')),
          },
          'a map of folders',
        ),
        v.description(
          'Folders on the host. Default: those that its IKE daemon can read; AppArmor keeps strongSwan inside /etc/ipsec.d.',
        ),
      ),
    ),
  },
  'a map such as {address: 203.0.113.1}',
);

const tunnelEntries = {
  between: v.optional(
    v.pipe(names(2, 'The two hosts of one tunnel.'), v.maxLength(2, 'names two hosts; for more, use mesh')),
  ),
  mesh: v.optional(names(2, 'A tunnel between each two of these hosts.')),
  hub: v.optional(hostName('The host in the middle; with spokes.')),
  spokes: v.optional(names(1, 'The hosts that each get a tunnel to the hub. They ask, the hub answers.')),
  type: v.optional(type),
  auth: v.optional(auth),
  bridge: v.optional(bridge),
  port: v.optional(
    device(
      'port',
      'tun',
      'The name of the port at both ends, only with between. Default: tun where the host has one tunnel, else tun_ and the name of the peer.',
    ),
  ),
  psk_file: v.optional(
    checked(
      'the name of a file',
      (path) => (/^[^\p{Cc}]{1,4096}$/u.test(path) ? undefined : 'is not the name of a file'),
      'secrets/host_1-host_2.psk',
      'A file on this machine, relative to the inventory, that has the pre-shared key; only with between. Default: a strong one is made.',
    ),
  ),
  initiates: v.optional(
    hostName(
      'Which of the two asks first, only with between; the other could be behind NAT. Default: the first by name.',
    ),
  ),
  options: v.optional(options('Options of the Interface at both ends.')),
};

const tunnel = v.pipe(
  object(tunnelEntries, 'a map such as {between: [host_1, host_2]}'),
  v.metadata({ oneOf: [{ required: ['between'] }, { required: ['mesh'] }, { required: ['hub', 'spokes'] }] }),
);

export const inventorySchema = v.pipe(
  object(
    {
      version: v.pipe(v.literal(1, mustBe('1')), v.description('The version of this form.')),
      defaults: v.optional(defaults),
      hosts: v.pipe(
        v.record(
          v.pipe(
            v.string(),
            v.check(
              (name) => nameFault(name) === undefined,
              (issue) => nameFault(String(issue.input)) ?? '',
            ),
          ),
          host,
          mustBe('a map of hosts by their names'),
        ),
        v.minEntries(1, 'has no host'),
        v.maxEntries(maximumHosts, `has more than ${maximumHosts} hosts`),
        v.description(
          'The hosts by name. The name becomes the common name of the certificate: letters, digits, dot, underscore and hyphen, at most 64, not in the form of an IP address.',
        ),
      ),
      removed: v.optional(
        names(
          0,
          'Hosts that have been taken out of the fleet: their peers lose the tunnels to them. Other tunnels that the inventory has no longer stay until "apply --prune".',
          'A name that `hosts` has no longer.',
        ),
      ),
      tunnels: v.optional(
        v.pipe(
          v.array(tunnel, mustBe('a list of tunnels')),
          v.description('Which hosts are connected: pairs, meshes, hubs with spokes.'),
        ),
      ),
    },
    'a map with version, hosts and tunnels',
  ),
  v.title('Inventory of ovs-pki-ts'),
  v.description('Open vSwitch hosts and the encrypted tunnels between them.'),
);

/** An inventory as it is written: what has a default may be left away. */
export type Inventory = v.InferInput<typeof inventorySchema>;

/** Checks a value against the schema. Unknown keys are looked for here, for valibot tells only the first of a map. */
export function readInventory(
  value: unknown,
): { readonly inventory: Inventory } | { readonly faults: readonly Fault[] } {
  const strange = strangeKeys(inventorySchema, value, []);
  const { issues, output } = v.safeParse(inventorySchema, value);
  const told = new Set(strange.map(({ path }) => JSON.stringify(path)));
  const faults = (issues ?? []).flatMap((issue): Fault[] => {
    const path = (issue.path ?? []).map(({ key }) => key as string | number);
    const isTold = strange.some((fault) => isWithin(path, fault.path) || isWithin(fault.path, path));
    const place = JSON.stringify(path);
    // One fault of a value is enough: 0.5 is no whole number, and less than 1
    if (isTold || told.has(place)) return [];
    told.add(place);
    return [{ path, message: issue.message }];
  });
  return strange.length + faults.length > 0 ? { faults: [...strange, ...faults] } : { inventory: output as Inventory };
}

function object<const Entries extends v.ObjectEntries>(entries: Entries, wanted: string) {
  return v.strictObject(entries, (issue) => (issue.expected?.startsWith('"') ? 'is missing' : mustBe(wanted)(issue)));
}
