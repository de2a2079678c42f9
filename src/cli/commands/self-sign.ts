import { selfSign } from '../../usecases/self-sign.js';
import { daysOf } from '../common.js';
import { namesOf } from '../names.js';
import type { CommandContext, Outcome } from '../outcome.js';
import { dayText } from '../render/text.js';
import { lineOrText, outcomeOf } from '../results.js';

export async function run(context: CommandContext): Promise<Outcome> {
  const { platform, options } = context;
  const names = await namesOf(context);
  const results = await selfSign(platform, { names, days: daysOf(options), force: options.force === true });
  return outcomeOf(results, ({ name, certificate: { serialNumber, notAfter } }) => {
    const line = `${name}: self-signed, serial ${serialNumber}, valid until ${dayText(notAfter)}`;
    return lineOrText(names.length === 1, line, '');
  });
}
