/**
 * A process that takes the lock of a folder again and again, and sees to it that nobody else is inside: it writes its
 * process id into a file and looks whether it stays there. It ends itself by SIGKILL, mostly inside.
 *
 * Arguments: the folder of the lock, the file, the seed. Prints `overlap` for what must not be.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodePlatform } from '../../src/platform/index.js';
import { withLock } from '../../src/store/journal/lock.js';

const [folder = '', inside = '', seed = '1'] = process.argv.slice(2);
const platform = nodePlatform();
let state = Number(seed);

/** From 0 to 1; the generator of Park and Miller, so that a seed gives the same moments again. */
function random(): number {
  state = (state * 48271) % 2147483647;
  return state / 2147483647;
}

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

for (let turn = 0; turn < 40; turn++) {
  // Killed while it waits, too.
  if (random() < 0.02) setTimeout(die, random() * 4);
  await withLock(platform, folder, async () => {
    writeFileSync(inside, String(process.pid));
    await sleep(random() * 3);
    if (readFileSync(inside, 'latin1') !== String(process.pid)) process.stdout.write('overlap\n');
    if (random() < 0.08) die();
  });
  if (random() < 0.02) die();
}
