/** `crl` makes the lists that `openssl ca -gencrl` makes, and all who read lists take them. */

import { appendFileSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  allBeginnings,
  beginPki,
  caCertificateIn,
  caFolderIn,
  certifyHost,
  opensslCa,
  ours,
  oursWell,
} from '../support/pki.js';
import { run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** Every form that the third column of a revoked row has, with serial numbers of every length and first digit. */
const columns: readonly { readonly revoked: string; readonly serial: string; readonly expires?: string }[] = [
  { revoked: '260101000000Z', serial: '0A' },
  { revoked: '260228235959Z,keyCompromise', serial: '80' },
  { revoked: '260101000001Z,CACompromise', serial: 'FF00' },
  { revoked: '260101000002Z,affiliationChanged', serial: '7F000000000000000000000000000001' },
  { revoked: '260101000003Z,superseded', serial: 'FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF' },
  { revoked: '260101000004Z,cessationOfOperation', serial: '01FF' },
  { revoked: '260101000005Z,certificateHold', serial: '0100' },
  { revoked: '260101000006Z,keyTime,20250102030405Z', serial: '0B' },
  { revoked: '260101000007Z,CAkeyTime,20250102030405Z', serial: '0C' },
  { revoked: '260101000008Z,holdInstruction,holdInstructionReject', serial: '0D' },
  { revoked: '260101000009Z,unspecified', serial: '0E' },
  { revoked: '990101000010Z,superseded', serial: '0F', expires: '991231000000Z' },
  // A foreign CA can have given numbers below zero.
  ...['-01', '-7F', '-80', '-81', '-FF', '-0100', '-8000', '-8001', '-0123456789ABCDEF'].map((serial) => ({
    revoked: '260101000011Z',
    serial,
  })),
];

for (const begun of allBeginnings) {
  test(`openssl and we list the same certificates, in a directory of ${begun}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, begun);
    const empty = await listsOf(folder, 'empty');
    t.is(empty.ours, empty.theirs);
    t.false(empty.ours.includes('Serial Number'));
    for (const { revoked, serial, expires = '361119000000Z' } of columns) {
      const row = ['R', expires, revoked, serial, 'unknown', `/O=Open vSwitch/CN=host_${serial}`].join('\t');
      appendFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), `${row}\n`);
    }
    const full = await listsOf(folder, 'full');
    t.is(full.ours, full.theirs);
    t.is(full.ours.match(/Serial Number/g)?.length, columns.length);
  });
}

test('openssl and we number lists from one counter', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours');
  const ca = caFolderIn(folder, 'switch');
  const printed: string[] = [];
  for (const who of ['ours', 'openssl', 'ours', 'ours', 'openssl']) {
    if (who === 'ours') await oursWell(folder, ['crl']);
    else await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
    printed.push(await runWell('openssl', ['crl', '-noout', '-crlnumber', '-in', 'crl.pem'], { cwd: ca }));
  }
  t.deepEqual(
    printed.map((line) => line.trim()),
    ['01', '02', '03', '04', '05'].map((number) => `crlNumber=0x${number}`),
  );
  t.is(readFileSync(join(ca, 'crlnumber'), 'latin1'), '06\n');
  t.is(readFileSync(join(ca, 'crlnumber.old'), 'latin1'), '05\n');
  await oursWell(folder, ['crl', 'controller']);
  t.is(readFileSync(join(caFolderIn(folder, 'controller'), 'crlnumber'), 'latin1'), '02\n');
});

for (const begun of allBeginnings) {
  test(`all who read lists take ours, in a directory of ${begun}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, begun);
    await certifyHost(folder, 'host_1', 'switch', { key: 'rsa', signer: 'ours' }, 1);
    await certifyHost(folder, 'host_2', 'switch', { key: 'rsa', signer: 'ours' }, 2);
    await oursWell(folder, ['revoke', 'host_1', '--reason=keyCompromise', '--at=2026-01-02']);
    await oursWell(folder, ['crl', '--days=7', '--out=list.der', '--outform=der']);
    const ca = caFolderIn(folder, 'switch');

    const authorities = ['-CAfile', caCertificateIn(folder, 'switch')];
    t.regex(
      (await inFolder(folder, 'openssl', ['crl', '-noout', '-verify', ...authorities, '-in', `${ca}/crl.pem`])).stderr,
      /verify OK/,
    );
    t.is(
      await runWell('openssl', ['crl', '-inform', 'DER', '-in', 'list.der'], { cwd: folder }),
      readFileSync(`${ca}/crl.pem`, 'latin1'),
    );
    const check = ['verify', ...authorities, '-crl_check', '-CRLfile', `${ca}/crl.pem`];
    t.regex((await inFolder(folder, 'openssl', [...check, 'host_1-cert.pem'])).stderr, /certificate revoked/);
    t.is((await inFolder(folder, 'openssl', [...check, 'host_2-cert.pem'])).status, 0);

    await askStrongswan(t, folder);
    await askNss(t, folder);
    const { status, stderr } = await ours(folder, ['verify', 'host_1']);
    t.is(status, 4);
    t.regex(stderr, /the certificate was revoked on/);
    t.is((await ours(folder, ['verify', 'host_2'])).status, 0);
  });
}

