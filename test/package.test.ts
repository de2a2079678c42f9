import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from './support/programs.js';

interface LockedPackage {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly engines?: { readonly node?: string };
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lockfile = readFileSync(join(projectRoot, 'package-lock.json'), 'utf8');
const { packages } = JSON.parse(lockfile) as { packages: Readonly<Record<string, LockedPackage>> };
const names = Object.keys(packages);

test('the lockfile names no registry, so that npm takes the one it is configured for', (t) => {
  t.true(names.length > 100);
  t.deepEqual(
    names.filter((name) => packages[name]?.resolved !== undefined),
    [],
  );
});

test('every locked package has a SHA-512 of what npm is to get, so that no registry gives another one', (t) => {
  const without = names.filter(
    (name) => name !== '' && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(packages[name]?.integrity ?? ''),
  );
  t.deepEqual(without, []);
});

test('no package that is installed with ours runs a script at its installation', (t) => {
  const needed = names.filter((name) => packages[name]?.dev !== true);
  t.true(needed.length > 20);
  t.deepEqual(
    needed.filter((name) => packages[name]?.hasInstallScript === true),
    [],
  );
});

test('the lockfile has the packages of every platform, without which npm ci refuses it', (t) => {
  const missing = names.flatMap((name) =>
    Object.keys(packages[name]?.optionalDependencies ?? {}).filter(
      (wanted) => !names.includes(`node_modules/${wanted}`) && !names.includes(`${name}/node_modules/${wanted}`),
    ),
  );
  t.deepEqual(missing, []);
});

test('no locked package leaves out Node 20', (t) => {
  const wants = (name: string): string => packages[name]?.engines?.node ?? '*';
  const tooNew = names.filter((name) => /^(>=?|\^|~)? ?v?2[1-9]/.test(wants(name)) && !wants(name).includes('||'));
  t.deepEqual(tooNew, []);
});
