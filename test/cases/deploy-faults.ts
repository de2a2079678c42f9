/** What can go wrong while two hosts get new certificates, by topic. */

import type { DeployFault } from './deploy-fault.js';
import { faultsHere } from './deploy-faults-here.js';
import { faultsOfHosts } from './deploy-faults-hosts.js';
import { faultsOfPlaces } from './deploy-faults-places.js';

export const deployFaults: readonly DeployFault[] = [...faultsOfHosts, ...faultsOfPlaces, ...faultsHere];
