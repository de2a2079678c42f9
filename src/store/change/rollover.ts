/**
 * The rollover of a CA's key, in the folder of the CA. While it lasts, `rollover/` holds both CAs, and `cacert.pem` and
 * `private/cakey.pem` are symbolic links by way of `rollover/signing`: which one signs changes with that one link, so
 * that at no moment, and wherever a run is killed, key and certificate are of different CAs.
 *
 * @module
 */

import { basename, join } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { certificateFileText } from '../../pki/text.js';
import * as files from '../../platform/files.js';
import {
  isFolder,
  makeFolder,
  makeFolderBeside,
  moveFolder,
  openFolderMode,
  removeTree,
} from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { linkTarget, replaceBySymlink, requireSymlinks } from '../../platform/links.js';
import { type Ca, requireSameCa } from '../ca/ca.js';
import { endedFolder, type RolloverPhase, removeLeftovers, rolloverPhase, signingLink } from '../ca/phase.js';
import { retiredFile } from '../ca/retired.js';
import { isKeyInToken } from '../ca/token-key.js';
import { appendAudit, appendOutcomes, auditStamp, type RolloverIntent } from '../journal/audit-log.js';
import { withLock } from '../journal/lock.js';
import { recoverInterrupted } from '../journal/recovery.js';
import { type CaLayout, folderLayout, type Generation, generationLayout, keyFile } from '../layout.js';

/** The CA that is to follow. */
export interface NextCa {
  readonly certificate: Certificate;
  readonly chain: readonly Certificate[];
  /** The text of its key file, or of that with the place of a key that is in a token, as that of the CA that signs. */
  readonly keyFile: string;
  /** Of the key file of the CA that signs when its passphrase was taken for the next one. */
  readonly keyStamp: string | undefined;
}

/**
 * Puts the CA that is to follow beside the one that signs.
 *
 * @throws ROLLOVER_STATE, KEY_MISMATCH, PKI_LOCKED, FILE_UNWRITABLE
 */
export async function placeNext(platform: Platform, ca: Ca, next: NextCa): Promise<void> {
  const { layout } = ca;
  // Before the log says that something begins.
  requireSymlinks(layout.folder);
  await step(platform, ca, undefined, 'prepared', next.certificate, () => {
    if (files.stampOf(ownKeyFile(layout))?.stamp !== next.keyStamp) throw otherPassphrase(ca);
    const beside = makeFolderBeside(layout.rollover);
    try {
      openFolderMode(beside);
      const place = generationLayout({ ...layout, rollover: beside }, 'new');
      const certificates = [next.certificate, ...next.chain].map(certificateFileText).join('');
      writeGeneration(place, keyFile(place, isKeyInToken(layout)), certificates, next.keyFile);
      moveFolder(beside, layout.rollover);
    } finally {
      removeTree(beside);
    }
  });
}

/** Lets the new CA sign. Throws ROLLOVER_STATE, PKI_LOCKED, FILE_UNWRITABLE. */
export function letNewSign(platform: Platform, ca: Ca): Promise<void> {
  const { layout } = ca;
  return step(platform, ca, 'prepared', 'switched', ca.other?.certificate, () => {
    // A "back" that was interrupted can have called it retired.
    if (ca.other !== undefined) files.removeFile(retiredFile(layout, ca.other.certificate));
    linkGenerations(layout);
    replaceBySymlink('new', signingLink(layout));
  });
}

/** Lets the old CA sign again. Throws ROLLOVER_STATE, PKI_LOCKED, FILE_UNWRITABLE. */
export function letOldSign(platform: Platform, ca: Ca): Promise<void> {
  return step(platform, ca, 'switched', 'prepared', ca.certificate, () => {
    // A "retire" that was interrupted has put the new CA there as plain files, and called the old one retired.
    if (ca.other !== undefined) files.removeFile(retiredFile(ca.layout, ca.other.certificate));
    linkGenerations(ca.layout);
    replaceBySymlink('old', signingLink(ca.layout));
  });
}

/** Gives the CA that has not been switched to up. Throws ROLLOVER_STATE, PKI_LOCKED, FILE_UNWRITABLE. */
export function dropNext(platform: Platform, ca: Ca): Promise<void> {
  return step(platform, ca, 'prepared', 'none', ca.other?.certificate, () => retireOther(ca));
}

/** Ends the rollover: the key of the old CA is gone, its certificate is kept to tell hosts whom to trust no more. */
export function retireOld(platform: Platform, ca: Ca): Promise<void> {
  return step(platform, ca, 'switched', 'none', ca.certificate, () => retireOther(ca));
}

