/** A folder of its own for each test, gone when the test ends. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

export function scratchFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
