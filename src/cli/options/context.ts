/**
 * A call of a command, as functions that several commands share see it.
 *
 * @module
 */

import type { Platform } from '../../platform/index.js';
import type { OptionName, Options } from './specs.js';

/** What such a function needs of a call. */
export interface Context<Name extends OptionName> {
  readonly platform: Platform;
  readonly options: Options<Name>;
  readonly operands: readonly string[];
}
