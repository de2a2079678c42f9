/** Names of one's own in the CAs and in all that they sign, as every program that works on the directory makes them. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { enrollScript, readEnrollment } from '../../src/deploy/remote/enrollment.js';
import { parseSubjectBase, subjectOptionFault } from '../../src/pki/subject.js';
import { rsaKeyFile } from '../support/keys.js';
import {
  beginPki,
  caCertificateIn,
  caFolderIn,
  monitorName,
  opensslCa,
  ours,
  oursWell,
  ovsPkiWell,
} from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const nameOf = (file: string, which: 'subject' | 'issuer' = 'subject') =>
  runWell('openssl', ['x509', '-noout', `-${which}`, '-nameopt', 'utf8,sep_comma_plus,sname', '-in', file]);

/** What is typed, and what stands before the common name then. */
const subjects: readonly (readonly [string, string])[] = [
  ['/C=de/ST=Bavaria/O=Example/OU=Network', 'C=DE,ST=Bavaria,O=Example,OU=Network'],
  ['/O=Example', 'O=Example'],
  ['OU=Net, O=Example AG, L=Bern', 'OU=Net,O=Example AG,L=Bern'],
  [
    '/ST=Süd (1)/L=München/O=Müller \\+ Söhne, AG/OU=Net\\/Work = "1"$x#;`y/OU=Zwei',
    'ST=Süd (1),L=München,O=Müller + Söhne, AG,OU=Net/Work = "1"$x#;`y,OU=Zwei',
  ],
];

for (const [typed, before] of subjects) {
  test(`${typed} stands in the CA and in what each program signs`, async (t) => {
    const folder = scratchFolder(t);
    const file = (name: string): string => join(folder, `${name}-cert.pem`);
    await oursWell(folder, ['init', '--key=ec', '--subject', typed]);
    const ca = await nameOf(caCertificateIn(folder, 'switch'));
    t.true(ca.startsWith(`subject=${before},CN=OVS switchca CA Certificate (`), ca);
    t.true((await nameOf(caCertificateIn(folder, 'controller'))).startsWith(`subject=${before},CN=OVS controllerca`));
    // 1. Ours; openssl from a request of ours; ovs-pki, whose requests have names of their own.
    await oursWell(folder, ['req+sign', '-u', '--key=ec', 'ours']);
    await oursWell(folder, ['req', '-u', '--key=ec', 'openssl']);
    const request = join(folder, 'openssl-req.pem');
    await opensslCa(folder, 'switch', ['-notext', '-in', request, '-out', file('openssl')]);
    await ovsPkiWell(folder, ['-B', '2048', '-u', 'req+sign', 'ovs']);
    t.is(await nameOf(file('ours')), `subject=${before},CN=ours\n`);
    t.is(await nameOf(file('openssl')), `subject=${before},CN=openssl\n`);
    t.is(await nameOf(file('ours'), 'issuer'), ca.replace('subject=', 'issuer='));
    t.is(await monitorName(file('ours')), 'ours\n');
    // 2. What `openssl req` makes by ca.cnf has the name of the CA, as ours has.
    const careq = ['req', '-config', 'ca.cnf', '-new', '-key', rsaKeyFile(1), '-subject', '-noout'];
    const options = { cwd: caFolderIn(folder, 'switch') };
    const asked = await runWell('openssl', [...careq, '-nameopt', 'utf8,sep_comma_plus,sname'], options);
    t.is(asked.replace(/^subject=\s*/, ''), ca.replace('subject=', ''));
    // 3. A renewal of what ovs-pki has made takes the names of the profile.
    await oursWell(folder, ['renew', 'ovs']);
    t.is(await nameOf(file('ovs')), `subject=${before},CN=ovs\n`);
    t.is(
      await oursWell(folder, ['verify', 'ours', 'openssl', 'ovs']),
      ['ours', 'openssl', 'ovs'].map((name) => `${name}-cert.pem: OK\n`).join(''),
    );
    t.is((await ours(folder, ['check'])).status, 0);
    // 4. The next key of the CA has its name.
    await oursWell(folder, ['rollover', 'prepare', 'switch', '--pki-only']);
    t.is(await nameOf(join(caFolderIn(folder, 'switch'), 'rollover/new/cacert.pem')), ca);
  });
}

async function plainPki(t: ExecutionContext): Promise<string> {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  return folder;
}

const profileOf = (folder: string): string => join(folder, 'pki/profile.conf');

