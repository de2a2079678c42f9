/** `npm run fuzz -- [READER…] [--minutes N] [--seed N]`: CPU time for each reader, one after the other; all without a name. */

import { parseArgs } from 'node:util';
import { feed } from './feed.js';
import { readers } from './readers.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: String(Date.now() % 1e9) } },
});
const unknown = positionals.filter((name) => !readers.some((reader) => reader.name === name));
if (unknown.length > 0) {
  console.error(`no reader ${unknown.join(', ')}; there are: ${readers.map(({ name }) => name).join(' ')}`);
  process.exitCode = 2;
} else {
  for (const reader of readers.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    try {
      const fed = await feed(reader, Number(values.minutes) * 60, Number(values.seed));
      console.log(`${reader.name}: ${JSON.stringify(fed)}, seed ${values.seed}`);
    } catch (error) {
      console.log(`${reader.name}: FAILED, seed ${values.seed}`);
      console.error(error);
      process.exitCode = 1;
    }
  }
}
