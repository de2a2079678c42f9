/** PKCS #12 files with an empty password, or with none: nobody is asked, and an empty file of passphrases does no harm. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { nodePlatform, show } from '../../../src/index.js';
import { ecKeyFile } from '../../support/keys.js';
import { runOurs, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const secret = 'correct horse';

/** How openssl makes it, and which answers open it; `nothing` where nobody has to be asked. */
const forms: readonly {
  readonly title: string;
  readonly args: readonly string[];
  readonly opens: 'nothing' | string;
}[] = [
  { title: 'an empty password', args: ['-passout', 'pass:'], opens: 'nothing' },
  {
    title: 'an empty password, Triple DES',
    args: ['-passout', 'pass:', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES', '-macalg', 'sha1'],
    opens: 'nothing',
  },
  { title: 'an empty password, no integrity check', args: ['-passout', 'pass:', '-nomac'], opens: 'nothing' },
  {
    title: 'nothing encrypted',
    args: ['-passout', 'pass:', '-nomac', '-keypbe', 'NONE', '-certpbe', 'NONE'],
    opens: 'nothing',
  },
  {
    title: 'nothing encrypted, and a check',
    args: ['-passout', 'pass:', '-keypbe', 'NONE', '-certpbe', 'NONE'],
    opens: 'nothing',
  },
  {
    title: 'certificates only, in the clear',
    args: ['-passout', 'pass:', '-nokeys', '-nomac', '-certpbe', 'NONE'],
    opens: 'nothing',
  },
  { title: 'a passphrase', args: ['-passout', `pass:${secret}`], opens: secret },
  { title: 'a passphrase, no integrity check', args: ['-passout', `pass:${secret}`, '-nomac'], opens: secret },
  {
    title: 'a passphrase of the key alone',
    args: ['-passout', `pass:${secret}`, '-nomac', '-certpbe', 'NONE'],
    opens: secret,
  },
];

test('whoever needs no passphrase is not asked for one, and whoever needs one is', async (t) => {
  const folder = scratchFolder(t);
  const key = ecKeyFile('p256', 1);
  const certificate = join(folder, 'cert.pem');
  await runWell('openssl', [
    'req',
    '-x509',
    '-new',
    '-key',
    key,
    '-subj',
    '/CN=host_1',
    '-days',
    '30',
    '-out',
    certificate,
  ]);
  for (const { title, args, opens } of forms) {
    const file = join(folder, `${title}.p12`);
    await runWell('openssl', ['pkcs12', '-export', '-in', certificate, '-inkey', key, '-out', file, ...args]);
    const asked: string[] = [];
    const answering = (passphrase: string) =>
      show(nodePlatform(), {
        pkiDirectory: join(folder, 'pki'),
        operands: [file],
        standardInput: async () => new Uint8Array(),
        passphrase: async (name) => {
          asked.push(name);
          return passphrase;
        },
      });
    const [shown] = await answering(opens === 'nothing' ? 'not this one' : opens);
    t.is(shown?.outcome, 'shown', `${title}: ${JSON.stringify(shown)}`);
    t.is(asked.length, opens === 'nothing' ? 0 : 1, title);
    if (opens === 'nothing') continue;
    const [refused] = await answering('not this one');
    t.like(refused, { outcome: 'refused', error: { code: 'PASSPHRASE_WRONG' } }, title);
  }
});

test('a file of passphrases that is empty, or holds an empty line, opens an empty password', async (t) => {
  const folder = scratchFolder(t);
  const key = ecKeyFile('p256', 1);
  await runWell(
    'openssl',
    ['req', '-x509', '-new', '-key', key, '-subj', '/CN=host_1', '-days', '30', '-out', 'cert.pem'],
    { cwd: folder },
  );
  await runWell(
    'openssl',
    ['pkcs12', '-export', '-in', 'cert.pem', '-inkey', key, '-out', 'a.p12', '-passout', 'pass:', '-nomac'],
    { cwd: folder },
  );
  for (const content of ['', '\n', '\r\n']) {
    writeFileSync(join(folder, 'secret'), content, { mode: 0o600 });
    const file = await runOurs(['show', 'a.p12', '--passphrase-file', 'secret'], { cwd: folder });
    t.regex(file.stdout, /common name +host_1\n/, file.stderr);
    const input = await runOurs(['show', 'a.p12', '--passphrase-file', '-', '--json'], { cwd: folder, input: content });
    t.is(JSON.parse(input.stdout).results[0].outcome, 'shown', input.stderr);
  }
});