test('a profile that is written later counts for what is signed from then on, and ca.cnf follows', async (t) => {
  const folder = await plainPki(t);
  const config = join(caFolderIn(folder, 'switch'), 'ca.cnf');
  const before = readFileSync(config, 'utf8').replace('= 3650', '= 77');
  writeFileSync(config, before);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  writeFileSync(profileOf(folder), 'subject = /O=both\n[switch]\nsubject = /C=AT/L=Wien\n');
  // 1. Each CA has its own; a request of before is good, and one of another organization is not.
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'b']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'c', 'controller']);
  t.is(await nameOf(join(folder, 'a-cert.pem')), 'subject=C=US,ST=CA,O=Open vSwitch,OU=Open vSwitch certifier,CN=a\n');
  t.is(await nameOf(join(folder, 'b-cert.pem')), 'subject=C=AT,L=Wien,CN=b\n');
  t.is(await nameOf(join(folder, 'c-cert.pem')), 'subject=O=both,CN=c\n');
  await oursWell(folder, ['renew', '--rekey', 'a']);
  t.is(await nameOf(join(folder, 'a-cert.pem')), 'subject=C=AT,L=Wien,CN=a\n');
  const foreign = join(folder, 'd-req.pem');
  await runWell('openssl', ['req', '-new', '-key', rsaKeyFile(1), '-subj', '/O=other/CN=d', '-out', foreign]);
  t.like(await ours(folder, ['sign', '-b', 'd']), { status: 3 });
  await runWell('openssl', ['req', '-new', '-key', rsaKeyFile(1), '-subj', '/O=both/CN=d', '-out', foreign]);
  t.like(await ours(folder, ['sign', '-b', 'd']), { status: 3 }, 'that is the organization of the other CA');
  t.like(await ours(folder, ['sign', '-b', 'd', 'controller']), { status: 0 });
  // 2. What openssl goes by is named, and brought up to date; what was changed by hand there is kept.
  t.regex((await ours(folder, ['check'])).stdout, /critical: .*switchca\/ca\.cnf \(switch\): .*\[config-behind\]/);
  t.is((await ours(folder, ['check', '--repair'])).status, 0);
  t.is((await ours(folder, ['check'])).status, 0);
  const after = readFileSync(config, 'utf8');
  t.regex(after, /^default_days +=\s77$/m);
  t.regex(after, /^localityName +=\soptional$/m);
  const ca = caFolderIn(folder, 'switch');
  t.is(await runWell('sh', ['-c', `cat ${ca}/ca.cnf.old-*`]), before);
  // 3. And back.
  writeFileSync(profileOf(folder), '# nothing\n');
  t.is((await ours(folder, ['check', '--repair'])).status, 0);
  t.is(readFileSync(config, 'utf8'), before);
});

test('a profile that cannot be read stops what it is for, and nothing else', async (t) => {
  const folder = await plainPki(t);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  const index = readFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), 'utf8');
  writeFileSync(profileOf(folder), 'subject = /O=a/CN=b\n');
  for (const args of [
    ['renew', 'a'],
    ['req+sign', '-u', '--key=ec', 'b'],
    ['req', '--key=ec', 'b'],
    ['init', '--force', '--key=ec'],
  ]) {
    const { status, stderr } = await ours(folder, args);
    t.is(status, 5, args[0]);
    t.regex(stderr, /error: .*pki\/profile\.conf, line 1: .*\[PROFILE_INVALID\]/);
  }
  t.is(readFileSync(join(caFolderIn(folder, 'switch'), 'index.txt'), 'utf8'), index);
  for (const args of [['verify', 'a'], ['list'], ['revoke', '-b', 'a'], ['crl']])
    t.is((await ours(folder, args)).status, 0, args[0]);
});

test('init --force goes by the profile that is there, and a new one keeps it', async (t) => {
  const folder = await plainPki(t);
  writeFileSync(profileOf(folder), '# mine\nsubject = /O=kept\n');
  await oursWell(folder, ['init', '--key=ec', '--force']);
  t.regex(await nameOf(caCertificateIn(folder, 'switch')), /^subject=O=kept,CN=OVS switchca/);
  t.is(readFileSync(profileOf(folder), 'utf8'), '# mine\nsubject = /O=kept\n');
  const { stderr } = await ours(folder, ['init', '--key=ec', '--force', '--subject', '/O=new']);
  const [, old = ''] = /what was there before is kept in (\S*profile\.conf\.old-\S+)/.exec(stderr) ?? [];
  t.is(readFileSync(old, 'utf8'), '# mine\nsubject = /O=kept\n');
  t.regex(readFileSync(profileOf(folder), 'utf8'), /^subject = \/O=new$/m);
});

test('a host asks for what the profile of its CA says', async (t) => {
  const folder = scratchFolder(t);
  const [typed = ''] = subjects.at(-1) ?? [];
  const subject = parseSubjectBase(typed, subjectOptionFault(typed));
  const existingKey = join(folder, 'host.pem');
  cpSync(rsaKeyFile(1), existingKey);
  const action = {
    kind: 'enroll',
    name: 'host',
    method: 'ca-signed',
    folder,
    existingKey,
    expires: undefined,
  } as const;
  const keySpec = { type: 'rsa', bits: 2048 } as const;
  const { script, mark } = enrollScript({ ...action, keySpec, subject }, 30);
  const made = readEnrollment(await runWell('sh', ['-s'], { input: script }), mark, { ...action, keySpec, subject });
  const attributes = 'request' in made ? made.request.subject.attributes : [];
  t.deepEqual(
    attributes.map(({ value }) => value),
    [...subject.map(({ value }) => value), 'host'],
  );
});

test('a CA from elsewhere signs by the profile, too, whatever its own name is', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours with EC keys');
  const [certificate, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  cpSync(rsaKeyFile(1), key);
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  await runWell('openssl', [
    ...['req', '-x509', '-new', '-key', key, '-subj', '/CN=Nameless', '-days', '400', '-out', certificate],
    ...extensions.flatMap((extension) => ['-addext', extension]),
  ]);
  writeFileSync(profileOf(folder), 'subject = /C=DE/O=Company\n');
  await oursWell(folder, ['import', 'switch', '--ca-cert', certificate, '--ca-key', key, '--force']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', '--days=30', 'a']);
  t.is(await nameOf(join(folder, 'a-cert.pem')), 'subject=C=DE,O=Company,CN=a\n');
  await ovsPkiWell(folder, ['-B', '2048', '-u', 'req', 'b']);
  const request = join(folder, 'b-req.pem');
  await opensslCa(folder, 'switch', ['-notext', '-days', '30', '-in', request, '-out', join(folder, 'b-cert.pem')]);
  t.is(await oursWell(folder, ['verify', 'b']), 'b-cert.pem: OK\n');
});
