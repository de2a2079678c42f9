/**
 * Addresses of tunnels and bridges as an operator writes them, and those in destinations of ssh(1).
 *
 * @module
 */

import { isIP } from 'node:net';
import { parseDestination } from '../../platform/destination.js';
import type { HostTarget } from './desired.js';

/** What is wrong with the address of one end of a tunnel, in a sentence; undefined for a good one. */
export function addressFault(text: string): string | undefined {
  const family = isIP(text);
  if (family === 0)
    return `is not an IPv4 or IPv6 address${/[a-z]/i.test(text) ? ' (Open vSwitch takes no names here)' : ''}`;
  if (text.includes('%')) return 'is bound to one link; a tunnel needs an address without a zone';
  const kind = notUnicast.find(({ pattern }) => pattern.test(canonicalAddress(text)))?.kind;
  return kind === undefined ? undefined : `is ${kind}, and a tunnel needs the address of one host`;
}

/** `192.0.0.1/24`: what is wrong with the address that a bridge is to get. */
export function bridgeAddressFault(text: string): string | undefined {
  const [, address = '', prefix = ''] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? [];
  if (address === '') return 'needs a prefix length, as in 192.0.0.1/24';
  const fault = addressFault(address);
  if (fault !== undefined) return fault;
  const most = isIP(address) === 4 ? 32 : 128;
  return Number(prefix) >= 1 && Number(prefix) <= most ? undefined : `has a prefix length outside of 1 to ${most}`;
}

/** One spelling for each address: IPv6 as in RFC 5952. */
export function canonicalAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

/** 4 or 6. */
export function addressFamily(address: string): number {
  return isIP(address);
}

/** The host itself is `local`; everything else is for ssh(1). @param become undefined for sudo */
export function targetOf(destination: string, become?: string): HostTarget {
  const kind = destination === 'local' ? 'local' : 'ssh';
  return become === undefined ? { kind, destination } : { kind, destination, become };
}

/** The address in `root@198.51.100.7` or `ssh://root@198.51.100.7:22`, if it is one. */
export function addressIn(destination: string): string | undefined {
  const host = parseDestination(destination)?.host ?? '';
  return addressFault(host) === undefined ? canonicalAddress(host) : undefined;
}

const notUnicast: readonly { readonly pattern: RegExp; readonly kind: string }[] = [
  { pattern: /^(0\.|::$)/, kind: 'what the IKE daemons take for any address' },
  { pattern: /^(127\.|::1$)/, kind: 'the address by which a host reaches itself' },
  { pattern: /^(22[4-9]|23[0-9])\.|^ff/, kind: 'a multicast address' },
  { pattern: /^(24[0-9]|25[0-5])\./, kind: 'a broadcast or reserved address' },
  { pattern: /^fe[89ab]/, kind: 'a link-local address' },
  { pattern: /^::ffff:/, kind: 'an IPv4 address in the form of an IPv6 address' },
];
