/**
 * Folders whose file system has no hard links (shares of virtual machines, SMB, FAT) or no symbolic ones: a command says so before it has
 * changed anything, or works.
 */

import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { oursWell } from '../support/pki.js';
import { programPath, run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** What link(2) and symlink(2) say there, where the environment says it: preloaded, as a file system of that kind would. */
const shim = `
#include <errno.h>
#include <stdlib.h>
static int say(const char *name) { const char *value = getenv(name); errno = value ? atoi(value) : EIO; return -1; }
#define REFUSES(name, parameters, kind) int name parameters { return say(kind); }
#ifdef NO_HARD
REFUSES(link, (const char *a, const char *b), "NO_LINKS")
REFUSES(linkat, (int x, const char *a, int y, const char *b, int f), "NO_LINKS")
#else
REFUSES(symlink, (const char *a, const char *b), "NO_LINKS")
REFUSES(symlinkat, (const char *a, int x, const char *b), "NO_LINKS")
#endif
`;

const contentsOf = (folder: string): Promise<string> =>
  runWell('sh', ['-c', 'find . -type f ! -name log -print0 | sort -z | xargs -0 sha256sum'], { cwd: folder });

/** EPERM, EOPNOTSUPP, ENOSYS: what vboxsf and vfat, NFS and SMB, and FUSE say. */
const answers = ['1', '95', '38'] as const;

async function makeScene(t: ExecutionContext, define: string) {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  await oursWell(folder, ['req', '-u', '--key=ec', 'b']);
  writeFileSync(join(folder, 'shim.c'), shim);
  const library = join(folder, 'shim.so');
  await runWell('gcc', ['-shared', '-fPIC', `-D${define}`, '-o', library, join(folder, 'shim.c')]);
  return async (line: string, answer: string) => {
    const place = scratchFolder(t);
    cpSync(folder, place, { recursive: true });
    const before = await contentsOf(place);
    const args = [programPath, ...line.split(' '), '--dir', 'pki', '--log', 'log'];
    const result = await run(process.execPath, args, { cwd: place, env: { LD_PRELOAD: library, NO_LINKS: answer } });
    return { ...result, place, isUntouched: (await contentsOf(place)) === before };
  };
}

const changing = [
  ...['sign -b b', 'req+sign -u -k ec c', 'renew a', 'revoke -b a', 'crl', 'rollover prepare switch --pki-only'],
  ...['check --repair', 'init --force -k ec', 'passphrase'],
];

test('without hard links what changes a PKI directory says so, and changes nothing', async (t) => {
  const runIn = await makeScene(t, 'NO_HARD');
  for (const [at, line] of changing.entries()) {
    const { stderr, status, isUntouched, place } = await runIn(line, answers[at % answers.length] as string);
    // No lock is needed where the old folders are moved aside as they are, or nothing is there to encrypt.
    if (status === 0) t.true(line.startsWith('init'), line);
    else {
      t.regex(stderr, /hard links \(E\w+\)[\s\S]*hint: |\[(?:PASSPHRASE|PROMPT|KEY)_\w+\]/, line);
      t.true(isUntouched || existsSync(join(place, 'c-req.pem')), line);
    }
  }
  for (const line of [
    'verify a',
    'list',
    'show a',
    'check',
    'fingerprint a-cert.pem',
    'req -u -k ec c',
    'self-sign -f b',
  ])
    t.is((await runIn(line, '1')).status, 0, line);
});

test('without symbolic links a rollover says so before it begins, and all else works', async (t) => {
  const runIn = await makeScene(t, 'NO_SYMBOLIC');
  for (const answer of answers) {
    const { stderr, status, isUntouched } = await runIn('rollover prepare switch --pki-only', answer);
    t.not(status, 0);
    t.regex(stderr, /without symbolic links \(E\w+\)/);
    t.true(isUntouched, 'not even the audit log has a line of it');
  }
  for (const line of [
    'sign -b b',
    'req+sign -u -k ec c',
    'renew --rekey a',
    'revoke -b a',
    'crl',
    'init --force -k ec',
  ])
    t.is((await runIn(line, '1')).status, 0, line);
});
