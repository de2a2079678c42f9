import { req } from '../../usecases/certificate/req.js';
import { namesOf } from '../options/names.js';
import { keySpecOf, keyWarnings, pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { lineOrText, outcomeOf } from '../outcome/results.js';
import { tellSha256 } from '../outcome/sha256.js';
import { startProgress } from '../render/progress.js';
import { fingerprintText } from '../render/text.js';

export async function run(context: CommandContext<'req'>): Promise<Outcome> {
  const { platform, options } = context;
  const names = await namesOf(context);
  const keySpec = keySpecOf(options);
  const progress = await startProgress('making keys', names.length);
  progress.update(0, names.length);
  const request = {
    names,
    keySpec,
    pkiDirectory: pkiDirectoryOf(options),
    unique: options.unique === true,
    force: options.force === true,
  };
  const results = await req(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  for (const result of results) if ('fingerprint' in result) tellSha256(result.fingerprint);
  const outcome = outcomeOf(results, (result) =>
    lineOrText(
      names.length === 1,
      `${result.name}: made ${result.requestFile}, fingerprint ${result.fingerprint.sha1}`,
      fingerprintText(result.fingerprint),
    ),
  );
  return { ...outcome, warnings: keyWarnings(keySpec) };
}
