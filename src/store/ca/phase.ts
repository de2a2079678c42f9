/**
 * How far the rollover of a CA has got, as its files say it.
 *
 * @module
 */

import { join } from 'node:path';
import * as files from '../../platform/files.js';
import { isFolder, removeTree } from '../../platform/folders.js';
import { linkTarget } from '../../platform/links.js';
import type { CaLayout } from '../layout.js';

/** `prepared`: the old CA signs, and the new one is there; `switched`: the new one signs. */
export type RolloverPhase = 'prepared' | 'switched';

/** The symbolic link in the folder of a rollover that leads to the CA that signs, once it has been made. */
export function signingLink({ rollover }: CaLayout): string {
  return join(rollover, 'signing');
}

/** Takes away what an interrupted step has left, for there are keys in it. The lock must be held. */
export function removeLeftovers({ folder, rollover, certificate, privateKey }: CaLayout): void {
  const isLeft = (name: string): boolean =>
    name.startsWith('.rollover.new-') || join(folder, name) === endedFolder(rollover);
  for (const name of files.list(folder).filter(isLeft)) removeTree(join(folder, name));
  for (const name of files.list(rollover)) if (name.startsWith('.')) removeTree(join(rollover, name));
  for (const file of [certificate, privateKey]) files.removeTemporaries(file);
}

/** What the folder of a rollover that has ended is called until it is gone. */
export function endedFolder(rollover: string): string {
  return `${rollover}.ended`;
}

/** Undefined where there is no rollover. */
export function rolloverPhase(layout: CaLayout): RolloverPhase | undefined {
  if (!isFolder(layout.rollover)) return undefined;
  return linkTarget(signingLink(layout)) === 'new' ? 'switched' : 'prepared';
}
