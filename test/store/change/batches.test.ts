/** A CA that becomes unusable between two batches of one run. */

import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, OvsPkiError, req, reqSign, sign } from '../../../src/index.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

interface Order {
  readonly pkiDirectory: string;
  readonly names: readonly string[];
  readonly type: 'switch';
  readonly days: number;
  readonly force: false;
  readonly onProgress: (done: number) => void;
}

const commands = [
  {
    title: 'sign',
    count: 70,
    /** So many are issued under one hold of the lock. */
    batch: 64,
    act: async (order: Order) => {
      await req(platform, { names: order.names, keySpec, unique: true, force: false });
      return sign(platform, order);
    },
  },
  {
    title: 'req+sign',
    count: 70,
    batch: 32,
    act: (order: Order) => reqSign(platform, { ...order, keySpec, unique: true }),
  },
];

for (const { title, count, batch, act } of commands) {
  test(`${title} delivers and tells what was signed before the CA became unusable`, async (t) => {
    const order = await makeOrder(t, count);
    const results = await act({ ...order, onProgress: (done) => done === batch && breakCa(order.pkiDirectory) });
    t.deepEqual(
      results.map(({ name }) => name),
      order.names,
    );
    for (const [index, result] of results.entries()) {
      t.is(result.outcome, index < batch ? 'signed' : 'refused', result.name);
      t.is(existsSync(`${result.name}-cert.pem`), index < batch, result.name);
      if (result.outcome === 'refused') t.is(result.error.code, 'FILE_UNREADABLE');
    }
  });

  test(`${title} throws where the CA is unusable from the beginning`, async (t) => {
    const order = await makeOrder(t, 40);
    breakCa(order.pkiDirectory);
    await t.throwsAsync(act({ ...order, onProgress: () => undefined }), {
      instanceOf: OvsPkiError,
      code: 'FILE_UNREADABLE',
    });
  });
}

async function makeOrder(t: ExecutionContext, count: number) {
  const folder = scratchFolder(t);
  const pkiDirectory = join(folder, 'pki');
  await init(platform, { pkiDirectory, keySpec, days: 3650, force: false });
  const names = Array.from({ length: count }, (_, index) => join(folder, `host_${index}`));
  return { pkiDirectory, names, type: 'switch', days: 30, force: false } as const;
}

/** A folder where the audit log was: nothing can be read from it or appended to it. */
function breakCa(pkiDirectory: string): void {
  const file = join(pkiDirectory, 'switchca/audit.log');
  renameSync(file, `${file}.away`);
  mkdirSync(file);
}