/** It passes over lists without an authorityKeyIdentifier. */
async function askStrongswan(t: ExecutionContext, folder: string): Promise<void> {
  const list = `${caFolderIn(folder, 'switch')}/crl.pem`;
  const printed = await runWell('pki', ['--print', '--type', 'crl', '--in', list], { cwd: folder });
  t.regex(printed, /^ {2}serial: {4}01$/m);
  t.regex(printed, /^ {2}authKeyId: [0-9a-f:]{59}$/m);
  t.regex(printed, /key compromise/);
  const verify = ['--verify', '--cacert', caCertificateIn(folder, 'switch'), '--crl', list, '--in'];
  const refused = await inFolder(folder, 'pki', [...verify, 'host_1-cert.pem']);
  t.regex(refused.stdout + refused.stderr, /certificate was revoked/);
  t.is((await inFolder(folder, 'pki', [...verify, 'host_2-cert.pem'])).status, 0);
}

async function askNss(t: ExecutionContext, folder: string): Promise<void> {
  mkdirSync(`${folder}/nss`);
  const database = ['-d', 'sql:nss'];
  await runWell('certutil', ['-N', ...database, '--empty-password'], { cwd: folder });
  const add = (name: string, trust: string, file: string) =>
    runWell('certutil', ['-A', ...database, '-n', name, '-t', trust, '-a', '-i', file], { cwd: folder });
  await add('ca', 'CT,C,C', caCertificateIn(folder, 'switch'));
  for (const name of ['host_1', 'host_2']) await add(name, ',,', `${name}-cert.pem`);
  await runWell('crlutil', ['-I', ...database, '-i', 'list.der', '-t', '1'], { cwd: folder });
  t.regex(await runWell('crlutil', ['-L', ...database, '-n', 'ca'], { cwd: folder }), /Key Compromise|Reason Code/i);
  const validity = (name: string) => inFolder(folder, 'certutil', ['-V', ...database, '-n', name, '-u', 'V']);
  const revoked = await validity('host_1');
  t.regex(revoked.stdout + revoked.stderr, /revoked/);
  t.is((await validity('host_2')).status, 0);
}

function inFolder(folder: string, program: string, args: readonly string[]) {
  return run(program, args, { cwd: folder });
}

/** Each in a copy of the directory, as openssl prints it, without what is known to differ. */
async function listsOf(folder: string, what: string): Promise<{ ours: string; theirs: string }> {
  const text = async (who: string, make: (twin: string) => Promise<unknown>): Promise<string> => {
    const twin = join(folder, `${what}-${who}`);
    cpSync(join(folder, 'pki'), join(twin, 'pki'), { recursive: true });
    await make(twin);
    const crl = ['crl', '-noout', '-text', '-in', 'crl.pem'];
    return comparable(await runWell('openssl', crl, { cwd: caFolderIn(twin, 'switch') }));
  };
  return {
    ours: await text('ours', (twin) => oursWell(twin, ['crl'])),
    theirs: await text('theirs', (twin) => opensslCa(twin, 'switch', ['-gencrl', '-out', 'crl.pem'])),
  };
}

/**
 * openssl sorts the entries, says that a reason is unspecified, and knows hold instructions, which RFC 5280 does not
 * any more. With the ca.cnf of ovs-pki it makes lists of version 1 or without extensions.
 */
function comparable(text: string): string {
  const [head = '', ...entries] = text
    .slice(0, text.lastIndexOf('    Signature Algorithm'))
    .replaceAll(/ {12}Hold Instruction Code: \n.*\n/g, '')
    .replaceAll(/ {8}CRL entry extensions:\n {12}X509v3 CRL Reason Code: \n {16}Unspecified\n/g, '')
    .split(/(?= {4}Serial Number)/);
  const form = head
    .replaceAll(/((Last|Next) Update): .*/g, '$1')
    .replace(/Version [12] \(0x[01]\)/, 'Version')
    .replace(/ {8}CRL extensions:\n( {12}.*\n)+/, '');
  return [form, ...entries.sort()].join('');
}
