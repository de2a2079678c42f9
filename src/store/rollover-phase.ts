/**
 * How far the rollover of a CA has got, as its files say it.
 *
 * @module
 */

import { join } from 'node:path';
import * as files from '../platform/files.js';
import { linkTarget } from '../platform/links.js';
import type { CaLayout } from './layout.js';

/** `prepared`: the old CA signs, and the new one is there; `switched`: the new one signs. */
export type RolloverPhase = 'prepared' | 'switched';

/** The symbolic link in the folder of a rollover that leads to the CA that signs, once it has been made. */
export function signingLink({ rollover }: CaLayout): string {
  return join(rollover, 'signing');
}

/** Undefined where there is no rollover. */
export function rolloverPhase(layout: CaLayout): RolloverPhase | undefined {
  if (!files.isFolder(layout.rollover)) return undefined;
  return linkTarget(signingLink(layout)) === 'new' ? 'switched' : 'prepared';
}
