import { OvsPkiError } from '../../errors.js';
import { type ListState, list, listStates } from '../../usecases/certificate/list.js';
import { parseMoment } from '../../usecases/inputs.js';
import { onlyTypeOf } from '../options/names.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { listJson, listTable } from '../render/list.js';

export async function run(context: CommandContext<'list'>): Promise<Outcome> {
  const { platform, options, operands } = context;
  const before = options['expires-before'];
  const rows = await list(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: operands.length === 0 ? undefined : onlyTypeOf(context),
    states: (options.state ?? []).map(stateOf),
    name: options.name,
    expiresBefore: before === undefined ? undefined : parseMoment(before, platform.clock.now()),
  });
  const pieces = options.json === true ? listJson(rows) : listTable(rows);
  return { exitStatus: 0, text: '', json: {}, errors: [], pieces };
}

function stateOf(typed: string): ListState {
  const state = listStates.find((known) => known === typed);
  if (state !== undefined) return state;
  throw new OvsPkiError('USAGE', `there is no state ${JSON.stringify(typed)}, but: ${listStates.join(', ')}`, {
    hint: 'ovs-pki-ts list switch --state valid due',
  });
}
