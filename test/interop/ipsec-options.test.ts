import { readFileSync } from 'node:fs';
import test from 'ava';
import { optionRules } from '../../src/deploy/inventory/tunnel-options.js';
import { runWell } from '../support/programs.js';

test('strongSwan has each word of ipsec.conf that it is said to know', (t) => {
  // The starter reads ipsec.conf; its words stand in it as C strings, some as the end of a longer one.
  const starter = readFileSync('/usr/lib/ipsec/starter', 'latin1');
  const words = Object.entries(optionRules).flatMap(([name, { daemon }]) =>
    name.startsWith('ipsec_') && daemon !== 'libreswan' ? [name.slice('ipsec_'.length)] : [],
  );
  t.true(words.length > 10);
  t.deepEqual(
    words.filter((word) => !starter.includes(`${word}\0`)),
    [],
  );
});

test('Open vSwitch has each other option', async (t) => {
  const manual = await runWell('man', ['ovs-vswitchd.conf.db'], { env: { MANWIDTH: '200' } });
  const names = Object.keys(optionRules).filter((name) => !name.startsWith('ipsec_'));
  t.true(names.length > 5);
  t.deepEqual(
    names.filter((name) => !new RegExp(`options : ${name}:? `).test(manual)),
    [],
  );
});
