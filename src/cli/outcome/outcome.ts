/**
 * What a command gets, and what it gives back to be printed.
 *
 * @module
 */

import type { OvsPkiError } from '../../errors.js';
import type { Platform } from '../../platform/index.js';
import type { CommandName, CommandOptions } from '../options/commands.js';
import type { Pieces } from '../render/list.js';

/** What a command gets. */
export interface CommandContext<Name extends CommandName> {
  readonly platform: Platform;
  readonly options: CommandOptions<Name>;
  readonly operands: readonly string[];
}

/** One result in its two forms, the refusals among it, and the exit status. */
export interface Outcome {
  readonly exitStatus: number;
  /** For standard output; ends in a newline unless it is empty. */
  readonly text: string;
  /** What goes into the JSON document, under `results` or as the keys of it. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Printed to standard error, with their hints. */
  readonly errors: readonly OvsPkiError[];
  readonly warnings?: readonly string[];
  /** A file that was asked for on standard output, which holds nothing else then. */
  readonly content?: string | Uint8Array;
  /** For a result that is too large to be held: what is printed in place of text or JSON. */
  readonly pieces?: Pieces;
}

export type Command<Name extends CommandName> = (context: CommandContext<Name>) => Promise<Outcome>;
