import { OvsPkiError } from '../../errors.js';
import { writeOut } from '../../platform/output.js';
import { type InitResult, init } from '../../usecases/authority/init.js';
import { textOf } from '../options/fleet.js';
import { newPassphraseOf } from '../options/passphrase.js';
import { daysOf, keySpecOf, keyWarnings, pkiDirectoryOf } from '../options/read.js';
import type { OptionValues } from '../options/specs.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  if (operands.length > 0) throw new OvsPkiError('USAGE', `init takes no arguments, but: ${operands.join(' ')}`);
  const keySpec = keySpecOf(options);
  const passphrase = await passphraseFor(options);
  const [offlineRoot, pkcs11] = [textOf(options, 'offline-root'), textOf(options, 'pkcs11')];
  const result = await init(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    keySpec,
    days: daysOf(options),
    force: options.force === true,
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(pkcs11 === undefined ? {} : { pkcs11 }),
    ...(offlineRoot === undefined ? {} : { offlineRoot }),
    onProgress: (type) => writeOut('stderr', `Creating ${type}ca...\n`),
  });
  const kept = result.kept.map((folder) => `the CA that was there before is kept in ${folder}`);
  return {
    exitStatus: 0,
    text: rootText(result),
    json: { ...result },
    errors: [],
    warnings: [...keyWarnings(keySpec), ...kept],
  };
}

function rootText({ root }: InitResult): string {
  if (root === undefined) return '';
  return `${root.privateKeyFile}: the key of the root, which signs no host: keep it where no network is\n`;
}

/** Throws USAGE for a passphrase that nothing would be encrypted with. */
async function passphraseFor(options: OptionValues): Promise<string | undefined> {
  if (options.pkcs11 !== undefined) {
    if (options['encrypt-key'] === undefined) return undefined;
    throw new OvsPkiError('USAGE', 'keys in a token are guarded by its PIN, not encrypted with a passphrase', {
      hint: 'leave --encrypt-key away',
    });
  }
  if (options['encrypt-key'] === true) return newPassphraseOf(options, 'passphrase', 'of the CA keys');
  if (options['passphrase-file'] === undefined && options['passphrase-fd'] === undefined) return undefined;
  throw new OvsPkiError('USAGE', 'a passphrase is given, and no key is to be encrypted', {
    hint: 'give --encrypt-key too',
  });
}
