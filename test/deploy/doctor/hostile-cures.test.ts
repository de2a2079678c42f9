/** A cure is typed into a shell, here or on another host: nothing that a host says of itself is a command in it. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { findingsOn } from '../../../src/deploy/doctor/doctor.js';
import { sickHosts } from '../../cases/sick-hosts.js';
import { capturedAt, capturedFacts, examinedHost } from '../../support/host-answers.js';

/** What no shell must do: by redirection, for the shell below finds no program. */
const payloads = [
  '$(>pwned)',
  '`>pwned`',
  ';>pwned;',
  "';>pwned;'",
  '";>pwned;"',
  '\n>pwned\n',
  '|:>pwned',
  ' && >pwned',
];

/** Names of things that are ours, and not the host's. */
const ours = new Set(
  'state kind type mode label daemon ikeDaemon direction action protocol version programs publicKey signature packageManager serviceManager firewall'.split(
    ' ',
  ),
);

/** Facts in which each text of the host has something behind it. */
function poisoned<T>(value: T, payload: string): T {
  const of = (item: unknown, key = ''): unknown => {
    if (ours.has(key)) return item;
    if (typeof item === 'string') return item === '' ? item : item + payload;
    if (item instanceof Map) return new Map([...item].map(([name, inner]) => [of(name), of(inner)]));
    if (Array.isArray(item)) return item.map((inner) => of(inner));
    const isPlain = typeof item === 'object' && item !== null && Object.getPrototypeOf(item) === Object.prototype;
    return isPlain ? Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, of(inner, name)])) : item;
  };
  return of(value) as T;
}

const cures = new Map(
  payloads.flatMap((payload) =>
    sickHosts.flatMap(({ hosts }) => {
      const examined = hosts.map(([name, ...edits]) =>
        examinedHost(name, poisoned(capturedFacts(name, edits), payload)),
      );
      return findingsOn(examined, capturedAt).map(({ id, cure }) => [cure, id] as const);
    }),
  ),
);

test('a shell that is given the cures for a host does nothing that the host has said', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [index, cure] of [...cures.keys()].entries()) {
    writeFileSync(join(folder, `cure-${index}`), cure.replaceAll('/usr/share/', '/nonexistent/'));
  }
  const all = `for cure in cure-*; do (. "./$cure") </dev/null >/dev/null 2>&1; [ ! -e pwned ] || mv pwned "did-$cure"; done`;
  execFileSync('/bin/sh', ['-c', `mv() { command -p mv "$@"; }; PATH=/nonexistent; ${all}`], { cwd: folder });
  const did = readdirSync(folder).flatMap((name) => /^did-cure-(\d+)$/.exec(name)?.[1] ?? []);
  t.deepEqual(
    did.map((index) => [...cures][Number(index)]),
    [],
  );
});

test('what a host has said is in the cures', (t) => {
  const ids = new Set([...cures].filter(([cure]) => cure.includes('>pwned')).map(([, id]) => id));
  t.true(ids.size >= 12, [...ids].join(' '));
});
