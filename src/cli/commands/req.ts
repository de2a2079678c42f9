import { req } from '../../usecases/req.js';
import { keySpecOf, keyWarnings } from '../common.js';
import { namesOf } from '../names.js';
import type { CommandContext, Outcome } from '../outcome.js';
import { startProgress } from '../render/progress.js';
import { fingerprintText } from '../render/text.js';
import { lineOrText, outcomeOf } from '../results.js';

export async function run(context: CommandContext): Promise<Outcome> {
  const { platform, options } = context;
  const names = await namesOf(context);
  const keySpec = keySpecOf(options);
  const progress = await startProgress('making keys', names.length);
  progress.update(0, names.length);
  const request = { names, keySpec, unique: options.unique === true, force: options.force === true };
  const results = await req(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const outcome = outcomeOf(results, (result) =>
    lineOrText(
      names.length === 1,
      `${result.name}: made ${result.requestFile}, fingerprint ${result.fingerprint.sha1}`,
      fingerprintText(result.fingerprint),
    ),
  );
  return { ...outcome, warnings: keyWarnings(keySpec) };
}
