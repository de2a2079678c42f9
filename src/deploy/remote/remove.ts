/**
 * What `remove` does on a host, in one script.
 *
 * @module
 */

import type { HostShell } from '../../platform/ssh.js';
import type { GuardedTunnel } from '../plan/action.js';
import { distrustScript, dropOldKeysScript, forgetScript } from './ike-scripts.js';
import {
  forgetIdentityScript,
  type LeavingIdentity,
  removeFilesScript,
  switchScript,
  unguardScript,
} from './scripts.js';
import { step } from './step.js';
import type { Transaction } from './transaction.js';

/** Tunnels and identity first, then the drop policies of tunnels that are gone, then files that nothing points to. */
export async function removeFromHost(
  shell: HostShell,
  host: string,
  removed: {
    readonly ike: string;
    readonly transaction: Transaction | undefined;
    readonly guards: readonly GuardedTunnel[];
    readonly ports: readonly string[];
    readonly files: readonly string[];
    /** Keys of certificates that were renewed while they were in use are in the NSS database still. */
    readonly renewed?: boolean;
    /** Where CAs are among what goes: the files of those that stay. */
    readonly trusted?: readonly string[];
    /** Where the identity goes. */
    readonly identity?: LeavingIdentity | undefined;
  },
): Promise<void> {
  const { ike, transaction, guards, ports, files, renewed = false, trusted, identity } = removed;
  const script =
    switchScript(ike, transaction, []) +
    unguardScript(guards) +
    forgetScript(ports) +
    (renewed ? dropOldKeysScript(ike, host) : '') +
    (identity === undefined ? '' : forgetIdentityScript(identity)) +
    removeFilesScript(files) +
    (trusted === undefined ? '' : distrustScript(trusted));
  await step(shell, host, 'it could not be taken away', script, transaction);
}
