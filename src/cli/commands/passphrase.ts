import { OvsPkiError } from '../../errors.js';
import { changePassphrase } from '../../usecases/authority/passphrase.js';
import { onlyTypeOf } from '../options/names.js';
import { newPassphraseOf } from '../options/passphrase.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run(context: CommandContext<'passphrase'>): Promise<Outcome> {
  const { platform, options } = context;
  const type = onlyTypeOf(context);
  const isRemoved = options.remove === true;
  if (isRemoved && (options['new-passphrase-file'] ?? options['new-passphrase-fd']) !== undefined) {
    throw new OvsPkiError('USAGE', 'a passphrase is either removed or set anew');
  }
  const { outcome, privateKeyFile } = await changePassphrase(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type,
    newPassphrase: isRemoved ? undefined : () => newPassphraseOf(options, 'new-passphrase', `of the key of ${type}ca`),
  });
  const text = { encrypted: 'encrypted with the new passphrase', plain: 'a plain file now, without a passphrase' };
  return {
    exitStatus: 0,
    text: `${privateKeyFile}: ${text[outcome]}\n`,
    json: { type, outcome, privateKeyFile },
    errors: [],
  };
}
