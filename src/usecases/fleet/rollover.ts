/**
 * The steps of `rollover` on hosts: both CAs are trusted everywhere before a certificate of the new one is presented
 * anywhere, and until none of the old one is.
 *
 * @module
 */

import type { HostResult, Stage } from '../../deploy/apply/apply.js';
import type { DesiredFleet } from '../../deploy/desired/desired.js';
import { knownValue } from '../../deploy/facts/fact.js';
import type { HostFacts } from '../../deploy/facts/host-facts.js';
import type { Action } from '../../deploy/plan/action.js';
import { kinds } from '../../deploy/plan/kinds.js';
import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../../pki/certificate.js';
import { equalBytes } from '../../pki/der.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, generationsOf, readCa } from '../../store/ca/ca.js';
import { rolloverPhase } from '../../store/ca/phase.js';
import { retireRollover, switchRollover, undoRollover } from '../authority/rollover.js';
import { type RolloverRequest, type RolloverState, rolloverStatus } from '../authority/rollover-status.js';
import { apply } from './apply.js';
import { examine, lookAtEach, type UnaskedHost } from './examine.js';
import { isLeft } from './identities.js';

/** Which hosts have their certificates from the CA, and how they are worked on. */
export interface FleetRolloverRequest extends RolloverRequest {
  readonly fleet: DesiredFleet;
  /** Tunnels are proved to be encrypted; false takes hosts whose daemons start later. */
  readonly prove: boolean;
  /** How long tunnels may take to come up. */
  readonly proofSeconds: number;
  /** Once true, nothing new is begun on any host. */
  readonly interrupted?: () => boolean;
  /** Called when a stage begins on a host. */
  readonly onProgress?: (host: string, stage: Stage) => void;
}

/** How far one host is. */
export interface HostRollover {
  readonly host: string;
  /** Whose certificate it presents: that of the CA that signs, of the other one, or none. */
  readonly presents: 'signing' | 'other' | 'none';
  /** It has both CAs, and its IKE daemon has loaded them. */
  readonly trustsBoth: boolean;
}

/** What came of a step. */
export interface FleetRolloverResult {
  readonly state: RolloverState;
  readonly results: readonly HostResult[];
}

/** How far hosts are. */
export async function rolloverOnHosts(
  platform: Platform,
  request: RolloverRequest & { readonly fleet: DesiredFleet },
): Promise<{ readonly hosts: readonly HostRollover[]; readonly unasked: readonly UnaskedHost[] }> {
  const ca = readCa(request.pkiDirectory, request.type);
  const { examined, unasked } = await examine(platform, concerned(request));
  const looked = lookAtEach(examined, ({ desired, facts }) => hostRollover(desired.name, facts, ca));
  return { hosts: looked.seen, unasked: [...unasked, ...looked.unasked] };
}

/** Takes both CAs to all hosts. @throws ROLLOVER_STATE */
export async function distributeRollover(
  platform: Platform,
  request: FleetRolloverRequest,
): Promise<FleetRolloverResult> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (ca.other === undefined) {
    throw new OvsPkiError('ROLLOVER_STATE', `no rollover of ${request.type}ca is under way`, {
      hint: `begin one: ovs-pki-ts rollover prepare ${request.type}`,
    });
  }
  const results = await apply(platform, {
    ...request,
    ...{ fleet: concerned(request), prove: false, renewal: 'none', trustsAnew: true },
    keeps: isTrust,
  });
  return { state: await rolloverStatus(platform, request), results };
}

/**
 * Lets the new CA sign, and gives every host a certificate of it. Run again, it goes on with the hosts.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS where a host does not trust both CAs, or cannot be asked
 */
export async function switchOnHosts(platform: Platform, request: FleetRolloverRequest): Promise<FleetRolloverResult> {
  if (phaseOf(request) !== 'switched') {
    await requireAll(
      platform,
      request,
      'trust both CAs',
      commandOf('distribute', request),
      ({ presents, trustsBoth }) => {
        return presents === 'none' || trustsBoth;
      },
    );
    await switchRollover(platform, request);
  }
  return followed(platform, request);
}

/**
 * Undoes the last step, on the hosts too.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS where a host presents a certificate of the CA that would be given up
 */
