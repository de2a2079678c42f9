/** The scripts that change hosts, run by a real sh, with the real openssl and a real ovsdb-server. */

import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ikeFunctions } from '../../../src/deploy/ike/daemon.js';
import { ikeDaemons } from '../../../src/deploy/ike/daemons.js';
import { strongswan } from '../../../src/deploy/ike/strongswan.js';
import { placeFunctions, prepareScript, removeFilesScript } from '../../../src/deploy/remote/scripts.js';
import { shellWord } from '../../../src/platform/quote.js';
import { templatePath } from '../../../src/platform/templates.js';
import { ecKeyFile, rsaKeyFile } from '../../support/keys.js';
import { startSocketDatabase } from '../../support/ovsdb-socket.js';
import { type Run, run, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const sh = (script: string, cwd: string): Promise<Run> => run('sh', ['-s'], { cwd, input: script });

const hostile = [
  'plain',
  'with space',
  "quote'quote",
  '$(touch pwned)',
  '`touch pwned`',
  '"; touch pwned; "',
  '-rf',
  '*',
  '\\n%s\\',
  'line\nfeed',
  '&& touch pwned #',
  'ünïcode',
];
test('charon forgets the connections of drop policies, once a running ovs-monitor-ipsec has made them', async (t) => {
  const folder = scratchFolder(t);
  const answers = `#!/bin/sh
echo "$*" >>calls
case $1 in
  statusall) [ "$(grep -c statusall calls)" -lt 3 ] || echo 'prevent_unencrypted_vxlan:   child:  dynamic[udp/4789] === dynamic DROP' ;;
esac
`;
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/ipsec'), answers, { mode: 0o755 });
  const script = prepareScript({
    actions: [{ kind: 'refuse-strangers', when: 'before the change' }],
    ...{ keys: new Map(), ike: strongswan.script('5.9.8'), plaintext: undefined },
  });
  const env = { PATH: `${folder}/bin:${process.env['PATH']}` };
  const input = script.replace(/^refuse_strangers$/m, 'is_monitored() { :; }\n$&');
  const { status, stderr } = await run('sh', ['-s'], { cwd: folder, input, env });
  t.is(status, 0, stderr);
  const calls = readFileSync(join(folder, 'calls'), 'utf8').trimEnd().split('\n');
  const forgotten = ['gre', 'geneve', 'stt', 'vxlan'].map((type) => `stroke delete prevent_unencrypted_${type}`);
  const looks = Array.from({ length: 3 }, () => ['status', 'statusall']).flat();
  t.deepEqual(calls, [...looks, ...forgotten]);
});

const contents = ['', 'no line feed', 'a\nb\n', "'%s\\n' $(touch pwned) `touch pwned`\n", `${'x'.repeat(100_000)}\n`];

for (const name of hostile) {
  test(`files get exactly their bytes and modes in a folder and under a name like ${JSON.stringify(name)}`, async (t) => {
    const folder = scratchFolder(t);
    const below = join(folder, name);
    const roles = ['certificate', 'private-key', 'ca', 'peer-certificate', 'certificate'] as const;
    const places = contents.map((content, index) => ({
      kind: 'place' as const,
      role: roles[index] ?? 'ca',
      path: join(below, `${index}${name}`),
      content: roles[index] === 'private-key' ? undefined : content,
      source: roles[index] === 'private-key' ? 'here' : undefined,
    }));
    const keys = new Map(places.map(({ path }, index) => [path, contents[index] ?? ''] as const));
    const script = prepareScript({
      ...{
        actions: places,
        keys,
        ike: strongswan.script('5.9.8'),
        plaintext: undefined,
      },
    });
    const { status, stderr } = await sh(`umask 000\n${script}`, folder);
    t.is(status, 0, stderr);
    t.deepEqual(readdirSync(folder), [name]);
    t.is(readdirSync(below).length, places.length, 'nothing else lies there');
    for (const [index, { path, role }] of places.entries()) {
      t.is(readFileSync(path, 'utf8'), contents[index] ?? '');
      t.is(statSync(path).mode & 0o777, role === 'private-key' ? 0o600 : 0o644);
    }
    const removed = await sh(removeFilesScript(places.map(({ path }) => path)), folder);
    t.is(removed.status, 0, removed.stderr);
    t.false(existsSync(below), 'the folder came with the files, and goes with them');
  });
}

const obstructions: readonly {
  readonly title: string;
  readonly prepare: string;
  readonly path: string;
  readonly says: RegExp;
}[] = [
  { title: 'its folder is a file', prepare: ': >file', path: 'file/a.pem', says: /the folder .*file cannot be made/ },
  {
    title: 'its folder is a link to nowhere',
    prepare: 'ln -s nowhere/at/all link',
    path: 'link/a.pem',
    says: /the folder .*link cannot be made/,
  },
  {
    title: 'the disk is full',
    prepare: 'mkdir small && mount -t tmpfs -o size=4k,mode=755 tmpfs small && head -c 4096 /dev/zero >small/full',
    path: 'small/a.pem',
    says: /a\.pem could not be written: is the disk full or read-only\?/,
  },
  {
    title: 'the disk is read-only',
    prepare: 'mkdir small && mount -t tmpfs -o ro,mode=755 tmpfs small',
    path: 'small/a.pem',
    says: /a\.pem could not be written: is the disk full or read-only\?/,
  },
  {
    title: 'a program to move it is missing',
    prepare: 'mv() { return 1; }; mkdir there && echo older >there/a.pem',
    path: 'there/a.pem',
    says: /a\.pem could not be written/,
  },
  {
    title: 'others can write into its folder',
    prepare: 'mkdir -m 777 open',
    path: 'open/a.pem',
    says: /others than root can write into the folder \S+open \(mode 777\).*: chmod go-w \S+open$/m,
  },
  {
    title: 'all can write into its folder, with the sticky bit',
    prepare: 'mkdir open && chmod 1777 open',
    path: 'open/a.pem',
    says: /others than root can write into the folder \S+open \(mode 1777\)/,
  },
  {
    title: 'others can write into a folder on the way',
    prepare: 'mkdir -m 777 open && mkdir open/inner',
    path: 'open/inner/a.pem',
    says: /others than root can write into the folder \S+open \(mode 777\)/,
  },
  {
    title: 'a folder on the way belongs to somebody else',
    prepare: 'mkdir -p foreign/inner && chown 65534 foreign',
    path: 'foreign/inner/a.pem',
    says: /the folder \S+foreign belongs to the user 65534.*: chown root \S+foreign$/m,
  },
  {
    title: 'a link leads to a folder that others can write into',
    prepare: 'mkdir -m 777 open && mkdir open/inner && ln -s open/inner link',
    path: 'link/a.pem',
    says: /others than root can write into the folder \S+open \(mode 777\)/,
  },
];

test('what lies where a file is staged is neither followed nor kept', async (t) => {
  const folder = scratchFolder(t);
  const place = `place ${shellWord(join(folder, 'a.pem'))} 600 secret`;
  const prepare = 'echo mine >victim; ln -s victim .a.pem.staged; mkfifo .b.pem.staged';
  const again = `place ${shellWord(join(folder, 'b.pem'))} 600 secret`;
  const script = `${placeFunctions()}\n${prepare}; ${place}; ${again}; cat victim a.pem b.pem; ls -A`;
  const { stdout } = await run('sh', ['-s'], { cwd: folder, input: script });
  t.is(stdout, 'mine\nsecretsecreta.pem\nb.pem\nvictim\n');
});

for (const { title, prepare, path, says } of obstructions) {
  test(`a file that cannot be placed because ${title} leaves nothing, and the script ends`, async (t) => {
    const folder = scratchFolder(t);
    const place = `place ${shellWord(join(folder, path))} 600 ${shellWord('secret'.repeat(2000))}`;
    const look = `find ${shellWord(folder)} -type f ! -name full -exec cat {} + >seen; ls -A ${shellWord(join(folder, path, '..'))} >left`;
    // In namespaces of its own, so that nothing stays mounted.
    const script = `${placeFunctions()}\n${prepare} || exit 7\n( ${place}; echo went on ); echo "status $?"\n${look}`;
    const { stdout, stderr } = await run('unshare', ['--mount', 'sh', '-s'], { cwd: folder, input: script });
    t.is(stdout, 'status 1\n', stderr);
    t.regex(stderr, says);
    t.notRegex(readFileSync(join(folder, 'seen'), 'latin1'), /secret/);
    t.notRegex(readFileSync(join(folder, 'left'), 'latin1'), /staged/);
  });
}

interface Pair {
  readonly title: string;
  readonly call: string;
  readonly says: RegExp | undefined;
}

const pairs: readonly Pair[] = [
  { title: 'a key and its certificate', call: 'same one.key one.pem', says: undefined },
  { title: 'an EC key and its certificate', call: 'same ec.key ec.pem', says: undefined },
  { title: 'the key of another', call: 'same two.key one.pem', says: /two\.key does not belong to .*one\.pem/ },
  { title: 'an encrypted key', call: 'same locked.key one.pem', says: /the key locked\.key cannot be read/ },
  { title: 'a key that is cut off', call: 'same cut.key one.pem', says: /the key cut\.key cannot be read/ },
  { title: 'no key', call: 'same none.key one.pem', says: /the key none\.key cannot be read/ },
  { title: 'no certificate', call: 'same one.key cut.key', says: /the certificate cut\.key cannot be read/ },
  { title: 'a certificate and its CA', call: 'signed two.pem one.pem', says: undefined },
  {
    title: 'a certificate of another CA',
    call: 'signed two.pem ec.pem',
    says: /two\.pem is not accepted under ec\.pem/,
  },
  {
    title: 'an expired certificate',
    call: 'signed expired.pem one.pem',
    says: /expired\.pem is not accepted .*expired/s,
  },
  { title: 'no CA', call: 'signed two.pem none.pem', says: /two\.pem is not accepted under none\.pem/ },
];

test('of keys, certificates and CAs only those that belong together are let through', async (t) => {
  const folder = scratchFolder(t);
  const openssl = (...args: string[]) => runWell('openssl', args, { cwd: folder });
  copyFileSync(rsaKeyFile(1), join(folder, 'one.key'));
  copyFileSync(rsaKeyFile(2), join(folder, 'two.key'));
  copyFileSync(ecKeyFile('p256', 1), join(folder, 'ec.key'));
  writeFileSync(join(folder, 'cut.key'), readFileSync(rsaKeyFile(1)).subarray(0, 700));
  await openssl('pkey', '-in', 'one.key', '-aes128', '-passout', 'pass:word', '-out', 'locked.key');
  for (const name of ['one', 'ec']) {
    await openssl('req', '-x509', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-days', '9', '-out', `${name}.pem`);
  }
  await openssl('req', '-new', '-key', 'two.key', '-subj', '/CN=two', '-out', 'two.req');
  for (const [name, days] of [
    ['two', '9'],
    ['expired', '-1'],
  ] as const) {
    const ca = ['-CA', 'one.pem', '-CAkey', 'one.key', '-set_serial', '2'];
    await openssl('x509', '-req', '-in', 'two.req', ...ca, '-days', days, '-out', `${name}.pem`);
  }
  for (const { title, call, says } of pairs) {
    const { status, stderr } = await sh(`${placeFunctions()}\n${call}\necho well`, folder);
    t.is(status, says === undefined ? 0 : 1, `${title}: ${stderr}`);
    if (says !== undefined) t.regex(stderr, says, title);
    t.notRegex(stderr, /PRIVATE KEY/);
  }
});

test('a transaction goes to a real ovsdb-server by standard input, and its reply comes back in full', async (t) => {
  const folder = scratchFolder(t);
  const database = await startSocketDatabase(folder);
  t.teardown(database.close);
  const transact = async (transaction: unknown) => {
    const { status, stdout, stderr } = await run(
      'python3',
      ['-I', '-S', templatePath('remote/transact.py'), database.socket],
      {
        input: JSON.stringify(transaction),
      },
    );
    return {
      status,
      stderr,
      reply: stdout === '' ? undefined : (JSON.parse(stdout) as { result: unknown[]; error: unknown }),
    };
  };
  const value = `${'a "quoted" \\ {[ ünïcode '.repeat(10_000)}`;
  const set = (text: string) => ({
    ...{ op: 'mutate', table: 'Open_vSwitch', where: [] },
    mutations: [['external_ids', 'insert', ['map', [['large', text]]]]],
  });
  const read = { op: 'select', table: 'Open_vSwitch', where: [], columns: ['external_ids'] };
  t.like(await transact(['Open_vSwitch', set(value)]), { status: 0, reply: { result: [{ count: 1 }], error: null } });
  const { reply } = await transact(['Open_vSwitch', read]);
  t.deepEqual(reply?.result, [{ rows: [{ external_ids: ['map', [['large', value]]] }] }]);
  const unmet = {
    op: 'wait',
    timeout: 0,
    table: 'Open_vSwitch',
    where: [],
    columns: ['external_ids'],
    until: '==',
    rows: [],
  };
  const refused = await transact(['Open_vSwitch', unmet, set('never')]);
  t.is(refused.status, 3);
  t.like(refused.reply?.result[0], { error: 'timed out' });
  t.is((await database.read()).externalIds['large'], value);
  t.like((await transact(['No_such_database', read])).reply, { result: null, error: { error: 'unknown database' } });
  await database.close();
  const gone = await transact(['Open_vSwitch', read]);
  t.not(gone.status, 0);
  t.is(gone.reply, undefined);
});

test('no function of the scripts takes the place of a program that they may call', async (t) => {
  const scripts = [placeFunctions(), ...ikeDaemons.map((daemon) => daemon.script(''))].join('\n');
  const names = [...scripts.matchAll(/^(\w+)\(\) \{/gm)].map(([, name = '']) => name);
  t.true(names.length > 10, names.join());
  // A machine with p11-kit has a trust(1), which the scripts do not want.
  const others = names.filter((name) => name !== 'trust');
  const { stdout } = await run('bash', ['-c', `type -aP ${others.join(' ')}`]);
  t.is(stdout, '');
});

for (const { label, script } of ikeDaemons) {
  test(`the script for ${label} has the functions that are called`, (t) => {
    const defined = [...script('').matchAll(/^(\w+)\(\) \{/gm)].map(([, name = '']) => name);
    t.deepEqual(
      ikeFunctions.filter((name) => !defined.includes(name)),
      [],
    );
  });
}
