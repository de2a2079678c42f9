import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { fillTemplate } from '../../src/platform/templates.js';
import { projectRoot } from '../support/programs.js';

const values = {
  ...{ mark: '# A mark\n', encoding: 'utf8 = yes\n', subject: 'commonName = A CA\n', days: '10', digest: 'sha256' },
  policy: 'organizationName = match\n',
  places: 'crlDistributionPoints = a point\n',
};

test('every placeholder of a template is filled', (t) => {
  const text = fillTemplate('ca.cnf', values);
  t.notRegex(text, /@[a-z_]+@/);
  for (const value of Object.values(values)) t.true(text.includes(value), value);
});

test('a value is put in as it is, also where it looks like a placeholder or a pattern', (t) => {
  const text = fillTemplate('ca.cnf', { ...values, subject: '@days@ $& $1' });
  t.true(text.includes('@days@ $& $1'));
});

const { digest: _, ...tooFew } = values;
const bugs: readonly { readonly title: string; readonly values: Record<string, string>; readonly message: RegExp }[] = [
  { title: 'a placeholder without a value', values: tooFew, message: /ca\.cnf: no value for @digest@/ },
  { title: 'a value without a placeholder', values: { ...values, more: '1' }, message: /ca\.cnf: nothing uses more/ },
];

for (const { title, values: given, message } of bugs) {
  test(`${title} is a bug`, (t) => {
    t.throws(() => fillTemplate('ca.cnf', given), { message });
  });
}

test('no template holds an unfinished placeholder', (t) => {
  const entries = readdirSync(`${projectRoot}templates`, { withFileTypes: true, recursive: true });
  for (const entry of entries.filter((item) => item.isFile())) {
    const name = join(entry.parentPath, entry.name);
    const signs = readFileSync(name, 'utf8').replaceAll(/@[a-z_]+@/g, '');
    t.notRegex(signs, /@\w*@/, name);
  }
});
