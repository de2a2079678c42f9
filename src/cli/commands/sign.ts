import { OvsPkiError } from '../../errors.js';
import { readFile } from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { writeOut } from '../../platform/output.js';
import { readStandardInputBytes } from '../../platform/standard-input.js';
import type { Signed } from '../../usecases/certificate/deliver.js';
import { type FingerprintResult, fingerprint, fingerprintOf } from '../../usecases/certificate/fingerprint.js';
import { sign } from '../../usecases/certificate/sign.js';
import { leftOutOf, signForeign } from '../../usecases/certificate/sign-foreign.js';
import { parseFileName } from '../../usecases/inputs.js';
import { orRefused, type Refused } from '../../usecases/summary.js';
import { fileAndTypeOf, namesAndTypeOf } from '../options/names.js';
import { confirm } from '../options/prompt.js';
import { lifeOf, pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { startProgress } from '../render/progress.js';
import { endText, fingerprintText, sha256Line, warningText } from '../render/text.js';

export async function run(context: CommandContext<'sign'>): Promise<Outcome> {
  const { platform, options } = context;
  if (options.as !== undefined || options['key-only'] === true) return runForeign(context);
  const { names, type } = await namesAndTypeOf(context);
  const isSingle = names.length === 1;
  const shown = isSingle || options.batch !== true ? await showFingerprints(platform, names) : [];
  const single =
    isSingle && options.batch === true
      ? shown.map((item) => ('file' in item ? fingerprintText(item) : '')).join('')
      : '';
  const refused: Refused[] = shown.filter((item): item is Refused => 'error' in item);
  const confirmed = new Map<string, string>();
  if (options.batch !== true) {
    for (const [index, item] of shown.entries()) {
      if ('error' in item) continue;
      const name = names[index] as string;
      writeOut('stderr', fingerprintText(item) + sha256Line(item));
      if (await confirm('Does fingerprint match? (yes/no)', '--batch')) confirmed.set(name, item.sha256);
      else refused.push({ name, outcome: 'refused', error: rejected(name) });
    }
  }
  const rejectedNames = new Set(refused.map(({ name }) => name));
  const accepted = names.filter((name) => !rejectedNames.has(name));
  const progress = await startProgress('signing', accepted.length);
  const request = {
    pkiDirectory: pkiDirectoryOf(options),
    names: accepted,
    type,
    ...lifeOf(context),
    force: options.force === true,
    confirmed,
    onProgress: progress.update,
  };
  const signed = accepted.length > 0 ? await sign(platform, request).finally(progress.stop) : [];
  const outcome = outcomeOf<Signed>(inOrder(names, [...signed, ...refused]), (result) =>
    isSingle ? '' : `${signedLine(result)}\n`,
  );
  return { ...outcome, text: single + outcome.text };
}

/** One request from a file of any name. */
async function runForeign(context: CommandContext<'sign'>): Promise<Outcome> {
  const { platform, options } = context;
  const { names, type } = await fileAndTypeOf(context);
  const [operand = '', ...more] = names;
  if (more.length > 0 || options.names !== undefined) {
    throw new OvsPkiError('USAGE', '--as and --key-only go with one request', {
      hint: 'ovs-pki-ts sign FILE --as host_1 --key-only',
    });
  }
  const file = options.as === undefined ? parseFileName(operand).requestFile : operand;
  const request = {
    pkiDirectory: pkiDirectoryOf(options),
    file: file === standardStream ? 'standard input' : file,
    content: file === standardStream ? await readStandardInputBytes() : readFile(file),
    name: options.as ?? operand,
    keyOnly: options['key-only'] === true,
    type,
    ...lifeOf(context),
    force: options.force === true,
  };
  const fingerprints = fingerprintText(fingerprintOf(request.file, request.content));
  const warnings = leftOutOf(request).map((what) => `left out of the certificate of ${request.name}: ${what}`);
  if (options.batch !== true) {
    writeOut('stderr', [fingerprints, ...warnings.map(warningText)].join(''));
    if (!(await confirm('Does fingerprint match? (yes/no)', '--batch'))) throw rejected(request.name);
  }
  const outcome = outcomeOf<Signed>([await orRefused(request.name, () => signForeign(platform, request))], () => '');
  return options.batch === true ? { ...outcome, text: fingerprints, warnings } : outcome;
}

/** `host_1: signed by switchca, serial 5F…, valid until 2036-11-19`. */
export function signedLine({ name, type, certificate }: Signed): string {
  const { serialNumber } = certificate;
  return `${name}: signed by ${type}ca, serial ${serialNumber}, valid until ${endText(certificate)}`;
}

function showFingerprints(platform: Platform, names: readonly string[]): Promise<(FingerprintResult | Refused)[]> {
  return Promise.all(
    names.map((name) => orRefused(name, () => fingerprint(platform, { file: parseFileName(name).requestFile }))),
  );
}

function rejected(name: string): OvsPkiError {
  return new OvsPkiError('FINGERPRINT_REJECTED', `${name} was not signed: its fingerprint does not match`, {
    hint: 'get the request again from the host, and compare the fingerprint that "ovs-pki-ts req" printed there',
  });
}

function inOrder<Item extends { readonly name: string }>(names: readonly string[], items: readonly Item[]): Item[] {
  const byName = new Map(items.map((item) => [item.name, item]));
  return names.flatMap((name) => byName.get(name) ?? []);
}
