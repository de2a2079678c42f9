import { join } from 'node:path';
import test from 'ava';
import { init, nodePlatform, OvsPkiError, prepareRollover, rolloverStatus, undoRollover } from '../../../src/index.js';
import { readCa } from '../../../src/store/ca/ca.js';
import { dropNext, letNewSign } from '../../../src/store/change/rollover.js';
import { scratchFolder } from '../../support/scratch.js';

for (const [title, step] of [
  ['switched to', letNewSign],
  ['given up', dropNext],
] as const) {
  test(`a next CA that was replaced by another one while its lock was waited for is not ${title}`, async (t) => {
    const platform = nodePlatform();
    const pkiDirectory = join(scratchFolder(t), 'pki');
    const request = { pkiDirectory, type: 'switch' } as const;
    await init(platform, { pkiDirectory, keySpec: { type: 'ec', curve: 'P-256' }, days: 3650, force: false });
    await prepareRollover(platform, { ...request, days: 3650 });
    const seen = readCa(pkiDirectory, 'switch');
    await undoRollover(platform, request);
    await prepareRollover(platform, { ...request, days: 3650 });
    const error = await t.throwsAsync(step(platform, seen), { instanceOf: OvsPkiError });
    t.is(error?.code, 'KEY_MISMATCH');
    t.is((await rolloverStatus(platform, request)).phase, 'prepared');
  });
}
