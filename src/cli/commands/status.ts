import { OvsPkiError } from '../../errors.js';
import { fleetToExamine } from '../../usecases/fleet/examine.js';
import { type StatusResult, status } from '../../usecases/fleet/status.js';
import type { CommandOptions } from '../options/commands.js';
import { chosenHostsOf, examineRequestOf } from '../options/fleet.js';
import { exitStatusOf } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { errorsByCause } from '../render/many/causes.js';
import { hostStates, isWell } from '../render/many/status.js';
import { startProgress } from '../render/progress.js';
import { strayText } from '../render/status.js';
import { dotText } from '../render/topology/dot.js';
import { mermaidText } from '../render/topology/mermaid.js';
import { statusMetrics } from '../render/topology/metrics.js';
import { netjsonText } from '../render/topology/netjson.js';
import { topologyOf } from '../render/topology/topology.js';

/** What there is for other programs, besides JSON. */
const forms: Readonly<Record<string, (result: StatusResult) => string>> = {
  dot: (result) => dotText(topologyOf(result, isWell)),
  mermaid: (result) => mermaidText(topologyOf(result, isWell)),
  netjson: (result) => netjsonText(topologyOf(result, isWell)),
  prometheus: statusMetrics,
};

export async function run({ platform, options, operands }: CommandContext<'status'>): Promise<Outcome> {
  const form = formOf(options);
  const request = examineRequestOf(options, operands);
  const chosen = options.host && chosenHostsOf(options, fleetToExamine(request));
  const progress = await startProgress('asking hosts', request.destinations.length);
  const result = await status(platform, { ...request, onProgress: progress.update }).finally(progress.stop);
  const errors = result.unasked.map(({ error }) => error);
  return {
    exitStatus: exitStatusOf(errors) || (result.hosts.every(isWell) ? 0 : 4),
    text: [...hostStates(result, chosen), ...strayText(result.withoutHost, options.dir)].join('\n'),
    json: { hosts: [...result.hosts, ...result.unasked], withoutHost: result.withoutHost },
    errors: errorsByCause(result.unasked),
    ...(form === undefined ? {} : { content: form(result) }),
  };
}

/** Undefined for the table and for JSON, which all commands have. @throws USAGE */
function formOf({
  format = 'table',
  json,
  host,
}: CommandOptions<'status'>): ((result: StatusResult) => string) | undefined {
  const form = Object.hasOwn(forms, format) ? forms[format] : undefined;
  if (form === undefined && format !== 'table' && format !== 'json') {
    const known = ['table', 'json', ...Object.keys(forms)].join(', ');
    throw new OvsPkiError('USAGE', `--format takes one of ${known}, not ${JSON.stringify(format)}`, {
      hint: 'ovs-pki-ts status --format dot',
    });
  }
  const other = json === true ? 'json' : host === undefined ? undefined : 'host';
  if (form === undefined || other === undefined) return form;
  throw new OvsPkiError('USAGE', `--format ${format} does not go with --${other}`, {
    hint: `it has all hosts, and no other form beside it: ovs-pki-ts status --format ${format}`,
  });
}
