import { OvsPkiError } from '../../errors.js';
import { writeOut } from '../../platform/output.js';
import { init } from '../../usecases/init.js';
import { daysOf, keySpecOf, keyWarnings, pkiDirectoryOf } from '../common.js';
import type { CommandContext, Outcome } from '../outcome.js';

export async function run({ platform, options, operands }: CommandContext): Promise<Outcome> {
  if (operands.length > 0) throw new OvsPkiError('USAGE', `init takes no arguments, but: ${operands.join(' ')}`);
  const keySpec = keySpecOf(options);
  const result = await init(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    keySpec,
    days: daysOf(options),
    force: options.force === true,
    onProgress: (type) => writeOut('stderr', `Creating ${type}ca...\n`),
  });
  const kept = result.kept.map((folder) => `the CA that was there before is kept in ${folder}`);
  return { exitStatus: 0, text: '', json: { ...result }, errors: [], warnings: [...keyWarnings(keySpec), ...kept] };
}
