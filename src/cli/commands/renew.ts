import { OvsPkiError } from '../../errors.js';
import { absolutePath } from '../../platform/files.js';
import { visible } from '../../platform/visible.js';
import { renew } from '../../usecases/certificate/renew.js';
import type { Renewed } from '../../usecases/certificate/renewal.js';
import { parsePeriod } from '../../usecases/inputs.js';
import type { Skipped } from '../../usecases/summary.js';
import { namesAndTypeOf, onlyTypeOf } from '../options/names.js';
import { givenLifeOf, keySpecOf, pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { afterwards, type Facts, programAfter } from '../outcome/run-after.js';
import { startProgress } from '../render/progress.js';
import { endText } from '../render/text.js';

/** Before which a certificate is not due. */
const defaultBefore = '30d';

export async function run(context: CommandContext<'renew'>): Promise<Outcome> {
  const { platform, options } = context;
  const isDue = options.due === true;
  refuseMixtures(context);
  const program = programAfter(context);
  const { names, type } = isDue ? { names: [], type: onlyTypeOf(context) } : await namesAndTypeOf(context);
  const before = options.before ?? defaultBefore;
  const rekey = options.rekey === true;
  const progress = await startProgress(rekey ? 'making keys' : 'renewing', names.length);
  const results = await renew(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type,
    names,
    dueWithinMs: isDue ? parsePeriod(before) : undefined,
    rekey,
    keySpec: options.key === undefined && options.bits === undefined ? undefined : keySpecOf(options),
    ...(givenLifeOf(context) ?? {}),
    revokeOld: options['revoke-old'] === true,
    onProgress: progress.update,
  }).finally(progress.stop);
  const outcome = outcomeOf<Renewed | Skipped>(results, (result) => `${line(result)}\n`);
  const told = results.length === 0 ? { ...outcome, text: `nothing expires within ${before}\n` } : outcome;
  const made = results.filter((result): result is Renewed => result.outcome === 'renewed');
  return afterwards(context, program, told, made.length === 0 ? undefined : factsOf(made, type));
}

function factsOf(made: readonly Renewed[], type: string): Facts {
  return {
    COMMAND: 'renew',
    TYPE: type,
    COUNT: String(made.length),
    NAMES: made.map(({ name }) => name),
    FILES: made.map(({ certificateFile }) => absolutePath(certificateFile)),
    SERIALS: made.map(({ certificate }) => certificate.serialNumber),
  };
}

function refuseMixtures({ operands, options }: CommandContext<'renew'>): void {
  const isDue = options.due === true;
  if (isDue && options.names !== undefined) throw usage('--due finds the names by itself: --names does not go with it');
  if (!isDue && options.before !== undefined) throw usage('--before goes with --due');
  if (options.rekey !== true && (options.key !== undefined || options.bits !== undefined)) {
    throw usage('--key and --bits are for new keys, and go with --rekey');
  }
  if (isDue && operands.length > 1) throw usage('--due finds the names by itself: names do not go with it');
}

function line(result: Renewed | Skipped): string {
  if (result.outcome === 'skipped') return `${result.name}: skipped: ${visible(result.reason)}`;
  const { name, rekeyed, recovered, certificate, revokedOld = [] } = result;
  const how = `${rekeyed ? ' with a new key' : ''}${recovered ? ', after an interruption' : ''}`;
  return `${name}: renewed${how}, serial ${certificate.serialNumber}, valid until ${endText(certificate)}${
    revokedOld.length === 0 ? '' : `; revoked ${revokedOld.join(', ')}`
  }`;
}

function usage(message: string): OvsPkiError {
  return new OvsPkiError('USAGE', message, { hint: 'ovs-pki-ts renew --help' });
}
