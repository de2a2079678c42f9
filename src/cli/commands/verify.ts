import { writeOut } from '../../platform/output.js';
import { visible } from '../../platform/visible.js';
import { type Verified, verify } from '../../usecases/certificate/verify.js';
import { namesAndTypeOf } from '../options/names.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';

export async function run(context: CommandContext<'verify'>): Promise<Outcome> {
  const { platform, options } = context;
  const { names, type } = await namesAndTypeOf(context);
  const results = await verify(platform, { pkiDirectory: pkiDirectoryOf(options), names, type });
  const outcome = outcomeOf<Verified>(results, ({ file, outcome }) => (outcome === 'valid' ? `${file}: OK\n` : ''));
  const invalid = results.filter((result): result is Verified => result.outcome === 'invalid');
  for (const { file, reasons } of invalid) {
    writeOut('stderr', `${file}: not valid\n${reasons.map(({ message }) => `  ${visible(message)}\n`).join('')}`);
  }
  return { ...outcome, exitStatus: outcome.exitStatus || (invalid.length > 0 ? 4 : 0) };
}
