/**
 * How an ordinary user becomes root on a host.
 *
 * @module
 */

import { shellWord } from './quote.js';

/** The ways that are known by a name; any other is the absolute path of a program. */
export const becomeMethods = ['sudo', 'doas', 'su', 'none'] as const;

/** What is wrong with a way to become root, in a sentence; undefined for a good one. */
export function becomeFault(text: string): string | undefined {
  if ((becomeMethods as readonly string[]).includes(text)) return undefined;
  return /^(\/[A-Za-z0-9._+-]+)+$/.test(text) && text.length <= 200 && !/\/\.\.?(\/|$)/.test(text)
    ? undefined
    : `is not one of ${becomeMethods.join(', ')}, or the absolute path of a program on the host that runs what stands behind it as root`;
}

/** The command of the login: a root shell that reads standard input. Root needs no help. */
export function rootShellCommand(method = 'sudo'): string {
  // What these programs say is read: so they say it in English.
  const become = `LC_ALL=C; export LC_ALL; exec ${commandOf(method)}`;
  return `if [ "$(id -u)" -eq 0 ]; then exec sh -s; else ${become}; fi`;
}

function commandOf(method: string): string {
  switch (method) {
    case 'sudo':
      return 'sudo -n -- sh -s';
    case 'doas':
      return 'doas -n sh -s';
    case 'su':
      return "su root -c 'exec sh -s'";
    case 'none':
      return 'sh -s';
    default:
      return `${shellWord(method)} sh -s`;
  }
}
