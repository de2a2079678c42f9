/**
 * The lock of a CA: a folder in which the file `owner` tells which process holds it. It survives the death of its
 * owner: who finds a dead owner takes the lock over, and of several who find it only one (docs/adr/0001-lock.md).
 *
 * Files appear by link(2), complete and never over another one. Each owner has an identifier that is never used again:
 *
 * - `ID`: the claim of a process, what `owner` becomes a link to;
 * - `owner`: the claim of the owner, whoever links it first;
 * - `after-ID`: the claim of the one who follows the dead owner ID. So the owner is found at the end of a chain: the
 *   claim in `owner`, then that in `after-` it, and so on. Nobody but its end may change or remove `owner`.
 *
 * A claim that is being written cannot be read, and nor can one whose writer was killed: who holds the lock removes both,
 * and a writer who lives writes his again.
 *
 * @module
 */

import { join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { pause } from '../../platform/clock.js';
import * as files from '../../platform/files.js';
import { isFolder, makeOneFolder, removeEmptyFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { linkNew, replaceByLink } from '../../platform/links.js';
import { hasEnded, ownIdentity, type ProcessIdentity, uniqueId } from '../../platform/process-identity.js';

interface Claim extends ProcessIdentity {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** How long we look away before we look again, in milliseconds: from the first to the last. */
const pauseMs = { first: 2, last: 50 };

/** Runs an action while holding the lock. Throws PKI_LOCKED where another process holds it for too long. */
export async function withLock<T>(platform: Platform, folder: string, action: () => Promise<T>): Promise<T> {
  const claim: Claim = {
    id: uniqueId(),
    since: platform.clock.now().toISOString(),
    ...ownIdentity(),
  };
  writeClaim(folder, claim);
  try {
    await acquire(platform, folder, claim);
    try {
      sweep(folder);
      return await action();
    } finally {
      // An init --force may have put another folder here, with a lock that is not ours.
      if (readClaim(ownerFile(folder))?.id === claim.id) files.removeFile(ownerFile(folder));
    }
  } finally {
    files.removeFile(join(folder, claim.id));
  }
}

/** As {@link withLock}, and the folder of the lock is gone afterwards, unless others wait. */
export async function withPassingLock<T>(platform: Platform, folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await withLock(platform, folder, action);
  } finally {
    removeEmptyFolder(folder);
  }
}

/** A passing lock can go with its folder just before the claim comes; once that is there it cannot. */
function writeClaim(folder: string, claim: Claim): void {
  for (;;) {
    // Where the folder of a CA is, another one may be put just now: it is not made here.
    makeOneFolder(folder);
    try {
      files.write(join(folder, claim.id), JSON.stringify(claim));
      return;
    } catch (error) {
      // On a full disk an empty one is left.
      files.removeFile(join(folder, claim.id));
      if (isFolder(folder)) throw error;
    }
  }
}

async function acquire({ lockWaitSeconds }: Platform, folder: string, claim: Claim): Promise<void> {
  let waitedMs = 0;
  for (let waitMs = pauseMs.first; !tryAcquire(folder, claim); waitMs = Math.min(2 * waitMs, pauseMs.last)) {
    // So said, a time that is no number ends at once, and not never.
    if (!(waitedMs < lockWaitSeconds * 1000)) throw lockedError(folder, lockWaitSeconds);
    await pause(waitMs);
    waitedMs += waitMs;
  }
}

function tryAcquire(folder: string, claim: Claim): boolean {
  if (link(folder, claim, ownerFile(folder))) return true;
  const chain = readChain(folder);
  const end = chain.at(-1);
  if (end === undefined || (end.claim !== undefined && !hasEnded(end.claim))) return false;
  // Dead. Only one process can link this name; but it may have read of an owner who has been followed already.
  const successor = join(folder, `after-${end.id}`);
  if (!link(folder, claim, successor)) return false;
  const now = readChain(folder);
  if (now.at(-1)?.id !== claim.id) {
    files.removeFile(successor);
    return false;
  }
  tidy(folder, claim, now);
  return true;
}

interface ChainLink {
  readonly id: string;
  /** Undefined for what cannot be read: a crash of the machine can leave an empty file, a living owner cannot. */
  readonly claim: Claim | undefined;
}

/** From `owner` to the one who holds the lock, or is to be followed; empty where nobody does. */
function readChain(folder: string): ChainLink[] {
  const chain: ChainLink[] = [];
  for (let file = ownerFile(folder); ; ) {
    const found = readClaim(file);
    if (found === undefined) return chain;
    chain.push(found);
    file = join(folder, `after-${found.id}`);
  }
}

function readClaim(file: string): ChainLink | undefined {
  const stamp = files.stampOf(file);
  if (stamp === undefined) return undefined;
  try {
    const claim = JSON.parse(files.readTail(file, 4096).toString()) as Claim;
    return { id: claim.id, claim };
  } catch {
    return { id: `unreadable-${stamp.stamp.replaceAll(' ', '-')}`, claim: undefined };
  }
}

/** Makes `owner` tell who holds the lock now, and only then removes the chain that led to it. */
function tidy(folder: string, claim: Claim, chain: readonly ChainLink[]): void {
  replaceByLink(join(folder, claim.id), ownerFile(folder));
  for (const { id } of chain.slice(0, -1)) {
    files.removeFile(join(folder, `after-${id}`));
    files.removeFile(join(folder, id));
  }
}

/** Removes what killed processes have left: claims, whole or not, and links to them that no chain needs any more. */
function sweep(folder: string): void {
  for (const name of files.list(folder)) {
    if (!/^(after-)?([0-9a-f]{24}|unreadable-[\d-]+)(\.new)?$/.test(name)) continue;
    const left = readClaim(join(folder, name));
    if (left !== undefined && (left.claim === undefined || hasEnded(left.claim))) files.removeFile(join(folder, name));
  }
}

/** False where something is at that place; and where our claim was swept away before it was whole, and is there again now. */
function link(folder: string, claim: Claim, place: string): boolean {
  const own = join(folder, claim.id);
  try {
    return linkNew(own, place);
  } catch (error) {
    if (files.exists(own)) throw error;
    writeClaim(folder, claim);
    return false;
  }
}

function ownerFile(folder: string): string {
  return join(folder, 'owner');
}

function lockedError(folder: string, lockWaitSeconds: number): OvsPkiError {
  const owner = readChain(folder).at(-1)?.claim;
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}, since ${owner.since},`;
  return new OvsPkiError('PKI_LOCKED', `${who} holds ${folder}; waited for ${lockWaitSeconds} seconds`, {
    hint: `wait for it to end; if it cannot be running any more, remove its lock: rm -r ${folder}`,
    details: { folder, lockWaitSeconds, owner },
  });
}
