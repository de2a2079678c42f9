import { OvsPkiError } from '../../errors.js';
import {
  prepareRollover,
  type RolloverRequest,
  type RolloverState,
  retireRollover,
  rolloverStatus,
  switchRollover,
  undoRollover,
} from '../../usecases/rollover.js';
import { daysOf, keySpecOf, pkiDirectoryOf } from '../common.js';
import { textOf } from '../fleet-options.js';
import { typeOf } from '../names.js';
import type { CommandContext, Outcome } from '../outcome.js';
import { rolloverText } from '../render/rollover.js';

type Step = (context: CommandContext, request: RolloverRequest) => Promise<RolloverState>;

const steps: Readonly<Record<string, Step>> = {
  prepare: ({ platform, options }, request) => {
    const offlineRoot = textOf(options, 'offline-root');
    return prepareRollover(platform, {
      ...request,
      days: daysOf(options),
      ...(options.key === undefined && options.bits === undefined ? {} : { keySpec: keySpecOf(options) }),
      ...(offlineRoot === undefined ? {} : { offlineRoot }),
    });
  },
  switch: ({ platform }, request) => switchRollover(platform, request),
  back: ({ platform }, request) => undoRollover(platform, request),
  retire: ({ platform, options }, request) => retireRollover(platform, { ...request, force: options.force === true }),
  status: ({ platform }, request) => rolloverStatus(platform, request),
};

export async function run(context: CommandContext): Promise<Outcome> {
  const { options, operands } = context;
  const [verb = '', type = 'switch', ...more] = operands;
  const step = steps[verb];
  const ca = typeOf(type);
  if (step === undefined || ca === undefined || more.length > 0) {
    throw new OvsPkiError('USAGE', `rollover wants a step: ${Object.keys(steps).join(', ')}; and no more than a type`, {
      hint: 'ovs-pki-ts rollover prepare',
    });
  }
  const state = await step(context, { pkiDirectory: pkiDirectoryOf(options), type: ca });
  return { exitStatus: 0, text: rolloverText(state), json: { ...state }, errors: [] };
}
