/**
 * The proof, and the way back for those who fail it.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type ApplyEdges, asRefusal, nameOf, type Progress } from './progress.js';
import { type EndProof, proveEnd } from './proof.js';
import { restoreTransaction } from './restore.js';
import { restoreHost } from './run-host.js';
import { endsToProve } from './stage-switch.js';
import { isChange } from './transaction.js';

export function prove(hosts: readonly Progress[]): void {
  for (const host of hosts) {
    if (!host.isSwitched || !host.input.prove) continue;
    const { identity } = host.input;
    const certificate = identity === undefined || identity === 'enroll' ? undefined : identity.certificate;
    host.proofs = endsToProve(host).map((end) =>
      proveEnd({
        host: host.input.desired,
        end,
        facts: host.error === undefined ? host.facts : undefined,
        certificate,
      }),
    );
  }
}

export async function pointBack(hosts: readonly Progress[], edges: ApplyEdges): Promise<void> {
  const failedTunnels = new Set(
    hosts.flatMap((host) => host.proofs.filter(({ encrypted }) => !encrypted).map(({ port }) => tunnelOf(host, port))),
  );
  await Promise.all(
    hosts.map(async (host) => {
      const failed = host.proofs.filter(({ port }) => failedTunnels.has(tunnelOf(host, port)));
      if (failed.length === 0) return;
      const isWhole = failed.length === host.proofs.length;
      const changes = host.plan.actions.filter(isChange);
      const ports = new Set(failed.map(({ port }) => port));
      const transaction = restoreTransaction(changes, host.input.facts, host.facts ?? host.input.facts, isWhole, ports);
      host.error ??= proofFailed(host, failed);
      try {
        const guards = host.plan.actions.flatMap((action) =>
          action.kind === 'guard' && ports.has(action.port) ? [action] : [],
        );
        const gone = host.plan.actions.flatMap((action) =>
          action.kind === 'port' && action.isNew && ports.has(action.port) ? [action.port] : [],
        );
        await restoreHost(host.work.shell, nameOf(host), transaction, gone, guards);
        host.pointedBack = true;
      } catch (error) {
        const { message } = asRefusal(error);
        host.error = new OvsPkiError('HOST_PROOF_FAILED', `${host.error.message}; and ${message}`, {
          hint: host.error.hint ?? '',
          details: host.error.details,
        });
      }
      edges.onProgress(nameOf(host), 'done');
    }),
  );
}

/** The same text at both ends. */
function tunnelOf(host: Progress, port: string): string {
  const end = [...host.input.desired.ends, ...host.input.watched].find((item) => item.port === port);
  const addresses = [end?.localIp ?? '', end?.remoteIp ?? ''].sort();
  return [...addresses, end?.type].join(' ');
}

function proofFailed(host: Progress, failed: readonly EndProof[]): OvsPkiError {
  const reasons = failed.flatMap(({ port, reasons }) => reasons.map((reason) => `${port}: ${reason}`));
  const because = reasons.length === 0 ? 'the other end of its tunnel is not encrypted' : reasons.join('; ');
  const said = host.said === '' ? '' : ` (the IKE daemon: ${host.said.split('\n').slice(-2).join(' ')})`;
  return new OvsPkiError('HOST_PROOF_FAILED', `${nameOf(host)}: ${because}${said}`, {
    hint: `what it had is in force again; find the cause with: ovs-pki-ts doctor --to ${host.input.desired.target.destination}`,
    details: { host: nameOf(host), reasons },
  });
}
