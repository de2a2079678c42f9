import { selfSign } from '../../usecases/certificate/self-sign.js';
import { namesOf } from '../options/names.js';
import { lifeOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { lineOrText, outcomeOf } from '../outcome/results.js';
import { endText } from '../render/text.js';

export async function run(context: CommandContext<'self-sign'>): Promise<Outcome> {
  const { platform, options } = context;
  const names = await namesOf(context);
  const results = await selfSign(platform, { names, ...lifeOf(context), force: options.force === true });
  return outcomeOf(results, ({ name, certificate }) => {
    const line = `${name}: self-signed, serial ${certificate.serialNumber}, valid until ${endText(certificate)}`;
    return lineOrText(names.length === 1, line, '');
  });
}