function retireOther(ca: Ca): void {
  const { layout, other } = ca;
  if (other !== undefined) {
    makeFolder(layout.retired);
    files.replaceFile(retiredFile(layout, other.certificate), certificateFileText(other.certificate));
  }
  close(ca);
}

async function step(
  platform: Platform,
  ca: Ca,
  from: RolloverPhase | undefined,
  phase: RolloverIntent['phase'],
  next: Certificate | undefined,
  change: () => void,
): Promise<void> {
  const { layout, type } = ca;
  await withLock(platform, layout.lock, async () => {
    requireSameCa(ca);
    recoverInterrupted(platform, ca);
    if (rolloverPhase(layout) !== from || (phase !== 'prepared' && next === undefined)) throw otherState(ca);
    // Meanwhile the next CA can have been given up and another one prepared.
    if (ca.other !== undefined) requireSameCa(ca.other);
    removeLeftovers(layout);
    const serialNumber = next?.serialNumber ?? ca.certificate.serialNumber;
    const entry = { ...auditStamp(platform), action: 'rollover', serialNumber } as const;
    appendAudit(layout.auditLog, [{ ...entry, event: 'intent', type, phase }]);
    change();
    appendOutcomes(layout.auditLog, [{ ...entry, event: 'recorded' }]);
    platform.log.write(`rollover of ${type}ca: ${phase}`);
  });
}

function writeGeneration(
  place: CaLayout,
  keyPlace: string,
  certificates: string | Uint8Array,
  key: string | Uint8Array,
): void {
  makeFolder(place.privateFolder);
  makeFolder(place.privateFolder, 0o700);
  files.createFile(keyPlace, key, 0o600);
  files.createFile(place.certificate, certificates);
}

/** The files of the CA become links to what they are copies of: nothing changes for whoever reads them. */
function linkGenerations(layout: CaLayout): void {
  const signing: Generation = rolloverPhase(layout) === 'switched' ? 'new' : 'old';
  const own = ownKeyFile(layout);
  if (!isFolder(join(layout.rollover, 'old'))) {
    const beside = makeFolderBeside(join(layout.rollover, 'old'));
    openFolderMode(beside);
    const place = folderLayout(layout, beside);
    const keyPlace = keyFile(place, isKeyInToken(layout));
    writeGeneration(place, keyPlace, files.readFile(layout.certificate), files.readFile(own));
    moveFolder(beside, join(layout.rollover, 'old'));
  }
  if (linkTarget(signingLink(layout)) === undefined) replaceBySymlink(signing, signingLink(layout));
  if (linkTarget(layout.certificate) === undefined) {
    replaceBySymlink('rollover/signing/cacert.pem', layout.certificate);
  }
  if (linkTarget(own) === undefined) replaceBySymlink(`../rollover/signing/private/${basename(own)}`, own);
}

function ownKeyFile(layout: CaLayout): string {
  return keyFile(layout, isKeyInToken(layout));
}

/** The CA that signs is in plain files again, and the other one gone with its key and its list. */
function close({ layout, other }: Ca): void {
  const own = ownKeyFile(layout);
  if (linkTarget(own) !== undefined) files.replaceFile(own, files.readFile(own), 0o600);
  if (linkTarget(layout.certificate) !== undefined) {
    files.replaceFile(layout.certificate, files.readFile(layout.certificate));
  }
  if (other !== undefined) files.removeFile(other.layout.crl);
  moveFolder(layout.rollover, endedFolder(layout.rollover));
  removeTree(endedFolder(layout.rollover));
}

function otherPassphrase({ layout }: Ca): OvsPkiError {
  return new OvsPkiError(
    'KEY_MISMATCH',
    `${layout.privateKey} was changed by somebody else meanwhile; nothing was done`,
    {
      hint: 'run the command again, with the passphrase that the key has now',
      details: { file: layout.privateKey },
    },
  );
}

const standing: Readonly<Record<RolloverPhase | 'none', string>> = {
  none: 'no rollover of CA is under way; "prepare" begins one',
  prepared: 'the next key of CA is there; "switch" or "back" comes next',
  switched: 'the next key of CA signs already; "retire" or "back" comes next',
};

function otherState({ type, layout }: Ca): OvsPkiError {
  const what = standing[rolloverPhase(layout) ?? 'none'].replace('CA', `${type}ca`);
  return new OvsPkiError('ROLLOVER_STATE', what, {
    hint: `see where it is: ovs-pki-ts rollover status ${type}`,
    details: { folder: layout.folder },
  });
}
