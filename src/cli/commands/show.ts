import { OvsPkiError } from '../../errors.js';
import { readStandardInputBytes } from '../../platform/standard-input.js';
import { type Shown, show } from '../../usecases/certificate/show.js';
import { passphraseSource } from '../options/passphrase.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { shownText } from '../render/show.js';

export async function run({ platform, options, operands }: CommandContext<'show'>): Promise<Outcome> {
  if (operands.length === 0) {
    throw new OvsPkiError('USAGE', 'show needs a file or a name', { hint: 'ovs-pki-ts show host_1-cert.pem' });
  }
  const results = await show(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    operands,
    standardInput: readStandardInputBytes,
    passphrase: passphraseSource(options),
  });
  return outcomeOf<Shown>(results, shownText);
}
