import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { rules } from '../../src/deploy/doctor/doctor.js';
import { projectRoot, runWell } from '../support/programs.js';

test('docs/doctor.md is what the rules of doctor make it', async (t) => {
  const made = await runWell(process.execPath, ['scripts/doctor-doc.mjs'], { cwd: projectRoot });
  t.is(readFileSync(join(projectRoot, 'docs/doctor.md'), 'utf8'), made, 'run: npm run docs:doctor');
  for (const { id, severity } of rules) t.true(made.includes(`| \`${id}\` | ${severity} | `), id);
});
