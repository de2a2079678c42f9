/**
 * The proof, and the way back for those who fail it.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { shellCommand } from '../../platform/quote.js';
import { lastWords, refusalOf } from '../answer/answer.js';
import type { TunnelEnd } from '../desired/desired.js';
import { decided } from '../facts/fact.js';
import { gatherPlanningFacts, type HostFacts } from '../facts/host-facts.js';
import { ikeScriptFor } from '../plan/input.js';
import { actionsOf } from '../plan/kinds.js';
import { endsToProve } from '../plan/proving.js';
import { restoreTransaction } from '../remote/restore.js';
import { databaseOf, rereadOn, restoreHost } from '../remote/run.js';
import { isChange } from '../remote/transaction.js';
import { type EndProof, proveEnd } from '../tunnels/proof.js';
import { type ApplyEdges, isChangedPort, nameOf, type Progress, warn } from './host-run.js';

export function prove(hosts: readonly Progress[]): void {
  for (const host of hosts) {
    if (host.begun.length === 0 || !host.input.prove) continue;
    const ends = endsToProve(host);
    try {
      host.proofs = proofsOf(host, ends, host.error === undefined ? host.facts : undefined);
    } catch (error) {
      // Its peers are proved, or pointed back, all the same.
      host.error = refusalOf(nameOf(host), error);
      host.proofs = proofsOf(host, ends, undefined);
    }
  }
}

/** What a host shows of its ends. @param facts undefined where it could not be asked */
export function proofsOf(host: Progress, ends: readonly TunnelEnd[], facts: HostFacts | undefined): EndProof[] {
  const { identity, desired } = host.input;
  const certificate = identity === undefined || identity === 'enroll' ? undefined : identity.certificate;
  return ends.map((end) =>
    proveEnd({ host: desired, end, facts, certificate, mayBeIdle: !isChangedPort(host, end.port) }),
  );
}

/**
 * A tunnel with an end that is not proved is taken back at both, where that end is new. A host whose certificate alone is
 * new, and whose own ends are well, keeps it: else one host that is broken would keep all its peers from being renewed.
 */
export async function pointBack(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const failedTunnels = new Set(
    hosts.flatMap((host) => host.proofs.filter(({ encrypted }) => !encrypted).map(({ port }) => tunnelOf(host, port))),
  );
  await Promise.all(
    hosts.map(async (host) => {
      const failed = host.proofs.filter(({ port }) => failedTunnels.has(tunnelOf(host, port)));
      if (failed.length === 0) return;
      if (host.error === undefined && failed.every(({ port, encrypted }) => encrypted && !isChangedPort(host, port))) {
        warn(
          host,
          failed.map(({ port }) => `${nameOf(host)}: ${port} is encrypted here, and its other end could not be proved`),
        );
        return;
      }
      const cause = host.error;
      host.error ??= proofFailed(host, failed);
      try {
        await restore(host, failed, edges);
        host.pointedBack = true;
      } catch (error) {
        host.error = new OvsPkiError(
          host.error.code,
          `${host.error.message}; and ${refusalOf(nameOf(host), error).message}`,
          {
            hint:
              cause?.hint ?? 'what is new may be in force there; run the command again: it goes on where it stopped',
            details: host.error.details,
          },
        );
      }
      edges.onProgress(nameOf(host), 'done');
    }),
  );
}

/**
 * A port that was made is known by what the host says after that. Where it was not asked yet, it is asked now: a port
 * that stayed while its drop policy went would send in plaintext.
 */
async function restore(host: Progress, failed: readonly EndProof[], edges: ApplyEdges): Promise<void> {
  const { work, plan, begun, input } = host;
  const ports = new Set(failed.map(({ port }) => port));
  const changes = plan.actions.filter(isChange).filter((item) => item.kind === 'plaintext' || begun.includes(item));
  const after = host.facts ?? (await gatherPlanningFacts(work.shell, work.input.desired.name, [], edges.now));
  decided(nameOf(host), 'what stands in its database', after.ovsdb);
  // A tunnel that was not touched and worked before fails for the new identity alone.
  const isWhole = failed.length === host.proofs.length || !failed.every(({ port }) => isChangedPort(host, port));
  const isUndone = (port: string): boolean => isWhole || ports.has(port);
  const transaction = restoreTransaction(changes, input.facts, after, isWhole, ports);
  const guards = actionsOf(plan.actions, 'guard').filter(({ port }) => isUndone(port));
  const gone = actionsOf(changes, 'port').flatMap(({ port, isNew }) => (isNew && isUndone(port) ? [port] : []));
  const links = actionsOf(begun, 'link').flatMap(({ path, from }) => (from === undefined ? [] : [{ path, to: from }]));
  const ike = ikeScriptFor(input);
  const { certificate = '', private_key = '' } = databaseOf(nameOf(host), input.facts).otherConfig;
  if (links.length > 0) await rereadOn(work.shell, nameOf(host), ike, links, { certificate, private_key });
  await restoreHost(work.shell, nameOf(host), ike, transaction, gone, guards);
}

/** The same text at both ends. */
function tunnelOf(host: Progress, port: string): string {
  const end = [...host.input.desired.ends, ...host.input.watched].find((item) => item.port === port);
  const ends = end?.isTranslated === true ? [nameOf(host), end.peer] : [end?.localIp ?? '', end?.remoteIp ?? ''];
  return [...ends.sort(), end?.type].join(' ');
}

function proofFailed(host: Progress, failed: readonly EndProof[]): OvsPkiError {
  const because = reasonsOf(failed).join('; ') || 'the other end of its tunnel is not encrypted';
  return notEncrypted(host, failed, because, host.said, 'what it had is in force again; ');
}

/**
 * @param because what is said of the host
 * @param said the last words of its IKE daemon, or nothing
 * @param state what comes before the cure
 */
export function notEncrypted(
  host: Progress,
  failed: readonly EndProof[],
  because: string,
  said: string,
  state = '',
): OvsPkiError {
  const words = said === '' ? '' : ` (the IKE daemon: ${lastWords(said, 2)})`;
  return new OvsPkiError('HOST_PROOF_FAILED', `${nameOf(host)}: ${because}${words}`, {
    hint: `${state}find the cause with: ${shellCommand`ovs-pki-ts doctor --to ${host.input.desired.target.destination}`}`,
    details: { host: nameOf(host), reasons: reasonsOf(failed) },
  });
}

export function reasonsOf(failed: readonly EndProof[]): string[] {
  return failed.flatMap(({ port, reasons }) => reasons.map((reason) => `${port}: ${reason}`));
}
