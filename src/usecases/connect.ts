/**
 * `connect HOST=ADDRESS HOST=ADDRESS`: both ends of an encrypted tunnel, from nothing to proof.
 *
 * @module
 */

import type { AuthenticationMethod, DesiredFleet, IkeDaemon, PlaintextPolicy, TunnelType } from '../deploy/desired.js';
import { OvsPkiError } from '../errors.js';
import type { KeySpec } from '../pki/key.js';
import { nameFault } from '../pki/name.js';
import { isThisMachine } from '../platform/network.js';
import { isAddress, isBridgeName } from '../deploy/address.js';

/** One of the two hosts. */
export interface ConnectHost {
  readonly name: string;
  /** An ssh destination or an IP address. */
  readonly destination: string;
  /** Where its tunnel ends; by default the address of the destination. */
  readonly tunnelAddress: string | undefined;
  /** Given to the bridge, with its prefix length. */
  readonly bridgeAddress: string | undefined;
}

export interface ConnectRequest {
  readonly hosts: readonly [ConnectHost, ConnectHost];
  readonly type: TunnelType;
  readonly method: AuthenticationMethod;
  readonly bridge: string;
  readonly port: string;
  readonly plaintext: PlaintextPolicy;
  readonly ikeDaemon: IkeDaemon | 'auto';
  readonly pskFile: string | undefined;
  readonly days: number;
  readonly keySpec: KeySpec;
}

/** The two hosts as they should be. @throws NAME_INVALID, USAGE */
export function connectedFleet(request: ConnectRequest): DesiredFleet {
  const [first, second] = request.hosts;
  if (first.name === second.name) {
    throw new OvsPkiError('USAGE', `both hosts are called ${first.name}`, {
      hint: 'give each host the name that its certificate has: ovs-pki-ts connect host_1=ADDRESS host_2=ADDRESS',
    });
  }
  const ends = [first, second].map(tunnelAddressOf) as [string, string];
  if (ends[0] === ends[1]) throw new OvsPkiError('USAGE', `both hosts have the tunnel address ${ends[0]}`);
  requirePortName('port', request.port);
  requirePortName('bridge', request.bridge);
  const host = (index: 0 | 1): DesiredFleet['hosts'][number] => {
    const own = request.hosts[index];
    const other = request.hosts[index === 0 ? 1 : 0];
    return {
      name: own.name,
      target: { kind: isThisMachine(addressPart(own.destination)) ? 'local' : 'ssh', destination: own.destination },
      ikeDaemon: request.ikeDaemon,
      places: {},
      plaintext: request.plaintext,
      identity:
        request.method === 'psk'
          ? undefined
          : { method: request.method, type: 'switch', days: request.days, keySpec: request.keySpec },
      ends: [
        {
          bridge: request.bridge,
          port: request.port,
          type: request.type,
          method: request.method,
          localIp: ends[index],
          remoteIp: ends[index === 0 ? 1 : 0],
          peer: other.name,
          options: {},
          pskFile: request.pskFile,
          initiates: index === 0,
        },
      ],
      bridgeAddresses: own.bridgeAddress === undefined ? {} : { [request.bridge]: own.bridgeAddress },
    };
  };
  return { hosts: [host(0), host(1)] };
}

function tunnelAddressOf({ name, destination, tunnelAddress }: ConnectHost): string {
  const fault = nameFault(name);
  if (fault !== undefined) {
    throw new OvsPkiError('NAME_INVALID', `${JSON.stringify(name)} cannot be the name of a host: ${fault}`, {
      hint: 'give the name that its certificate has: ovs-pki-ts connect host_1=ADDRESS host_2=ADDRESS',
    });
  }
  const address = tunnelAddress ?? addressPart(destination);
  if (isAddress(address)) return address;
  throw new OvsPkiError('USAGE', `${name}: ${address} is not an IP address, and a tunnel needs one`, {
    hint: `give it: --tunnel-address ${name}=ADDRESS`,
  });
}

/** `root@198.51.100.7` */
function addressPart(destination: string): string {
  return destination.slice(destination.lastIndexOf('@') + 1);
}

function requirePortName(what: string, name: string): void {
  if (isBridgeName(name)) return;
  throw new OvsPkiError('USAGE', `${JSON.stringify(name)} cannot be the name of a ${what}`, {
    hint: 'a name has 1 to 15 letters, digits, dots, underscores and hyphens',
  });
}
