/** Questions, asked on a real terminal: script(1) gives the program one. */

import { spawn } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { OvsPkiError } from '../../src/errors.js';
import { nodePlatform } from '../../src/platform/index.js';
import { init } from '../../src/usecases/authority/init.js';
import { req } from '../../src/usecases/certificate/req.js';
import { sign } from '../../src/usecases/certificate/sign.js';
import { ecKeyFile, readPem } from '../support/keys.js';
import { programPath, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { makeToken, pin } from '../support/token.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const question = 'Does fingerprint match?';

/** What is typed when a text appears, in this order. */
type Dialogue = readonly (readonly [appears: string, typed: string])[];

test('sign asks whether the fingerprint matches, and signs after a yes', async (t) => {
  const folder = await makeScene(t, ['host']);
  const { status, screen } = await talk(folder, ['-d', 'pki', 'sign', 'host'], [[question, 'yes\r']]);
  t.is(status, 0, screen);
  t.true(existsSync(join(folder, 'host-cert.pem')));
  t.is(screen.split('fingerprint ').length - 1, 1 + screen.split(question).length - 1, 'the fingerprint is shown once');
});

test('a person sees the SHA-256 beside the fingerprint of ovs-pki, and a program does not', async (t) => {
  const folder = await makeScene(t, ['host']);
  const file = join(folder, 'host-req.pem');
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  const asked = await talk(folder, ['-d', 'pki', 'sign', 'host'], [[question, 'yes\r']]);
  t.true(asked.screen.includes(`host-req.pem: SHA-256 ${sha256}`), asked.screen);
  const shown = await talk(folder, ['fingerprint', 'host-req.pem'], []);
  t.true(shown.screen.includes(`host-req.pem: SHA-256 ${sha256}`), shown.screen);
  const { stdout, stderr } = await runOurs(['fingerprint', 'host-req.pem'], { cwd: folder });
  t.false(`${stdout}${stderr}`.includes('SHA-256'));
});

test('after a no nothing is signed, and the other names go on', async (t) => {
  const folder = await makeScene(t, ['host', 'other']);
  const dialogue: Dialogue = [
    [question, 'no\r'],
    ['other-req.pem', ''],
    [question, 'yes\r'],
  ];
  const { status, screen } = await talk(folder, ['-d', 'pki', 'sign', 'host', 'other'], dialogue);
  t.is(status, 3);
  t.regex(screen, /host was not signed: its fingerprint does not match \[FINGERPRINT_REJECTED\]/);
  t.regex(screen, /other: signed by switchca/);
  t.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith('-cert.pem')),
    ['other-cert.pem'],
  );
});

test('an answer that is neither is asked again', async (t) => {
  const folder = await makeScene(t, ['host']);
  const dialogue: Dialogue = [
    [question, 'y\r'],
    ['type yes or no', 'es\r'],
  ];
  const { status, screen } = await talk(folder, ['-d', 'pki', 'sign', 'host'], dialogue);
  t.is(status, 0, screen);
});

test('Ctrl-C at the question ends the command with 130, and nothing is signed', async (t) => {
  const folder = await makeScene(t, ['host']);
  const { status, screen } = await talk(folder, ['-d', 'pki', 'sign', 'host'], [[question, '\x03']]);
  t.is(status, 130);
  t.regex(screen, /\[INTERRUPTED\]/);
  t.false(existsSync(join(folder, 'host-cert.pem')));
});

test('show asks for the passphrase of an encrypted key, and does not show it', async (t) => {
  const folder = scratchFolder(t);
  const passphrase = 'correct horse';
  const key = createPrivateKey(readPem(ecKeyFile('p256', 1)));
  const encrypted = key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  writeFileSync(join(folder, 'key.pem'), encrypted);
  const { status, screen } = await talk(folder, ['show', 'key.pem'], [['Passphrase of key.pem', `${passphrase}\r`]]);
  t.is(status, 0, screen);
  t.regex(screen, /key +EC P-256\r?\n +encrypted +yes/);
  t.false(screen.includes(passphrase));
});

test('setup asks for two names and a place, and refuses a bad name at once', async (t) => {
  const folder = scratchFolder(t);
  const dialogue: Dialogue = [
    ['Name of host 1', 'a b\r'],
    ['a name may hold only', '\x15left\r'],
    ['Name of host 2', 'right\r'],
    ['Where is the PKI directory', 'pki\r'],
  ];
  const { status, screen } = await talk(folder, ['setup', '-k', 'ec'], dialogue);
  t.is(status, 0, screen);
  t.regex(screen, /left: left-cert\.pem verified/);
  t.regex(screen, /right: right-cert\.pem verified/);
});

