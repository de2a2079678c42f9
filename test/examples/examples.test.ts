import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot, run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const twoHosts = join(projectRoot, 'examples/two-hosts/run');
const library = (name: string): string => join(projectRoot, `build/examples/library/${name}.js`);

test('two-hosts makes a PKI and two hosts that openssl verifies, in the folder it is given', async (t) => {
  const cwd = scratchFolder(t);
  const { status, stdout } = await run(twoHosts, ['a folder'], { cwd });
  t.is(status, 0);
  t.true(stdout.includes('host_1-cert.pem: OK\nhost_2-cert.pem: OK\n'));
  const place = join(cwd, 'a folder');
  for (const host of ['host_1', 'host_2']) {
    const args = ['verify', '-x509_strict', '-CAfile', 'pki/switchca/cacert.pem', `${host}-cert.pem`];
    t.is(await runWell('openssl', args, { cwd: place }), `${host}-cert.pem: OK\n`);
    t.is(statSync(join(place, `${host}-privkey.pem`)).mode & 0o777, 0o600);
  }
});

test('two-hosts touches nothing that is there already', async (t) => {
  const cwd = scratchFolder(t);
  mkdirSync(join(cwd, 'two-hosts-pki'));
  const { status, stdout, stderr } = await run(twoHosts, [], { cwd });
  t.is(status, 1);
  t.is(stdout, '');
  t.regex(stderr, /^two-hosts: two-hosts-pki exists already/);
  t.false(existsSync(join(cwd, 'two-hosts-pki/pki')));
});

test('the library makes the same from a program of its own', async (t) => {
  const folder = scratchFolder(t);
  const printed = 'host_1: RSA 2048, signed\nhost_2: RSA 2048, signed\nhost_1: valid\nhost_2: valid\n';
  t.is(await runWell(process.execPath, [library('two-hosts'), folder]), printed);
  const again = await run(process.execPath, [library('two-hosts'), folder]);
  t.is(again.status, 3);
  t.regex(again.stdout, /^PKI_EXISTS: /);
});

test('another WebCrypto provider makes keys and signatures that openssl verifies', async (t) => {
  const folder = scratchFolder(t);
  const printed = await runWell(process.execPath, [library('webcrypto-provider'), folder]);
  t.deepEqual(printed.split('\n').sort(), ['', 'controllerca: RSA 2048', 'switchca: RSA 2048']);
  const certificate = join(folder, 'pki/switchca/cacert.pem');
  const args = ['verify', '-check_ss_sig', '-CAfile', certificate, certificate];
  t.is(await runWell('openssl', args), `${certificate}: OK\n`);
});
