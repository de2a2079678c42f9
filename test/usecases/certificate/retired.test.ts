import { join } from 'node:path';
import test from 'ava';
import {
  fixedClock,
  init,
  nodePlatform,
  prepareRollover,
  reqSign,
  retireRollover,
  revoke,
  switchRollover,
  verify,
} from '../../../src/index.js';
import { scratchFolder } from '../../support/scratch.js';

test('a certificate of a retired key is told as one, and what became of it; another CA is another CA', async (t) => {
  const [folder, platform] = [scratchFolder(t), nodePlatform()];
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  const rules = async (name: string, pki = 'pki'): Promise<string[]> => {
    const [result] = await verify(platform, {
      pkiDirectory: join(folder, pki),
      type: 'switch',
      names: [join(folder, name)],
    });
    return result?.outcome === 'invalid' ? result.reasons.map(({ rule }) => rule) : [String(result?.outcome)];
  };
  const ca = { pkiDirectory: join(folder, 'pki'), type: 'switch' } as const;
  await init(platform, { pkiDirectory: ca.pkiDirectory, keySpec, days: 3650, force: false });
  // A CA is named by the second in which it was made.
  const earlier = { ...platform, clock: fixedClock(new Date(Date.now() - 3_600_000)) };
  await init(earlier, { pkiDirectory: join(folder, 'other'), keySpec, days: 3650, force: false });
  const names = ['gone', 'kept'].map((name) => join(folder, name));
  await reqSign(platform, { ...ca, names, keySpec, days: 30, unique: true, force: false });
  await prepareRollover(platform, { ...ca, days: 3650 });
  await switchRollover(platform, ca);
  await revoke(platform, {
    ...ca,
    names: ['gone'],
    serialNumbers: [],
    reason: 'keyCompromise',
    invalidityDate: undefined,
  });
  t.deepEqual([await rules('gone'), await rules('kept')], [['revoked-in-index'], ['valid']]);
  await retireRollover(platform, { ...ca, force: true });
  t.deepEqual([await rules('gone'), await rules('kept')], [['ca-retired', 'revoked-in-index'], ['ca-retired']]);
  t.deepEqual(await rules('kept', 'other'), ['issuer']);
});
