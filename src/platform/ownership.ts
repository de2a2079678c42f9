/**
 * Whose a new file is: that of the file whose place it takes, or else that of its folder. So who works once as root in
 * the folder of somebody else does not lock them out.
 *
 * @module
 */

import * as fs from 'node:fs';
import * as path from 'node:path';
import { systemErrorCode } from '../errors.js';

/** Owner, group and mode as they are to be. */
interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const groupWrite = 0o020;

/**
 * Gives an open file that is new to whom it belongs at its place.
 *
 * @param place where it is to be
 * @param isReplacing whether it takes the place of what is there
 * @param mode what was asked for; one that is for the owner alone stays as it is
 */
export function settleFile(
  descriptor: number,
  place: string,
  { isReplacing, mode }: { readonly isReplacing: boolean; readonly mode: number | undefined },
): void {
  const own = fs.fstatSync(descriptor);
  const before = isReplacing ? ownershipOf(place) : undefined;
  const like = before ?? ownershipOf(path.dirname(path.resolve(place)));
  if (like === undefined) return;
  attempt(() => giveTo(own, like, (uid, gid) => fs.fchownSync(descriptor, uid, gid)));
  if (isPrivate(mode)) return;
  const wanted = before === undefined || mode !== undefined ? openedToGroup(own.mode, like.mode, 0o060) : before.mode;
  if (((own.mode ^ wanted) & 0o777) !== 0) attempt(() => fs.fchmodSync(descriptor, wanted & 0o777));
}

/** Gives a new folder to whom the folder belongs that it is in, or is to be in. */
export function settleFolder(place: string, mode: number | undefined, home = path.dirname(path.resolve(place))): void {
  const own = ownershipOf(place);
  const parent = ownershipOf(home);
  if (own === undefined || parent === undefined) return;
  attempt(() => giveTo(own, parent, (uid, gid) => fs.chownSync(place, uid, gid)));
  if (isPrivate(mode)) return;
  const wanted = openedToGroup(own.mode, parent.mode, 0o070);
  if (wanted !== own.mode) attempt(() => fs.chmodSync(place, wanted & 0o7777));
}

/** Gives a new symbolic link to whom its folder belongs. */
export function settleLink(place: string): void {
  const parent = ownershipOf(path.dirname(path.resolve(place)));
  if (parent === undefined) return;
  attempt(() => giveTo(fs.lstatSync(place), parent, (uid, gid) => fs.lchownSync(place, uid, gid)));
}

/** A group that may make files in a folder shares what is in it. */
function openedToGroup(own: number, folder: number, bits: number): number {
  return own | ((folder & groupWrite) === 0 ? 0 : bits);
}

function isPrivate(mode: number | undefined): boolean {
  return mode !== undefined && (mode & 0o077) === 0;
}

/** Only root can give files away; others can share what is theirs with a group that they are in. */
function giveTo(own: Omit<Ownership, 'mode'>, to: Ownership, change: (uid: number, gid: number) => void): void {
  const isRoot = process.geteuid?.() === 0;
  const uid = isRoot ? to.uid : own.uid;
  const gid = isRoot || (to.mode & groupWrite) !== 0 ? to.gid : own.gid;
  if (uid !== own.uid || gid !== own.gid) change(uid, gid);
}

function ownershipOf(place: string): Ownership | undefined {
  return fs.statSync(place, { throwIfNoEntry: false });
}

/** Some file systems know no owners, and root is nobody on some that come over the network: then it stays as it is. */
function attempt(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}
