/**
 * Keys that wait for a certificate of another CA: put into the PKI directory as a whole, and taken away.
 *
 * @module
 */

import { join, resolve } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { encodePem } from '../../pki/pem.js';
import type { CertificateType } from '../../pki/profile.js';
import * as files from '../../platform/files.js';
import { isFolder, moveFolder, removeTree, stageFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { requireHardLinks } from '../../platform/links.js';
import type { WaitingKey } from '../ca/waiting.js';
import { caLayout, requestFolder } from '../layout.js';
import { type NewCa, writeKey } from './new-ca.js';

/** A key that is to wait. */
export interface NewWaiting {
  readonly key: NewCa['key'];
  /** DER. */
  readonly request: Uint8Array;
}

/**
 * Lets a key wait, in place of one that waits already only with `force`: that one is gone then.
 *
 * @returns where its request is
 * @throws FILE_EXISTS, FILE_UNWRITABLE
 */
export function placeWaiting(
  platform: Platform,
  pkiDirectory: string,
  type: CertificateType,
  { key, request }: NewWaiting,
  force: boolean,
): string {
  const place = resolve(requestFolder(pkiDirectory, type));
  const { folder: beside, stage } = stageFolder(place);
  try {
    requireHardLinks(beside);
    const layout = caLayout(beside);
    writeKey(layout, key);
    files.createFile(layout.request, encodePem('CERTIFICATE REQUEST', request));
    if (force && isFolder(place)) moveFolder(place, join(stage, 'old'));
    moveFolder(beside, place);
  } catch (error) {
    throw error instanceof OvsPkiError && error.code === 'FILE_EXISTS' ? waitsAlready(pkiDirectory, type) : error;
  } finally {
    removeTree(stage);
  }
  const file = caLayout(requestFolder(pkiDirectory, type)).request;
  platform.log.write(`a key waits for its certificate: ${file}`);
  return file;
}

/** Takes the folder away, once the key is where its certificate is or is given up. */
export function dropWaiting(platform: Platform, { layout: { folder } }: WaitingKey): void {
  removeTree(folder);
  platform.log.write(`removed ${folder}`);
}

export function waitsAlready(pkiDirectory: string, type: CertificateType): OvsPkiError {
  const { folder, request } = caLayout(requestFolder(pkiDirectory, type));
  return new OvsPkiError('FILE_EXISTS', `a key waits for its certificate already: ${request}`, {
    hint: `have that request signed; or give its key up and make another one with --force: a certificate for it is of no use then`,
    details: { folder },
  });
}
