/**
 * Second names of files: hard links and symbolic ones.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { OvsPkiError, systemErrorCode } from '../errors.js';
import { orAbsent, writeError } from './file-errors.js';
import { syncFolder } from './folders.js';
import { settleLink } from './ownership.js';

/** What file systems without links answer, such as vfat, vboxsf and many FUSE ones. */
const linkless = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EPROTO'];

/** Gives a file a second name, unless something has that name. False where it has. */
export function linkNew(file: string, name: string): boolean {
  try {
    fs.linkSync(file, name);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw linkError(name, error);
  }
}

/** Throws FILE_UNWRITABLE where a folder is on a file system without hard links: a lock could not be taken there. */
export function requireHardLinks(folder: string): void {
  const file = path.join(folder, `.link-${randomBytes(6).toString('hex')}.tmp`);
  try {
    fs.writeFileSync(file, '', { flag: 'wx' });
    linkNew(file, `${file}.link`);
  } finally {
    for (const name of [file, `${file}.link`]) fs.rmSync(name, { force: true });
  }
}

function linkError(name: string, error: unknown): unknown {
  const code = systemErrorCode(error) ?? '';
  if (!linkless.includes(code)) return writeError(name, error);
  const folder = path.dirname(name);
  return new OvsPkiError('FILE_UNWRITABLE', `${folder} is on a file system without hard links (${code})`, {
    hint: 'locks are hard links: work in a folder of a local file system such as ext4 or xfs; see which this is: df -T .',
    details: { file: name, systemError: code },
    cause: error,
  });
}

/** Gives a file a second name, in place of whatever has that name. */
export function replaceByLink(file: string, name: string): void {
  try {
    fs.linkSync(file, `${file}.new`);
    fs.renameSync(`${file}.new`, name);
  } catch (error) {
    throw linkError(name, error);
  }
}

/** Where a symbolic link leads, as it is written there; undefined for what is none. */
export function linkTarget(file: string): string | undefined {
  return orAbsent(file, () => {
    try {
      // Not looked at first: who asks without the lock of a CA can see a link that is gone a moment later.
      return fs.readlinkSync(file);
    } catch (error) {
      if (systemErrorCode(error) === 'EINVAL') return undefined;
      throw error;
    }
  });
}

/** Makes a name a symbolic link, whatever it was before, durably: at any moment it is the old or the new. */
export function replaceBySymlink(target: string, name: string): void {
  const temporary = path.join(path.dirname(name), `.${path.basename(name)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    fs.symlinkSync(target, temporary);
    settleLink(temporary);
    fs.renameSync(temporary, name);
    syncFolder(path.dirname(name));
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw symlinkError(name, error);
  }
}

/** Throws FILE_UNWRITABLE where a folder is on a file system without symbolic links. */
export function requireSymlinks(folder: string): void {
  const name = path.join(folder, `.link-${randomBytes(6).toString('hex')}.tmp`);
  try {
    fs.symlinkSync('.', name);
  } catch (error) {
    throw symlinkError(name, error);
  } finally {
    fs.rmSync(name, { force: true });
  }
}

function symlinkError(name: string, error: unknown): unknown {
  const code = systemErrorCode(error) ?? '';
  if (!linkless.includes(code)) return writeError(name, error);
  const folder = path.dirname(name);
  return new OvsPkiError('FILE_UNWRITABLE', `${folder} is on a file system without symbolic links (${code})`, {
    hint: 'during a rollover the CA that signs is a symbolic link: work in a folder of a local file system such as ext4 or xfs; see which this is: df -T .',
    details: { file: name, systemError: code },
    cause: error,
  });
}
