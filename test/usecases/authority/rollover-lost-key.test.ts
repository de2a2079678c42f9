/** A CA that has lost its key, or has another one, is not let sign by any step of a rollover. */

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  defaultDays,
  init,
  nodePlatform,
  prepareRollover,
  rolloverStatus,
  switchRollover,
  undoRollover,
} from '../../../src/index.js';
import { ecKeyFile } from '../../support/keys.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

test('switch and back refuse a CA whose key is gone or another one, and nothing changes', async (t) => {
  const pkiDirectory = join(scratchFolder(t), 'pki');
  await init(platform, { pkiDirectory, keySpec, days: defaultDays, force: false });
  const ca = { pkiDirectory, type: 'switch' } as const;
  await prepareRollover(platform, { ...ca, days: defaultDays });
  for (const [which, step] of [
    ['new', switchRollover],
    ['old', undoRollover],
  ] as const) {
    const { phase } = await rolloverStatus(platform, ca);
    const file = join(pkiDirectory, 'switchca/rollover', which, 'private/cakey.pem');
    const key = readFileSync(file);
    rmSync(file);
    await t.throwsAsync(step(platform, ca), { code: 'PKI_NOT_FOUND', message: /the key of the CA is not here/ });
    copyFileSync(ecKeyFile('p256', 1), file);
    await t.throwsAsync(step(platform, ca), { code: 'KEY_MISMATCH' });
    t.is((await rolloverStatus(platform, ca)).phase, phase);
    writeFileSync(file, key);
    await t.notThrowsAsync(step(platform, ca));
  }
});