export async function backOnHosts(platform: Platform, request: FleetRolloverRequest): Promise<FleetRolloverResult> {
  if (phaseOf(request) === 'prepared') await requireNobodyLeft(platform, request, 'apply');
  return followed(platform, request, await undoRollover(platform, request));
}

/**
 * Ends the rollover: the old CA is destroyed here and trusted no more on any host. Run again, it goes on with the hosts.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS where a host presents a certificate of the old CA, or cannot be asked
 */
export async function retireOnHosts(
  platform: Platform,
  request: FleetRolloverRequest & { readonly force: boolean },
): Promise<FleetRolloverResult> {
  if (phaseOf(request) !== undefined) {
    if (!request.force) await requireNobodyLeft(platform, request, commandOf('switch', request));
    return followed(platform, request, await retireRollover(platform, request));
  }
  return followed(platform, request);
}

/** A host that has to be enrolled yet gets its CAs with that. */
function isTrust(action: Action): boolean {
  return action.kind === 'place' && (action.role === 'ca' || action.role === 'crl') && action.content !== undefined;
}

/** Makes the hosts what the PKI directory says now, as far as identities are concerned. */
async function followed(
  platform: Platform,
  request: FleetRolloverRequest,
  { keyLeft }: Pick<RolloverState, 'keyLeft'> = {},
): Promise<FleetRolloverResult> {
  const results = await apply(platform, {
    ...request,
    fleet: concerned(request),
    keeps: ({ kind }) => kinds[kind].about === 'identity',
  });
  const state = await rolloverStatus(platform, request);
  return { state: keyLeft === undefined ? state : { ...state, keyLeft }, results };
}

function phaseOf({ pkiDirectory, type }: RolloverRequest) {
  return rolloverPhase(readCa(pkiDirectory, type).layout);
}

/** The hosts whose certificates come from this CA. */
function concerned({ fleet, type }: RolloverRequest & { readonly fleet: DesiredFleet }): DesiredFleet {
  const isOurs = ({ identity }: DesiredFleet['hosts'][number]): boolean =>
    identity?.method === 'ca-signed' && identity.type === type;
  return { hosts: fleet.hosts.filter(isOurs) };
}

function hostRollover(host: string, facts: HostFacts, ca: Ca): HostRollover {
  const named = knownValue(facts.ovsdb)?.otherConfig['certificate'];
  const fact = named === undefined ? undefined : facts.files.get(named);
  const file = fact && knownValue(fact);
  const certificate = file?.kind === 'certificate' ? file.certificates[0] : undefined;
  return {
    host,
    presents: certificate === undefined ? 'none' : isLeft(certificate, ca) ? 'other' : 'signing',
    trustsBoth: generationsOf(ca).every((one) => trusts(facts, one.certificate)),
  };
}

function trusts({ files, ike }: HostFacts, authority: Certificate): boolean {
  const isThere = [...files.values()].some((fact) => {
    const file = knownValue(fact);
    return file?.kind === 'certificate' && equalBytes(file.certificates[0].der, authority.der);
  });
  const daemon = knownValue(ike);
  if (!isThere || daemon === undefined || !daemon.running) return isThere;
  return daemon.authorities.some(({ serialNumber }) => serialNumber === authority.serialNumber);
}

function requireNobodyLeft(platform: Platform, request: FleetRolloverRequest, command: string): Promise<void> {
  return requireAll(platform, request, 'present a certificate of the CA that signs', command, ({ presents }) => {
    return presents !== 'other';
  });
}

function commandOf(step: string, { type }: RolloverRequest): string {
  return `rollover ${step}${type === 'switch' ? '' : ` ${type}`}`;
}

async function requireAll(
  platform: Platform,
  request: FleetRolloverRequest,
  what: string,
  command: string,
  isWell: (host: HostRollover) => boolean,
): Promise<void> {
  const { hosts, unasked } = await rolloverOnHosts(platform, request);
  const lagging = [
    ...hosts.filter((host) => !isWell(host)).map(({ host }) => host),
    ...unasked.map(({ host, error }) => `${host} (${error.message})`),
  ];
  if (lagging.length === 0) return;
  throw new OvsPkiError('ROLLOVER_LAGS', `these hosts do not yet ${what}: ${lagging.join(', ')}`, {
    hint: `run: ovs-pki-ts ${command}; a host that is gone is taken out of the inventory`,
    details: { lagging },
  });
}
