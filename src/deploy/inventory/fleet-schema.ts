/**
 * The form of a fleet in a written plan: what an inventory was expanded to, under the rules of the inventory. Whoever has
 * changed the plan can have done no more than to write another inventory.
 *
 * @module
 */

import * as v from 'valibot';
import { curves, maximumRsaBits, minimumRsaBits } from '../../pki/key-spec.js';
import { destinationFault } from '../../platform/destination.js';
import { addressFault, bridgeAddressFault } from '../desired/address.js';
import {
  authenticationMethods,
  type DesiredFleet,
  type DesiredHost,
  type HostTarget,
  type TunnelEnd,
  tunnelTypes,
} from '../desired/desired.js';
import { ikeDaemonNames } from '../ike/daemon.js';
import { plaintextPolicies } from './plaintext-policies.js';
import { become, bridgeMtu, bridgeTag, checked, device, folder, hostName } from './schema.js';
import { optionFaults, optionRules } from './tunnel-options.js';

const address = checked('an address', addressFault, '198.51.100.1', 'An address.');
const bridge = device('bridge', 'br-ipsec', 'A bridge.');

const port = device('port', 'tun-1', 'A port.');

const optionNames = Object.keys(optionRules);
const options = v.pipe(
  v.record(v.picklist(optionNames), v.string()),
  v.check(
    (values) => Object.entries(values).every(([name, text]) => optionRules[name]?.pattern.test(text) === true),
    'has an option with a value that it cannot have',
  ),
);

const end = v.pipe(
  v.strictObject({
    bridge,
    port,
    otherNames: v.optional(v.array(port)),
    isTranslated: v.optional(v.boolean()),
    before: v.optional(port),
    type: v.picklist(tunnelTypes),
    method: v.picklist(authenticationMethods),
    localIp: address,
    remoteIp: address,
    peer: hostName('The other host.'),
    options,
    pskFile: v.optional(v.pipe(v.string(), v.regex(/^\/[^\0]*$/))),
    initiates: v.boolean(),
  } satisfies Readonly<Record<keyof TunnelEnd, unknown>>),
  v.check((one) => optionFaults(one.options, one.type, 'auto').length === 0, 'has options that do not fit together'),
);

const keySpec = v.variant('type', [
  v.strictObject({
    type: v.literal('rsa'),
    bits: v.pipe(v.number(), v.integer(), v.minValue(minimumRsaBits), v.maxValue(maximumRsaBits)),
  }),
  v.strictObject({ type: v.literal('ec'), curve: v.picklist(curves) }),
]);

const host = v.strictObject({
  name: hostName('A host.'),
  target: v.strictObject({
    kind: v.picklist(['ssh', 'local']),
    destination: checked('a destination of ssh(1)', destinationFault, 'root@host_1', 'A destination.'),
    become: v.optional(become),
  } satisfies Readonly<Record<keyof HostTarget, unknown>>),
  ikeDaemon: v.picklist([...ikeDaemonNames, 'auto']),
  places: v.strictObject({
    certs: v.optional(folder('Certificates.')),
    private: v.optional(folder('Private keys.')),
    cacerts: v.optional(folder('CA certificates.')),
    crls: v.optional(folder('CRLs.')),
  }),
  plaintext: v.picklist(Object.values(plaintextPolicies)),
  isPlaintextNamed: v.optional(v.boolean()),
  others: v.optional(v.strictObject({ removedPeers: v.array(hostName('A host.')), prune: v.boolean() })),
  loopProtection: v.picklist(['auto', 'rstp', 'keep'] satisfies DesiredHost['loopProtection'][]),
  identity: v.optional(
    v.pipe(
      v.strictObject({
        method: v.picklist(['ca-signed', 'self-signed']),
        type: v.picklist(['switch', 'controller']),
        days: v.pipe(v.number(), v.minValue(1 / 1440), v.maxValue(36_500)),
        keySpec,
      }),
      v.check(({ method, days }) => method === 'ca-signed' || Number.isInteger(days), 'is no whole number of days'),
    ),
  ),
  ends: v.array(end),
  bridgePorts: v.optional(v.record(bridge, v.strictObject({ mtu: v.optional(bridgeMtu), tag: v.optional(bridgeTag) }))),
  bridgeAddresses: v.record(bridge, checked('an address', bridgeAddressFault, '192.0.0.1/24', 'An address.')),
} satisfies Readonly<Record<keyof DesiredHost, unknown>>);

const fleet = v.strictObject({
  hosts: v.pipe(
    v.array(host),
    v.check((hosts) => new Set(hosts.map(({ name }) => name)).size === hosts.length, 'has a host twice'),
  ),
});

/** The fleet, or what is wrong with it first, in a sentence. */
export function readDesiredFleet(value: unknown): { readonly fleet: DesiredFleet } | { readonly fault: string } {
  const { success, issues, output } = v.safeParse(fleet, value, { abortEarly: true });
  if (success) return { fleet: output as DesiredFleet };
  const [issue] = issues;
  return { fault: `fleet.${v.getDotPath(issue) ?? ''}: ${issue.message}` };
}
