/** All parity cases. */

import type { ParityCase } from '../../interop/parity/case.js';
import { fingerprintCases, verifyCases } from './check.js';
import { commandLineCases, defaultLogCase, logCases } from './command-line.js';
import { initCases } from './init.js';
import { requestCases } from './request.js';
import { selfSignCases, signCases } from './sign.js';

export const parityCases: readonly ParityCase[] = [
  ...commandLineCases,
  ...logCases,
  defaultLogCase,
  ...initCases,
  ...requestCases,
  ...signCases,
  ...selfSignCases,
  ...verifyCases,
  ...fingerprintCases,
];
