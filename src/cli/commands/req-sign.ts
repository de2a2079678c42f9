import { reqSign } from '../../usecases/certificate/req-sign.js';
import { namesAndTypeOf } from '../options/names.js';
import { keySpecOf, keyWarnings, lifeOf, pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { lineOrText, outcomeOf } from '../outcome/results.js';
import { tellSha256 } from '../outcome/sha256.js';
import { startProgress } from '../render/progress.js';
import { fingerprintText } from '../render/text.js';
import { signedLine } from './sign.js';

export async function run(context: CommandContext<'req+sign'>): Promise<Outcome> {
  const { platform, options } = context;
  const { names, type } = await namesAndTypeOf(context);
  const keySpec = keySpecOf(options);
  const progress = await startProgress('making certificates', names.length);
  const request = {
    pkiDirectory: pkiDirectoryOf(options),
    names,
    type,
    keySpec,
    unique: options.unique === true,
    ...lifeOf(context),
    force: options.force === true,
    onProgress: progress.update,
  };
  const results = await reqSign(platform, request).finally(progress.stop);
  for (const result of results) if ('fingerprint' in result) tellSha256(result.fingerprint);
  const outcome = outcomeOf(results, (result) =>
    lineOrText(names.length === 1, signedLine(result), fingerprintText(result.fingerprint)),
  );
  return { ...outcome, warnings: keyWarnings(keySpec) };
}
