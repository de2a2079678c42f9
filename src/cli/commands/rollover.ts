import { OvsPkiError } from '../../errors.js';
import { retireRollover, switchRollover, undoRollover } from '../../usecases/authority/rollover.js';
import { prepareRollover } from '../../usecases/authority/rollover-prepare.js';
import { prepareRequested, requestRollover } from '../../usecases/authority/rollover-request.js';
import { type RolloverRequest, type RolloverState, rolloverStatus } from '../../usecases/authority/rollover-status.js';
import { readFleet } from '../../usecases/fleet/inventory.js';
import {
  backOnHosts,
  distributeRollover,
  type FleetRolloverRequest,
  type FleetRolloverResult,
  retireOnHosts,
  rolloverOnHosts,
  switchOnHosts,
} from '../../usecases/fleet/rollover.js';
import { applyOptionsOf, inventoryFileOf } from '../options/fleet.js';
import { typeOf } from '../options/names.js';
import { keySpecOf, lifeOf, pkiDirectoryOf } from '../options/read.js';
import { exitStatusOf, fleetOutcome } from '../outcome/fleet.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { requestedOutcome, requestPlaceOf } from '../outcome/requested.js';
import { hostsText, rolloverText } from '../render/rollover.js';
import { startStages } from '../render/stages.js';

type LocalStep = (context: CommandContext<'rollover'>, request: RolloverRequest) => Promise<RolloverState>;
type FleetStep = (context: CommandContext<'rollover'>, request: FleetRolloverRequest) => Promise<FleetRolloverResult>;

/** What each step does in the PKI directory alone. */
const localSteps: Readonly<Record<string, LocalStep>> = {
  prepare: ({ platform, options }, request) => {
    const [offlineRoot, certificateFile] = [options['offline-root'], options['ca-cert']];
    const chainFile = options.chain;
    if (certificateFile !== undefined) {
      return prepareRequested(platform, {
        ...request,
        certificateFile,
        ...(chainFile === undefined ? {} : { chainFile }),
      });
    }
    return prepareRollover(platform, {
      ...request,
      ...lifeOf({ platform, options }),
      ...(options.key === undefined && options.bits === undefined ? {} : { keySpec: keySpecOf(options) }),
      ...(offlineRoot === undefined ? {} : { offlineRoot }),
    });
  },
  status: ({ platform }, request) => rolloverStatus(platform, request),
  switch: ({ platform }, request) => switchRollover(platform, request),
  back: ({ platform }, request) => undoRollover(platform, request),
  retire: ({ platform, options }, request) => retireRollover(platform, { ...request, force: options.force === true }),
};

/** What it does with the hosts of an inventory. */
const fleetSteps: Readonly<Record<string, FleetStep>> = {
  distribute: ({ platform }, request) => distributeRollover(platform, request),
  switch: ({ platform }, request) => switchOnHosts(platform, request),
  back: ({ platform }, request) => backOnHosts(platform, request),
  retire: ({ platform, options }, request) => retireOnHosts(platform, { ...request, force: options.force === true }),
};

export async function run(context: CommandContext<'rollover'>): Promise<Outcome> {
  const { options, operands } = context;
  const [verb = '', ...rest] = operands;
  const type = typeOf(rest[0]);
  const files = type === undefined ? rest : rest.slice(1);
  const request = { pkiDirectory: pkiDirectoryOf(options), type: type ?? 'switch' };
  const isLocal = verb === 'prepare' || options['pki-only'] === true || (verb === 'status' && files.length === 0);
  if (isLocal && files.length > 0) {
    throw new OvsPkiError('USAGE', `${files[0]} is not looked at: this step is one of the PKI directory alone`);
  }
  if (options.request !== undefined) return requestOutcome(context, verb, request);
  if (isLocal) {
    const step = localSteps[verb];
    if (step === undefined) throw noSuchStep(verb);
    const state = await step(context, request);
    return { exitStatus: 0, text: rolloverText(state, options['pki-only'] === true), json: { ...state }, errors: [] };
  }
  if (verb !== 'status' && fleetSteps[verb] === undefined) throw noSuchStep(verb);
  const fleet = readFleet(inventoryFileOf(files));
  return verb === 'status'
    ? statusOutcome(context, { ...request, fleet })
    : fleetStepOutcome(context, verb, { ...request, fleet, ...applyOptionsOf(options), onProgress: startStages() });
}

/** The key that is to follow is made, and its certificate asked for. */
async function requestOutcome(
  { platform, options }: CommandContext<'rollover'>,
  verb: string,
  request: RolloverRequest,
): Promise<Outcome> {
  const unused = (['ca-cert', 'chain', 'offline-root', 'days'] as const).find((name) => options[name] !== undefined);
  if (verb !== 'prepare' || unused !== undefined) {
    const what = unused === undefined ? `rollover ${verb}` : `--${unused}`;
    throw new OvsPkiError(
      'USAGE',
      `${what} does not go with --request, which only makes the next key and its request`,
      {
        hint: `ovs-pki-ts rollover prepare ${request.type} --request FILE`,
      },
    );
  }
  let content: string | undefined;
  const requested = await requestRollover(platform, {
    ...request,
    out: requestPlaceOf(options, (text) => {
      content = text;
    }),
    force: options.force === true,
    ...(options.key === undefined && options.bits === undefined ? {} : { keySpec: keySpecOf(options) }),
  });
  return requestedOutcome(requested, `rollover prepare ${request.type} --ca-cert FILE --chain FILE`, options, content);
}

async function fleetStepOutcome(
  context: CommandContext<'rollover'>,
  verb: string,
  request: FleetRolloverRequest,
): Promise<Outcome> {
  const step = fleetSteps[verb] as FleetStep;
  const { state, results } = await step(context, request);
  const outcome = fleetOutcome(results);
  return { ...outcome, text: outcome.text + rolloverText(state), json: { state, results } };
}

async function statusOutcome(
  { platform }: CommandContext<'rollover'>,
  request: Parameters<typeof rolloverOnHosts>[1],
): Promise<Outcome> {
  const state = await rolloverStatus(platform, request);
  const { hosts, unasked } = await rolloverOnHosts(platform, request);
  const errors = unasked.map(({ error }) => error);
  return {
    exitStatus: exitStatusOf(errors),
    text: rolloverText(state) + hostsText(hosts),
    json: { ...state, hosts, unasked },
    errors,
  };
}

function noSuchStep(verb: string): OvsPkiError {
  if (verb === 'distribute') {
    return new OvsPkiError('USAGE', 'distribute takes certificates to hosts, and --pki-only looks at none', {
      hint: 'leave --pki-only away, or take the certificate that "rollover status" names to the hosts yourself',
    });
  }
  const what = verb === '' ? 'rollover wants a step' : `${JSON.stringify(verb)} is no step of a rollover`;
  return new OvsPkiError('USAGE', `${what}: prepare, distribute, switch, back, retire, status`, {
    hint: 'ovs-pki-ts rollover status',
  });
}
