// Prints how large the files and functions of src/ are, and how its folders hang together, for ARCHITECTURE.md.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { numbersOf } from '../build/test/support/numbers.js';

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path))
  .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const { files, functions, circles, deploy } = numbersOf(sources);

const row = (what, { count, median, p90, max }) => `| ${what} | ${count} | ${median} | ${p90} | ${max} |`;
const edges = [...deploy.values()].reduce((sum, targets) => sum + targets.size, 0);
const short = (folder) => folder.replace('src/deploy/', '');

console.log(`| lines of | number | median | 90 % | most |
|---|---|---|---|---|
${row('files', files)}
${row('functions', functions)}

Folders in a circle: ${circles.join(', ') || 'none'}.

\`src/deploy\`: ${deploy.size} folders, ${edges} edges.

| folder | imports from |
|---|---|
${[...deploy].map(([folder, targets]) => `| ${short(folder)} | ${[...targets].map(short).toSorted().join(', ')} |`).join('\n')}`);
