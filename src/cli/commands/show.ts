import { OvsPkiError } from '../../errors.js';
import { readStandardInputBytes } from '../../platform/standard-input.js';
import { type Shown, show } from '../../usecases/show.js';
import { pkiDirectoryOf } from '../common.js';
import type { CommandContext, Outcome } from '../outcome.js';
import { passphraseSource } from '../passphrase.js';
import { shownText } from '../render/show.js';
import { outcomeOf } from '../results.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  if (operands.length === 0) {
    throw new OvsPkiError('USAGE', 'show needs a file or a name', { hint: 'ovs-pki-ts show host_1-cert.pem' });
  }
  if (operands.includes('-') && options['passphrase-fd'] === '0') {
    throw new OvsPkiError('USAGE', 'standard input cannot be both what is shown and its passphrase', {
      hint: 'put the passphrase into a file: --passphrase-file FILE',
    });
  }
  const results = await show(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    operands,
    standardInput: readStandardInputBytes,
    passphrase: passphraseSource(options),
  });
  return outcomeOf<Shown>(results, shownText);
}
