/**
 * What the IKE daemon of a host has loaded and established, in one form for all daemons.
 *
 * @module
 */

import { notUnderstood } from '../answer/answer.js';

export interface IkeAnswers {
  /** As it names itself, such as `5.9.8`. */
  readonly version: string;
  readonly running: boolean;
  /** The program ipsec is there, and this one, which is the daemon itself, is not. */
  readonly missing: string | undefined;
  readonly connections: readonly IkeConnection[];
  /** Certificates of hosts that it has loaded. */
  readonly certificates: readonly LoadedCertificate[];
  readonly authorities: readonly LoadedCertificate[];
  /** The CRLs that it has loaded. */
  readonly crls: readonly LoadedCrl[];
  /** Undefined where the daemon does not tell. */
  readonly plugins: readonly string[] | undefined;
  /** The NSS database that libreswan reads. */
  readonly nssFolder: string | undefined;
  /** Its own addresses at which it answers peers; undefined where it does not tell, or hears of new ones by itself. */
  readonly listensAt: readonly string[] | undefined;
}

/** One connection of ipsec.conf, by the name that ovs-monitor-ipsec gave it: `tun-1`, `tun-in-1`, `tun-out-1`. */
export interface IkeConnection {
  readonly name: string;
  readonly ikeEstablished: boolean;
  /** An IKE SA is being tried. */
  readonly connecting: boolean;
  readonly childInstalled: boolean;
  /** What the other end proved to be; undefined before that. */
  readonly remoteId: string | undefined;
}

export interface LoadedCertificate {
  /** Upper case, as in {@link Certificate}. */
  readonly serialNumber: string;
  readonly subject: string;
  /** Undefined where the daemon does not tell. */
  readonly hasPrivateKey: boolean | undefined;
}

export interface LoadedCrl {
  readonly crlNumber: bigint;
  /** Of the key that has signed it, in hexadecimal; undefined where the daemon does not tell. */
  readonly keyIdentifier: string | undefined;
}

/** A connection that is loaded, and no more. */
export function idleConnection(name: string): IkeConnection {
  return { name, ikeEstablished: false, connecting: false, childInstalled: false, remoteId: undefined };
}

/** The name of the port that a connection belongs to, and its version (ovs-monitor-ipsec: `NAME[-in|-out]-VERSION`). */
export function portOfConnection(connection: string): { readonly port: string; readonly version: number } | undefined {
  const [, port, version] = /^(.+?)(?:-in|-out)?-(\d+)$/.exec(connection) ?? [];
  return port === undefined ? undefined : { port, version: Number(version) };
}

/** `0a:1b` or `A1B`: upper case, an even number of digits. */
export function serialNumberOf(text: string): string {
  const digits = text.replaceAll(/[^0-9a-fA-F]/g, '').toUpperCase();
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}

/** `0a:1b`, `0x1b` or `1b`; 20 octets are the most that a CRL number has (RFC 5280, section 5.2.3). */
export function bigintOf(hexadecimal: string): bigint {
  const digits = hexadecimal.replaceAll(/^0x|:/g, '');
  if (!/^[0-9a-fA-F]{1,64}$/.test(digits)) throw notUnderstood('a number that is none');
  return BigInt(`0x${digits}`);
}
