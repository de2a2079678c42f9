/** The key of a CA is elsewhere or lost, and the rest of the PKI is there: nobody is told to make a new one, and what is told helps. */

import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { caFolderIn, ours, oursWell } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** What need the key, and what do not. */
const signing = [
  'req+sign -u -k ec c',
  'renew a',
  'crl',
  'rollover prepare switch --pki-only',
  'import switch --request r --same-key',
];
const others = ['verify a', 'list', 'show a', 'revoke a', 'export a --format chain --out chain.pem', 'req -u -k ec d'];

/** How it is not there. */
const losses: Readonly<Record<string, (folder: string) => void>> = {
  'is missing': (place) => rmSync(join(place, 'cakey.pem')),
  'is a link to what is not mounted': (place) => {
    rmSync(join(place, 'cakey.pem'));
    symlinkSync('/nowhere/cakey.pem', join(place, 'cakey.pem'));
  },
  'is missing with its folder': (place) => rmSync(place, { recursive: true }),
};

for (const [title, lose] of Object.entries(losses)) {
  test(`where the key of the CA ${title}, what is told brings it back`, async (t) => {
    const folder = scratchFolder(t);
    await oursWell(folder, ['init', '--key=ec']);
    await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
    const key = join(caFolderIn(folder, 'switch'), 'private/cakey.pem');
    copyFileSync(key, join(folder, 'BACKUP'));
    lose(join(caFolderIn(folder, 'switch'), 'private'));
    let cure = '';
    for (const line of signing) {
      const { status, stderr } = await ours(folder, line.split(' '));
      t.is(status, 5, line);
      t.regex(stderr, /the key of the CA is not here: .*private\/cakey\.pem .*\[PKI_NOT_FOUND\]/, line);
      t.notRegex(stderr, /make a PKI|init --force/, line);
      cure = /signed: (.*); without it/.exec(stderr)?.[1] ?? '';
    }
    t.false(
      readdirSync(folder).some((name) => /^(c-cert|r$)/.test(name)),
      'nothing half done',
    );
    for (const line of others) t.is((await ours(folder, line.split(' '))).status, 0, line);
    t.regex((await ours(folder, ['check'])).stdout, /critical: .*private\/cakey\.pem.*\[ca-key-missing\]/);
    // Typed as it stands, with the backup there.
    await runWell('sh', ['-c', cure], { cwd: folder });
    t.is((await ours(folder, ['crl'])).status, 0, cure);
    await oursWell(folder, ['req+sign', '-u', '--key=ec', 'e']);
    t.is((await ours(folder, ['check'])).status, 0);
  });
}

test('where a CA is gone as a whole its backup is named first, and init only for when all is lost', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  const [ca, away] = [caFolderIn(folder, 'switch'), join(folder, 'away')];
  renameSync(ca, away);
  const { stderr } = await ours(folder, ['crl']);
  t.regex(stderr, /hint: put pki\/switchca\/cacert\.pem back from a backup.*; only where all is lost.*init --force/);
  mkdirSync(ca);
  t.regex((await ours(folder, ['crl'])).stderr, /hint: put pki\/switchca\/cacert\.pem back from a backup/);
  rmSync(ca, { recursive: true });
  renameSync(away, ca);
  t.is((await ours(folder, ['crl'])).status, 0);
});