test('init --encrypt-key asks for a passphrase twice, and refuses one that is too short or not the same', async (t) => {
  const folder = scratchFolder(t);
  const dialogue: Dialogue = [
    ['New passphrase of the CA keys:', 'short\r'],
    ['at least 8 characters', '\x15long enough\r'],
    ['New passphrase of the CA keys, again:', 'long enouhg\r'],
    ['not what was typed before', '\x15long enough\r'],
  ];
  const { status, screen } = await talk(folder, ['-d', 'pki', 'init', '-k', 'ec', '--encrypt-key'], dialogue);
  t.is(status, 0, screen);
  t.false(screen.includes('long enough'));
  for (const type of ['switch', 'controller']) {
    const key = readFileSync(join(folder, `pki/${type}ca/private/cakey.pem`));
    t.is(createPrivateKey({ key, passphrase: 'long enough' }).asymmetricKeyType, 'ec');
  }
});

test('init --pkcs11 asks for the PIN of the token once, and does not show it', async (t) => {
  const folder = scratchFolder(t);
  const { uri, env } = await makeToken(folder);
  process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;
  const args = ['-d', 'pki', '-l', 'log', 'init', '-k', 'ec', '--pkcs11', uri];
  const empty = await talk(folder, args, [['PIN of the token ovs:', '\r']]);
  t.is(empty.status, 3);
  t.regex(empty.screen, /the token ovs wants a PIN, and none was given \[PASSPHRASE_WRONG\]/);
  const { status, screen } = await talk(folder, args, [['PIN of the token ovs:', `${pin}\r`]]);
  t.is(status, 0, screen);
  t.false(screen.includes(pin));
  t.true(existsSync(join(folder, 'pki/controllerca/private/cakey.uri')));
});

const secret = 'a secret phrase';
const asked = 'Passphrase of pki/switchca/private/cakey.pem:';

/** What is typed when the passphrase of the CA is asked, and what comes of it. */
const answers: readonly { readonly typed: string; readonly status: number; readonly told: RegExp }[] = [
  { typed: `${secret}\r`, status: 0, told: /host_1: signed by switchca/ },
  { typed: 'another phrase\r', status: 3, told: /not the passphrase of pki.*\[PASSPHRASE_WRONG\]/ },
  { typed: '\r', status: 3, told: /no passphrase was given \[KEY_ENCRYPTED\]\s+ovs-pki-ts: hint: if it is lost/ },
  { typed: '\x03', status: 130, told: /\[INTERRUPTED\]/ },
];

for (const { typed, status, told } of answers) {
  test(`req+sign of five names asks the passphrase of the CA once, and takes ${JSON.stringify(typed)}`, async (t) => {
    const folder = scratchFolder(t);
    await init(nodePlatform(), {
      pkiDirectory: join(folder, 'pki'),
      keySpec,
      days: 30,
      force: false,
      passphrase: secret,
    });
    const args = ['-d', 'pki', '-l', 'log', '-k', 'ec', '-u', 'req+sign', 'host_[1-5]'];
    const end = await talk(folder, args, [[asked, typed]]);
    t.is(end.status, status, end.screen);
    t.regex(end.screen, told);
    t.is(existsSync(join(folder, 'host_5-cert.pem')), status === 0);
    t.is(
      readdirSync(folder).some((name) => name.endsWith('-privkey.pem')),
      status === 0,
      'no keys are made in vain',
    );
    t.false(end.screen.includes(secret));
  });
}

test('a request that changes after its fingerprint was confirmed is not signed', async (t) => {
  const folder = await makeScene(t, ['host']);
  const name = join(folder, 'host');
  const request = { pkiDirectory: join(folder, 'pki'), names: [name], type: 'switch', days: 1, force: false } as const;
  const [result] = await sign(nodePlatform(), { ...request, confirmed: new Map([[name, '0'.repeat(64)]]) });
  t.true(result !== undefined && 'error' in result && result.error instanceof OvsPkiError);
  t.like(result, { outcome: 'refused', error: { code: 'REQUEST_CHANGED' } });
  t.false(existsSync(`${name}-cert.pem`));
});

async function makeScene(t: ExecutionContext, names: readonly string[]): Promise<string> {
  const folder = scratchFolder(t);
  await init(nodePlatform(), { pkiDirectory: join(folder, 'pki'), keySpec, days: 30, force: false });
  await req(nodePlatform(), { names: names.map((name) => join(folder, name)), keySpec, unique: true, force: false });
  return folder;
}

function talk(
  cwd: string,
  args: readonly string[],
  dialogue: Dialogue,
): Promise<{ readonly status: number | null; readonly screen: string }> {
  const command = [process.execPath, programPath, ...args].map((word) => `'${word}'`).join(' ');
  // On a terminal that is called dumb, as builds have it, Node edits no lines.
  const env = { ...process.env, TERM: 'xterm' };
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], { cwd, env });
  const turns = [...dialogue];
  // For a question that never comes; on a busy machine a dozen dialogues at once take a minute.
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000);
  let screen = '';
  let seen = 0;
  // What is typed when the program has ended already goes nowhere.
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (data) => {
    screen += data;
    for (let turn = turns[0]; turn !== undefined; turn = turns[0]) {
      const at = screen.indexOf(turn[0], seen);
      if (at < 0) return;
      seen = at + turn[0].length;
      turns.shift();
      if (turn[1] !== '') child.stdin.write(turn[1]);
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status, screen });
    });
  });
}
