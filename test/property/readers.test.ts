import { execFileSync } from 'node:child_process';
import test from 'ava';
import { feed } from '../fuzz/feed.js';
import { readers } from '../fuzz/readers.js';

/**
 * Each has its turn of 20 s with one commit of thirteen, and a glance with the others; `npm run fuzz -- READER --minutes 10`
 * looks longer, and `OVS_PKI_TEST_FUZZ_SECONDS=20` at all of them.
 */
const [long, short, turns] = [20, 0.7, 13] as const;
const given = process.env['OVS_PKI_TEST_FUZZ_SECONDS'];
const turn = Number.parseInt(commit().slice(0, 7), 16) % turns;
const secondsFor = (index: number): number =>
  given === undefined ? (index % turns === turn ? long : short) : Number(given);

/** Without a repository there are no turns. */
function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return 'none';
  }
}

for (const [index, reader] of readers.entries()) {
  test.serial(
    `Whatever it reads, ${reader.name} gives a value or an OvsPkiError, soon and without holding much`,
    async (t) => {
      const fed = await feed(reader, secondsFor(index), Date.now() % 1_000_000);
      t.true(fed.inputs > 0);
      t.true(fed.heldMb < 300, `${fed.heldMb} MB`);
    },
  );
}
