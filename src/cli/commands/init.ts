import { OvsPkiError } from '../../errors.js';
import { writeOut } from '../../platform/output.js';
import { type InitResult, init } from '../../usecases/authority/init.js';
import { passphraseFor } from '../options/passphrase.js';
import { keySpecOf, keyWarnings, lifeOf, pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ platform, options, operands }: CommandContext<'init'>): Promise<Outcome> {
  if (operands.length > 0) throw new OvsPkiError('USAGE', `init takes no arguments, but: ${operands.join(' ')}`);
  const keySpec = keySpecOf(options);
  const passphrase = await passphraseFor(options);
  const { 'offline-root': offlineRoot, pkcs11, subject, 'crl-url': crlUrl, 'ca-url': caUrl } = options;
  const result = await init(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    keySpec,
    ...lifeOf({ platform, options }),
    force: options.force === true,
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(pkcs11 === undefined ? {} : { pkcs11 }),
    ...(subject === undefined ? {} : { subject }),
    ...(crlUrl === undefined ? {} : { crlUrl }),
    ...(caUrl === undefined ? {} : { caUrl }),
    ...(offlineRoot === undefined ? {} : { offlineRoot }),
    onProgress: (type) => writeOut('stderr', `Creating ${type}ca...\n`),
  });
  const kept = result.kept.map(
    (folder) =>
      `${/profile\.conf\.old-[^/]*$/.test(folder) ? 'what' : 'the CA that'} was there before is kept in ${folder}`,
  );
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
