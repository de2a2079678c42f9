/**
 * `show FILE|NAME|-`: what is in a file, the fields first that people look for.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Content, readContents } from '../../pki/content.js';
import { parseFileName } from '../../pki/file-name.js';
import * as files from '../../platform/files.js';
import { isFolder } from '../../platform/folders.js';
import type { Platform } from '../../platform/index.js';
import { newestOfName } from '../../store/index/newest.js';
import { orRefused, type Refused } from '../summary.js';
import type { ShownContent } from './shown.js';
import { shownContent } from './shown-content.js';

export type { ShownContent } from './shown.js';

/** What is to be shown. */
export interface ShowRequest {
  /** Where certificates are looked for whose file is not here. */
  readonly pkiDirectory: string;
  /** Files, or names of hosts, or `-` for what `standardInput` gives. */
  readonly operands: readonly string[];
  /** Called for `-`, once. */
  readonly standardInput: () => Promise<Uint8Array>;
  /** Called for what is encrypted, and only then, with what that is. */
  readonly passphrase: (what: string) => Promise<string>;
}

/** What one operand stands for. */
export interface Shown {
  readonly outcome: 'shown';
  readonly name: string;
  readonly file: string;
  readonly contents: readonly ShownContent[];
}

/** A result for each operand, in the order given. */
export async function show(platform: Platform, request: ShowRequest): Promise<(Shown | Refused)[]> {
  const results: (Shown | Refused)[] = [];
  // One after the other: a person can be asked for one passphrase at a time.
  for (const operand of request.operands)
    results.push(await orRefused(operand, () => showOne(platform, request, operand)));
  return results;
}

async function showOne({ clock }: Platform, request: ShowRequest, name: string): Promise<Shown> {
  const file = name === '-' ? 'standard input' : fileOf(request.pkiDirectory, name);
  const bytes = name === '-' ? await request.standardInput() : files.readFile(file);
  const contents: Content[] = await readContents(bytes, file, () => request.passphrase(file));
  return { outcome: 'shown', name, file, contents: contents.map((content) => shownContent(content, clock.now())) };
}

/** The file itself, or NAME-cert.pem here, or the newest certificate of that name in the PKI directory. */
function fileOf(pkiDirectory: string, operand: string): string {
  if (files.exists(operand) && !isFolder(operand)) return operand;
  let name: ReturnType<typeof parseFileName>;
  try {
    name = parseFileName(operand);
  } catch (error) {
    if (error instanceof OvsPkiError) return operand;
    throw error;
  }
  if (files.exists(name.certificateFile)) return name.certificateFile;
  const issued = name.name === operand ? newestOfName(pkiDirectory, operand) : undefined;
  if (issued !== undefined) return issued;
  if (files.exists(operand)) return operand;
  throw new OvsPkiError(
    'FILE_NOT_FOUND',
    `there is no file ${operand} or ${name.certificateFile}, and no certificate of that name in ${pkiDirectory}`,
    {
      hint: 'see which there are: ovs-pki-ts list',
      details: { file: operand },
    },
  );
}
