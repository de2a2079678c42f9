/** Who works once as root in a PKI directory of somebody else does not lock them out; nor does one of a group the others. */

import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { programPath, type Run, run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** Only root can become another user. */
const rootTest = process.getuid?.() === 0 ? test : test.skip;

const owner = 65_534;
const group = 54_321;

const asRoot: readonly { readonly title: string; readonly lines: readonly string[] }[] = [
  { title: 'init', lines: ['init -k ec --force'] },
  { title: 'req+sign', lines: ['req+sign -u -k ec by_root'] },
  { title: 'renew --rekey', lines: ['renew --rekey -k ec host'] },
  { title: 'renew --revoke-old and a CRL', lines: ['renew --revoke-old host', 'crl'] },
  { title: 'a whole rollover', lines: ['prepare', 'switch', 'back', 'switch', 'retire'].map(rolloverLine) },
  { title: 'a rollover that goes on', lines: ['prepare', 'switch'].map(rolloverLine) },
];

for (const { title, lines } of asRoot) {
  rootTest(`${title} as root leaves everything to the owner of the folder`, async (t) => {
    const folder = await ownersFolder(t);
    for (const line of lines) assertDone(t, await as('root', folder, line));
    t.deepEqual(ofOthers(folder), []);
    for (const line of [
      'req+sign -u -k ec --force host',
      'renew --rekey -k ec host',
      'revoke host --reason keyCompromise',
      'crl',
    ]) {
      assertDone(t, await as(owner, folder, line));
    }
  });
}

rootTest('the files of a PKI directory keep their modes, whatever the umask of who changes them', async (t) => {
  const folder = await ownersFolder(t);
  for (const name of ['index.txt', 'crlnumber']) chmodSync(join(folder, 'pki/switchca', name), 0o640);
  assertDone(t, await as('root', folder, 'revoke host', '077'));
  assertDone(t, await as('root', folder, 'crl', '077'));
  const modes = ['index.txt', 'crlnumber', 'private/cakey.pem'].map(
    (name) => lstatSync(join(folder, 'pki/switchca', name)).mode & 0o777,
  );
  t.deepEqual(modes, [0o640, 0o640, 0o600]);
});

rootTest('users of one group work in one PKI directory in turn', async (t) => {
  const folder = scratchFolder(t);
  chownSync(folder, 0, group);
  chmodSync(folder, 0o2775);
  const users = [60_001, 60_002] as const;
  // A CA key is its owner's alone: who has made the CA signs.
  assertDone(t, await as(users[0], folder, 'init -k ec', '022'));
  assertDone(t, await as(users[0], folder, 'req+sign -u -k ec host other', '022'));
  assertDone(t, await as(users[1], folder, 'revoke host', '022'));
  assertDone(t, await as(users[0], folder, 'revoke other', '022'));
  assertDone(t, await as(users[0], folder, 'crl', '022'));
});

function rolloverLine(step: string): string {
  return `rollover ${step} --pki-only${step === 'retire' ? ' --force' : ''}`;
}

/** A PKI directory of an ordinary user, with one host. */
async function ownersFolder(t: ExecutionContext): Promise<string> {
  const folder = join(scratchFolder(t), 'owned');
  chmodSync(join(folder, '..'), 0o755);
  mkdirSync(folder);
  chownSync(folder, owner, owner);
  assertDone(t, await as(owner, folder, 'init -k ec'));
  assertDone(t, await as(owner, folder, 'req+sign -u -k ec host'));
  return folder;
}

function as(user: number | 'root', folder: string, line: string, umask = '022'): Promise<Run> {
  const command = `umask ${umask}; exec "$@"`;
  const program = [process.execPath, programPath, '--dir', 'pki', ...line.split(' ')];
  const become = user === 'root' ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, `--groups=${user},${group}`];
  return run('sh', ['-c', command, 'sh', ...become, ...program], { cwd: folder });
}

function assertDone(t: ExecutionContext, { status, stderr }: Run): void {
  t.is(status, 0, stderr);
}

function ofOthers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const { uid, gid } = lstatSync(join(folder, name));
    return uid !== owner || gid !== owner;
  });
}
