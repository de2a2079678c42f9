import test from 'ava';
import { feed } from '../fuzz/feed.js';
import { readers } from '../fuzz/readers.js';

/** A glance at each; `npm run fuzz -- READER --minutes 10` looks longer, and so does `OVS_PKI_TEST_FUZZ_SECONDS=20`. */
const cpuSeconds = Number(process.env['OVS_PKI_TEST_FUZZ_SECONDS'] ?? 0.7);

for (const reader of readers) {
  test.serial(
    `Whatever it reads, ${reader.name} gives a value or an OvsPkiError, soon and without holding much`,
    async (t) => {
      const fed = await feed(reader, cpuSeconds, Date.now() % 1_000_000);
      t.true(fed.inputs > 0);
      t.true(fed.heldMb < 300, `${fed.heldMb} MB`);
    },
  );
}
