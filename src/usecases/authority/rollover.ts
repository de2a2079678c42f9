/**
 * `rollover`: another key for a CA, under the same name. Here what happens in the PKI directory; `rollover-fleet.ts` takes it
 * to the hosts.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import * as files from '../../platform/files.js';
import type { Platform } from '../../platform/index.js';
import { type Ca, readCa } from '../../store/ca/ca.js';
import { openIssuer, readCaKey } from '../../store/ca/ca-key.js';
import { type RolloverPhase, rolloverPhase } from '../../store/ca/phase.js';
import { destroyOwnTokenKey, isKeyInToken, readKeyUri } from '../../store/ca/token-key.js';
import { readWaiting } from '../../store/ca/waiting.js';
import { makeCrls } from '../../store/change/crl.js';
import { dropNext, letNewSign, letOldSign, retireOld } from '../../store/change/rollover.js';
import { dropWaiting } from '../../store/change/waiting.js';
import { requireHistory } from '../../store/history/contradictions.js';
import { defaultCrlDays } from './crl.js';
import { laggingNames, type RolloverRequest, type RolloverState, rolloverStatus } from './rollover-status.js';

/**
 * Lets the new CA sign. That all hosts trust it has to be seen to before.
 *
 * @throws ROLLOVER_STATE, PKI_LOCKED, FILE_UNWRITABLE; what `crl` throws, where there are lists to be made
 */
export async function switchRollover(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  await openForLists(platform, ca, 'prepared', [ca, ca.other]);
  if (rolloverPhase(ca.layout) === 'prepared') await requireKeyOf(platform, ca.other);
  await letNewSign(platform, ca);
  return withLists(platform, request);
}

/**
 * Undoes the last step: the old CA signs again; or, where the new one does not sign, it is given up, as is a key that waits for
 * its certificate.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS where a certificate of the new CA is in force that would be trusted no more
 */
export async function undoRollover(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  const phase = rolloverPhase(ca.layout);
  if (phase === undefined && (await giveUpWaiting(platform, request))) return rolloverStatus(platform, request);
  if (phase === 'switched') {
    await openForLists(platform, ca, 'switched', [ca, ca.other]);
    await requireKeyOf(platform, ca.other);
    await letOldSign(platform, ca);
  } else {
    requireNobodyLags(ca, platform.clock.now());
    await openForLists(platform, ca, 'prepared', [ca]);
    return withoutOther(platform, ca, request, () => dropNext(platform, ca));
  }
  return withLists(platform, request);
}

/** A key that waits for its certificate is what a rollover begins with. */
async function giveUpWaiting(platform: Platform, { pkiDirectory, type }: RolloverRequest): Promise<boolean> {
  const waiting = readWaiting(pkiDirectory, type);
  if (waiting === undefined) return false;
  const uri = readKeyUri(waiting.layout);
  dropWaiting(platform, waiting);
  if (uri !== undefined) await destroyOwnTokenKey(platform, uri);
  return true;
}

/**
 * Ends a rollover: the key of the old CA is destroyed, and its certificate kept for telling hosts not to trust it.
 *
 * @throws ROLLOVER_STATE, ROLLOVER_LAGS unless `force` is given
 */
export async function retireRollover(
  platform: Platform,
  request: RolloverRequest & { readonly force: boolean },
): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (rolloverPhase(ca.layout) === 'switched' && !request.force) requireNobodyLags(ca, platform.clock.now());
  await openForLists(platform, ca, 'switched', [ca]);
  return withoutOther(platform, ca, request, () => retireOld(platform, ca));
}

/** A key in a token goes after its CA: until then it could still be wanted. */
async function withoutOther(
  platform: Platform,
  { other }: Ca,
  request: RolloverRequest,
  end: () => Promise<void>,
): Promise<RolloverState> {
  const uri = other === undefined ? undefined : readKeyUri(other.layout);
  // A run that is killed between the two leaves the key in the token, which this line tells of.
  if (uri !== undefined) platform.log.write(`retiring the key ${uri}`);
  await end();
  const isGone = uri === undefined || (await destroyOwnTokenKey(platform, uri));
  const state = await withLists(platform, request);
  return isGone ? state : { ...state, keyLeft: uri };
}

/** Nothing is signed any more where the CA that is to sign has lost its key. One that is encrypted is not opened for this. */
async function requireKeyOf(platform: Platform, ca: Ca | undefined): Promise<void> {
  if (ca === undefined || isKeyInToken(ca.layout)) return;
  await readCaKey({ ...platform, passphrase: undefined }, ca).catch((error: unknown) => {
    if (!(error instanceof OvsPkiError) || error.code !== 'KEY_ENCRYPTED') throw error;
  });
}

/** A passphrase or PIN that is not at hand is to stop a step before it, and not between it and its lists. */
async function openForLists(
  platform: Platform,
  ca: Ca,
  phase: RolloverPhase,
  signers: readonly (Ca | undefined)[],
): Promise<void> {
  if (rolloverPhase(ca.layout) !== phase || !files.exists(ca.layout.crl)) return;
  const now = platform.clock.now();
  requireHistory(ca, now);
  for (const signer of signers) {
    if (signer !== undefined && signer.certificate.notAfter >= now) await openIssuer(platform, signer);
  }
}

/** Where there is a list, there is one of each CA that signs or has signed. */
async function withLists(platform: Platform, request: RolloverRequest): Promise<RolloverState> {
  const ca = readCa(request.pkiDirectory, request.type);
  if (files.exists(ca.layout.crl)) await makeCrls(platform, ca, defaultCrlDays);
  return rolloverStatus(platform, request);
}

function requireNobodyLags(ca: Ca, now: Date): void {
  const lagging = laggingNames(ca, now);
  if (lagging.length === 0) return;
  const some = `${lagging.slice(0, 5).join(', ')}${lagging.length > 5 ? ` and ${lagging.length - 5} more` : ''}`;
  throw new OvsPkiError('ROLLOVER_LAGS', `these have no certificate of the CA that signs now: ${some}`, {
    hint: `renew them: ovs-pki-ts apply; ovs-pki-ts renew --due${ca.type === 'switch' ? '' : ` ${ca.type}`}; or revoke those that are gone`,
    details: { lagging },
  });
}
