import { OvsPkiError } from '../../errors.js';
import { fingerprint } from '../../usecases/certificate/fingerprint.js';
import { orRefused } from '../../usecases/summary.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { tellSha256 } from '../outcome/sha256.js';
import { fingerprintText } from '../render/text.js';

export async function run({ platform, operands }: CommandContext<'fingerprint'>): Promise<Outcome> {
  if (operands.length === 0) throw new OvsPkiError('USAGE', 'fingerprint needs the name of a file');
  const results = await Promise.all(
    operands.map((file) =>
      orRefused(file, async () => ({ outcome: 'done', ...(await fingerprint(platform, { file })) }) as const),
    ),
  );
  for (const result of results) if ('sha256' in result) tellSha256(result);
  return outcomeOf(results, fingerprintText);
}
