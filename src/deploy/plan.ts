/**
 * From what is wanted and what is true to what is to be done: pure, so that a plan that was shown is the plan that is
 * carried out, and one made right after it is empty.
 *
 * @module
 */

import type { HostPlan } from './action.js';
import type { HostInput } from './host-input.js';
import { identityActions } from './plan-identity.js';
import { hostObstacles } from './plan-obstacles.js';
import { guardActions, tunnelActions } from './plan-tunnels.js';

export function planHost(input: HostInput): HostPlan {
  const { desired } = input;
  const { obstacles, warnings } = hostObstacles(input);
  const actions =
    obstacles.length > 0 ? [] : [...identityActions(input), ...guardActions(input), ...tunnelActions(input)];
  return { host: desired.name, target: desired.target, actions, warnings, obstacles };
}
