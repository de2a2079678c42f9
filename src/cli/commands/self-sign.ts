import { selfSign } from '../../usecases/certificate/self-sign.js';
import { namesOf } from '../options/names.js';
import { daysOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { lineOrText, outcomeOf } from '../outcome/results.js';
import { dayText } from '../render/text.js';

export async function run(context: CommandContext): Promise<Outcome> {
  const { platform, options } = context;
  const names = await namesOf(context);
  const results = await selfSign(platform, { names, days: daysOf(options), force: options.force === true });
  return outcomeOf(results, ({ name, certificate: { serialNumber, notAfter } }) => {
    const line = `${name}: self-signed, serial ${serialNumber}, valid until ${dayText(notAfter)}`;
    return lineOrText(names.length === 1, line, '');
  });
}
