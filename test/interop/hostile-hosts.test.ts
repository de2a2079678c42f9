/**
 * Hosts that have been broken into. Whatever they answer, other hosts finish, the operator's machine is not kept busy or
 * full, and nothing of them reaches another host, a terminal or a shell.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { expandNames } from '../../src/pki/name-list.js';
import { factsAnswer, factsAttacks } from '../cases/hostile-facts.js';
import { factsText, type Hosts, hostileField, unharmed } from '../support/hostile.js';
import { oursWell } from '../support/pki.js';

const sound = {
  good_1: [{ when: 'in_full=', out: factsText('198.51.100.1') }],
  good_2: [{ when: 'in_full=', out: factsText('198.51.100.2') }],
};
const idOf = (index: number): string => `bad_${String(index + 1).padStart(2, '0')}`;
const allAttacked: Hosts = {
  ...sound,
  ...Object.fromEntries(factsAttacks.map((attack, index) => [idOf(index), [factsAnswer(attack)]])),
};
const names = Object.keys(allAttacked);

interface Told {
  readonly hosts: readonly { readonly host: string; readonly error?: { readonly code: string } }[];
}

test('what hostile hosts say of themselves: status', async (t) => {
  const { folder, attack } = hostileField(t);
  const result = await attack(allAttacked, ['status', '--json', '--to', names.join(',')]);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  const { hosts } = JSON.parse(result.stdout) as Told;
  const codes = new Map(hosts.map(({ host, error }) => [host, error?.code]));
  t.deepEqual(
    [codes.get('good_1'), codes.get('good_2'), codes.size],
    [undefined, undefined, names.length],
    'all hosts are told of',
  );
  for (const [index, { what, code }] of factsAttacks.entries()) {
    if (code !== 'either') t.is(codes.get(idOf(index)), code, `${idOf(index)}: ${what}`);
  }
  const called = result.called('good_1');
  for (const name of ['ForwardX11', 'PermitLocalCommand', 'ForwardAgent'])
    t.true(called.includes(` -o${name}=no `), name);
});

test('what hostile hosts say of themselves: doctor, as text', async (t) => {
  const { folder, attack } = hostileField(t);
  const result = await attack(allAttacked, ['doctor', '--to', names.join(',')]);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  // More than ten hosts are named as ranges where the same is said of them.
  const told = `${result.stdout}\n${result.stderr}`.replaceAll(/\bbad_\[\d+-\d+\]/g, (range) =>
    expandNames([range]).join(' '),
  );
  for (const name of names) t.regex(told, new RegExp(`\\b${name}\\b`), name);
  // A cure is there to be pasted into a shell.
  for (const line of result.stdout.split('\n').filter((text) => /^ *cure.*touch pwned/.test(text))) {
    t.regex(line, /'[^']*touch pwned/, line);
  }
});

test('what hostile hosts say of themselves: plan', async (t) => {
  const { folder, attack } = hostileField(t);
  await oursWell(folder, ['init', '--key', 'ec']);
  const hosts = names.map((name) => `  ${name}: {}`).join('\n');
  writeFileSync(join(folder, 'fleet.yaml'), `version: 1\nhosts:\n${hosts}\n`);
  const result = await attack(allAttacked, ['plan', '--json', '--skip-proof']);
  unharmed(t, folder, result);
  t.is(result.status, 6);
  const { hosts: told } = JSON.parse(result.stdout) as Told;
  t.deepEqual(told.map(({ host }) => host).sort(), names.toSorted());
});
