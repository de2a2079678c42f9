/**
 * Destinations of ssh(1) as people write them: `[user@]host`, `[user@]host:port`, `ssh://[user@]host[:port]`, and IPv6
 * addresses with or without brackets. ssh(1) itself takes no port behind a host, and no IPv6 address in a URI: so it is
 * told the parts.
 *
 * @module
 */

import { isIPv6 } from 'node:net';
import { shellWord } from './quote.js';

export interface Destination {
  readonly user: string | undefined;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** The users of directories have a domain: `CORP\alice`, `alice@corp.example`. What a shell would read is not taken. */
const userPattern = /^[\p{L}\p{N}_.+\\@][\p{L}\p{N}_.+\\@$ -]*(?<![\\@ ])$/u;
const namePattern = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/** The parts of a destination; undefined for what ssh(1) would not take for one, such as an option. */
export function parseDestination(text: string): Destination | undefined {
  if (text.length > 255) return undefined;
  const isUri = text.startsWith('ssh://');
  const rest = isUri ? text.slice('ssh://'.length).replace(/\/$/, '') : text;
  // As ssh(1) does: the user may have an @, the host has none.
  const at = rest.lastIndexOf('@');
  const user = at < 0 ? undefined : decoded(rest.slice(0, at), isUri);
  if (user !== undefined && !userPattern.test(user)) return undefined;
  const place = placeIn(rest.slice(at + 1));
  return place === undefined ? undefined : { user, ...place };
}

/** What is wrong with a destination, in a sentence; undefined for a good one. */
export function destinationFault(text: string): string | undefined {
  return parseDestination(text) === undefined ? 'is not [user@]host[:port] or ssh://[user@]host[:port]' : undefined;
}

/** A destination as arguments of ssh(1). */
export function sshArguments(text: string): string[] {
  const destination = parseDestination(text);
  if (destination === undefined) return ['--', text];
  const { user, host, port } = destination;
  const login = user === undefined ? host : `${user}@${host}`;
  return [...(port === undefined ? [] : ['-p', String(port)]), '--', login];
}

/** The same as a command that can be typed. */
export function sshCommand(text: string, ...words: readonly string[]): string {
  return ['ssh', ...sshArguments(text).filter((word) => word !== '--'), ...words].map(shellWord).join(' ');
}

function placeIn(text: string): Pick<Destination, 'host' | 'port'> | undefined {
  if (isIPv6(text)) return { host: text, port: undefined };
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || !(isIPv6(host) || (bracketed === undefined && namePattern.test(host)))) return undefined;
  const port = digits === undefined ? undefined : Number(digits);
  return port === undefined || (port >= 1 && port <= 65_535) ? { host, port } : undefined;
}

function decoded(user: string, isUri: boolean): string {
  if (!isUri) return user;
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
