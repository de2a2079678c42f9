/**
 * What an IKE daemon is told on a host, other than in a switch: to read again, to authenticate again, to forget.
 *
 * @module
 */

import { shellNumber, shellWord } from '../../platform/quote.js';
import type { IdentityFiles } from '../plan/identity-files.js';
import type { ActionOf } from '../plan/kinds.js';
import { type Link, linkLine, portPattern, renewFunctions } from './scripts.js';

/** Where links are to lead. */
export type Pointing = Pick<Link, 'path' | 'to'>;

/**
 * Lets the IKE daemon have what links lead to from now on.
 *
 * @param ike its functions, here and below
 * @param name the common name of the certificate
 */
export function rereadScript(
  ike: string,
  name: string,
  links: readonly Pointing[],
  { certificate, private_key: privateKey }: Pick<IdentityFiles, 'certificate' | 'private_key'>,
): string {
  const words = [name, certificate, privateKey].map(shellWord);
  return `${renewFunctions(ike)}${links.map(({ path, to }) => `${linkLine(path, to)}\n`).join('')}reread ${words.join(' ')}\n`;
}

/** An end that goes on sending by the old security association, while the other one authenticates anew. */
export type Held = Pick<ActionOf<'hold'>, 'localIp' | 'remoteIp' | 'seconds'>;

/** An end that authenticates again. */
export type Asked = Pick<ActionOf<'authenticate'>, 'port' | 'peer'>;

/** Takes the keys of the generations before out of the NSS database. @param name the common name */
export function dropOldKeysScript(ike: string, name: string): string {
  return `${renewFunctions(ike)}drop_old_keys ${shellWord(portPattern(name))}\n`;
}

export function pinScript(ends: readonly Held[]): string {
  const lines = ends.map(
    ({ localIp, remoteIp, seconds }) => `pin ${shellWord(localIp)} ${shellWord(remoteIp)} ${shellNumber(seconds)}\n`,
  );
  return renewFunctions('') + lines.join('');
}

export function authenticateScript(ike: string, ends: readonly Pick<Asked, 'port'>[]): string {
  const patterns = ends.map(({ port }) => shellWord(portPattern(port)));
  return `${renewFunctions(ike)}authenticate ${patterns.join(' ')}\n`;
}

/** What the IKE daemon said of a new authentication. */
export interface Authenticated {
  /** The IKE SAs that were up before. */
  readonly before: readonly string[];
  /** The ends whose peers gave no answer. */
  readonly unanswered: readonly Asked[];
}

/** Reads what {@link authenticateScript} has printed. */
export function readAuthenticated(stdout: string, ends: readonly Asked[]): Authenticated {
  const unanswered = new Set([...stdout.matchAll(/^unanswered (\d{1,6})$/gm)].map(([, index]) => index));
  return {
    // What has a NUL in it is the name of nothing, and could not be said to the host.
    before: [...stdout.matchAll(/^before ([^\s\0]{1,300})$/gm)].slice(0, mostStates).map(([, state = '']) => state),
    unanswered: ends.filter((_, index) => unanswered.has(String(index))),
  };
}

/** More than one host has tunnels in hand at a time, several times over. */
const mostStates = 1000;

/** Takes down what was up before. @param seconds for how long nothing of it is touched */
export function leaveScript(ike: string, before: readonly string[], seconds: number): string {
  return `${renewFunctions(ike)}leave ${shellNumber(seconds)} ${before.map(shellWord).join(' ')}\n`;
}

/** What the IKE daemon is to forget: the connections of ports that are gone. */
export function forgetScript(ports: readonly string[]): string {
  return ports.map((port) => `forget ${shellWord(portPattern(port))}\n`).join('');
}

/** Takes the trust of the IKE daemon back in all CAs but those whose files are named. */
export function distrustScript(trusted: readonly string[]): string {
  return `distrust ${trusted.map(shellWord).join(' ')}\n`;
}
