/** Hosts on their way through the stages of an apply, as tests of single stages need them. */

import { type ApplyEdges, progressWith as begunWith, type Progress } from '../../src/deploy/apply/host-run.js';
import type { Action } from '../../src/deploy/plan/action.js';
import type { HostInput } from '../../src/deploy/plan/input.js';
import { noLoops } from '../../src/deploy/plan/loops.js';

/** What is outside of the hosts: there is nothing. */
export const edges: ApplyEdges = {
  certify: async () => [],
  readKey: () => '',
  pskOf: () => '',
  now: () => new Date(),
  proofSeconds: 1,
  onProgress: () => undefined,
  refuse: () => undefined,
  interrupted: () => false,
};

/** A host for which nothing has been done yet. */
export function progressWith(
  shell: Progress['work']['shell'],
  given: Pick<HostInput, 'desired' | 'facts'> & Partial<HostInput>,
  actions: readonly Action[],
): Progress {
  const input: HostInput = {
    identity: undefined,
    peers: new Map(),
    psks: new Map(),
    crls: [],
    revokedPeers: new Set(),
    notices: [],
    retired: [],
    watched: [],
    loops: noLoops,
    prove: true,
    now: new Date(),
    ...given,
  };
  const { name, target } = input.desired;
  return begunWith({ shell, input }, { host: name, target, actions, warnings: [], obstacles: [] });
}
