import { OvsPkiError } from '../../errors.js';
import { replaceFile } from '../../platform/files.js';
import { visible } from '../../platform/visible.js';
import { type CheckRequest, type CheckResult, check } from '../../usecases/check/check.js';
import { repair } from '../../usecases/check/repair.js';
import { parsePeriod } from '../../usecases/inputs.js';
import type { CommandOptions } from '../options/commands.js';
import { pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { checkText, nagiosFailure, nagiosText } from '../render/check.js';
import { errorJson } from '../render/json.js';
import { prometheusText } from '../render/prometheus.js';

/** What plugins of Nagios end with. */
const nagiosStatus = { ok: 0, warning: 1, critical: 2 } as const;
const nagiosUnknown = 3;

export async function run(context: CommandContext<'check'>): Promise<Outcome> {
  const isNagios = context.options.nagios === true;
  if (context.options.repair === true) return repairOutcome(context);
  try {
    const result = await checkAndWrite(context);
    const { outcome, reasons, unchecked, checkedAt, authorities, failures } = result;
    const [failure] = failures;
    return {
      exitStatus: isNagios ? nagiosStatus[outcome] : (failure?.exitStatus ?? (outcome === 'ok' ? 0 : 4)),
      text: isNagios ? nagiosText(result, requestOf(context)) : checkText(result, context.options.dir),
      json: { outcome, checkedAt, reasons, unchecked, authorities, ...(failure && { error: failure, failures }) },
      errors: failures,
      warnings: unchecked.map((reason) => `not checked: ${reason}`),
      ...(context.options.prometheus === standardStream ? { content: prometheusText(result) } : {}),
    };
  } catch (error) {
    if (!isNagios || !(error instanceof OvsPkiError)) throw error;
    return { exitStatus: nagiosUnknown, text: nagiosFailure(error), json: { error: errorJson(error) }, errors: [] };
  }
}

async function repairOutcome(context: CommandContext<'check'>): Promise<Outcome> {
  const { pkiDirectory, type, files = [] } = requestOf(context);
  if (files.length > 0) {
    throw new OvsPkiError('USAGE', '--repair puts the folders of CAs right, and not files', {
      hint: 'ovs-pki-ts check --repair switch',
    });
  }
  const repaired = await repair(context.platform, { pkiDirectory, type });
  const lines = repaired.flatMap(({ found, left, type: one }) => {
    const isLeft = (kind: string, about: string): boolean =>
      left.some((item) => item.kind === kind && item.about === about);
    const told = found.map(({ kind, about, message }) => {
      return `${isLeft(kind, about) ? 'left as it is' : 'repaired'}: ${about}: ${visible(message)}`;
    });
    return found.length === 0
      ? [`${one}ca: nothing to repair`]
      : [...told, `${one}ca: now make a CRL: ovs-pki-ts crl ${one}`];
  });
  const isDone = repaired.every(({ left }) => left.every(({ kind }) => kind === 'crl-older'));
  return {
    exitStatus: isDone ? 0 : 4,
    text: lines.map((line) => `${line}\n`).join(''),
    json: { repaired },
    errors: [],
  };
}

async function checkAndWrite(context: CommandContext<'check'>): Promise<CheckResult> {
  const { nagios, prometheus } = context.options;
  // A plugin answers UNKNOWN, and metrics stay as they were, where a CA could not be looked at.
  const goOn = nagios === undefined && prometheus === undefined;
  const result = await check(context.platform, { ...requestOf(context), goOn });
  if (prometheus !== undefined && prometheus !== standardStream) replaceFile(prometheus, prometheusText(result));
  return result;
}

/** @throws USAGE where what is checked has no certificates of hosts */
function inventoryOf(
  { inventory }: CommandOptions<'check'>,
  files: readonly string[],
  type: string | undefined,
): string | undefined {
  if (inventory === undefined || (files.length === 0 && type !== 'controller')) return inventory;
  throw new OvsPkiError('USAGE', '--inventory is held against the CA whose certificates hosts have', {
    hint: `ovs-pki-ts check switch --inventory ${inventory}`,
  });
}

function requestOf({ options, operands }: CommandContext<'check'>): CheckRequest {
  const [first, ...more] = operands;
  const isType = first === 'switch' || first === 'controller';
  if (isType && more.length > 0) {
    throw new OvsPkiError('USAGE', 'check takes a type or files, not both', {
      hint: `files are looked at by themselves: ovs-pki-ts check ${more[0]}`,
    });
  }
  const warnMs = parsePeriod(options.warn ?? '30d');
  const criticalMs = parsePeriod(options.critical ?? '7d');
  if (criticalMs > warnMs) {
    throw new OvsPkiError('USAGE', 'what is critical must come after the warning', {
      hint: 'such as: --warn 30d --critical 7d',
    });
  }
  const files = isType ? [] : operands;
  const inventory = inventoryOf(options, files, first);
  return {
    pkiDirectory: pkiDirectoryOf(options),
    type: isType ? first : undefined,
    files,
    folder: '.',
    inventory,
    warnMs,
    criticalMs,
  };
}
