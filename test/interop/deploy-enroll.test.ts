/** Hosts that make their own key: it never travels, and one certificate is issued for it, whatever happens in between. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { diskFull } from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { identitiesOf, judgeEnd, secretsIn } from '../support/fleet/judge.js';
import { applyIn, makeOperator, type Operator } from '../support/fleet/operator.js';
import { badLine } from '../support/fleet/proxy.js';
import { badKeyFile, readPem } from '../support/keys.js';
import { holdLock } from '../support/lock-holder.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

/** Whatever these are told in their arguments or their environment is written down. */
const watched = [
  'openssl',
  'python3',
  'ovs-vsctl',
  'cat',
  'sed',
  'mkdir',
  'chmod',
  'mv',
  'rm',
  'sync',
  'ip',
  'sha256sum',
];

const watchPrograms = `for program in ${watched.join(' ')}; do
    printf '#!/bin/bash\\n{ printf "%%s\\\\n" "$0" "$@"; printenv; } >>/run/fleet/watched\\nexec %s "$@"\\n' "$(type -P $program)" \\
      >/run/fleet/$program && chmod 755 /run/fleet/$program
  done; for program in ${watched.join(' ')}; do mv /run/fleet/$program /usr/local/sbin/; done`;
const watchNoMore = `cd /usr/local/sbin && rm ${watched.join(' ')}`;

test.serial(
  'a key is made on the host and stays there; no argument, output, log or file here tells of it',
  async (t) => {
    const folder = await readyFolder('made-there');
    await fleet.must('host_1', watchPrograms);
    const { status, stdout, stderr } = await applyIn(fleet, folder);
    await fleet.must('host_1', watchNoMore);
    t.is(status, 0, stderr);
    await judgeEnd(t, operator, folder);
    const seen = await fleet.must('host_1', 'cat /run/fleet/watched; cat /var/log/sshd.log /var/log/openvswitch/*.log');
    t.regex(seen, /genrsa/);
    t.regex(seen, /python3\n(-\w+\n)*-c\n/);
    judgeSecrets(t, 'host_1', [stdout, stderr, seen, ...textsBelow(folder)]);
  },
);

test.serial('a key that travels is in no argument either', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'travels'));
  await fleet.must('host_1', `rm -f /run/fleet/watched; ${watchPrograms}`);
  const { status, stdout, stderr } = await applyIn(fleet, folder);
  await fleet.must('host_1', watchNoMore);
  t.is(status, 0, stderr);
  const seen = await fleet.must('host_1', 'cat /run/fleet/watched; cat /var/log/sshd.log /var/log/openvswitch/*.log');
  t.regex(seen, /privkey/);
  judgeSecrets(t, 'host_1', [stdout, stderr, seen, readFileSync(join(folder, 'log'), 'latin1')]);
});

for (const place of ['certs', 'cacerts']) {
  test.serial(
    `interrupted after the CA has signed (${place} is full), the same key and certificate are used`,
    async (t) => {
      const folder = await readyFolder(`signed-${place}`);
      const repair = await diskFull(`/etc/ipsec.d/${place}`)(fleet, 'host_1');
      const full = await applyIn(fleet, folder);
      await repair();
      t.is(full.status, 6, full.stderr);
      t.is(issuedFor(folder, 'host_1').length, 1);
      t.is((await identitiesOf(operator))[0].state, 'bare');
      await judgeOnlyOne(t, folder);
    },
  );
}

test.serial('cut off at any byte, an enrollment makes one key and one certificate', async (t) => {
  const first = await readyFolder('cut-whole');
  const whole = await badLine(fleet, 'host_1', {});
  t.is((await applyIn(fleet, first)).status, 0);
  await whole.repair();
  for (const part of [0.5, 0.65, 0.75, 0.85, 0.95]) {
    const folder = await readyFolder(`cut-${part}`);
    const line = await badLine(fleet, 'host_1', { bytesToHost: Math.floor(part * whole.carried()) });
    const cut = await applyIn(fleet, folder);
    await line.repair();
    await fleet.must('host_1', 'flock -w 60 /run/ovs-pki-ts.lock true');
    if (line.failed() > 0) t.is(cut.status, 6, cut.stderr);
    t.true(['bare', 'new'].includes((await identitiesOf(operator))[0].state));
    await judgeOnlyOne(t, folder);
  }
});

test.serial('a host whose key is too weak is refused by the CA, and the other one goes on', async (t) => {
  const folder = await readyFolder('weak');
  const weak = readPem(badKeyFile('weak-rsa-1024'));
  const place = '/etc/ipsec.d/private';
  await fleet.must(
    'host_1',
    `umask 077; cat >${place}/weak <<'END'\n${weak}END
     hash=$(openssl pkey -in ${place}/weak -pubout -outform DER | sha256sum | cut -c 1-16)
     mv ${place}/weak ${place}/host_1-$hash-privkey.pem`,
  );
  const { status, stderr } = await applyIn(fleet, folder);
  t.is(status, 6, stderr);
  t.regex(stderr, /error: .*host_1.* \[REQUEST_REFUSED\]\n.*hint: .*/);
  t.regex(stderr, /1024 bits/);
  const [one, two] = await identitiesOf(operator);
  t.deepEqual([one.state, two.state], ['bare', 'new']);
  await fleet.must('host_1', `rm ${place}/host_1-*`);
  await judgeOnlyOne(t, folder);
});

test.serial('a CA that is locked is waited for', async (t) => {
  const folder = await readyFolder('locked');
  const holder = await holdLock(t, join(folder, 'pki/switchca/lock'));
  const run = applyIn(fleet, folder);
  await fleet.must('host_1', 'until ls /etc/ipsec.d/private/*-privkey.pem; do sleep 0.05; done');
  t.deepEqual(issuedFor(folder, 'host_1'), []);
  holder.release();
  const { status, stderr } = await run;
  t.is(status, 0, stderr);
  await judgeOnlyOne(t, folder);
});

test.serial('a CA that cannot sign stops who has to be enrolled, and nobody else', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'corrupt'));
  for (const kind of ['privkey', 'req', 'cert']) rmSync(join(folder, `host_1-${kind}.pem`));
  const index = join(folder, 'pki/switchca/index.txt');
  const good = readFileSync(index);
  writeFileSync(index, 'not an index\n');
  const { status, stderr } = await applyIn(fleet, folder);
  writeFileSync(index, good);
  t.is(status, 6, stderr);
  t.regex(stderr, /error: .*switchca.* \[PKI_CORRUPT\]\n.*hint: /);
  const [one, two] = await identitiesOf(operator);
  t.deepEqual([one.state, two.state, two.hasTunnel], ['bare', 'new', false]);
  await judgeOnlyOne(t, folder);
});

/** The hosts are bare, and no certificate lies here. */
async function readyFolder(name: string): Promise<string> {
  await operator.reset('bare');
  return operator.folderFor(join(fleet.folder, name), { certificates: false });
}

async function judgeOnlyOne(t: ExecutionContext, folder: string): Promise<void> {
  const keys = await keysOn('host_1');
  const before = issuedFor(folder, 'host_1');
  const { status, stderr } = await applyIn(fleet, folder);
  t.is(status, 0, stderr);
  await judgeEnd(t, operator, folder);
  const issued = issuedFor(folder, 'host_1');
  t.is(issued.length, 1, issued.join());
  if (before.length > 0) t.deepEqual(issued, before);
  if (keys !== '') t.is(await keysOn('host_1'), keys);
  t.is((await identitiesOf(operator))[0].serialNumber, issued[0]);
}

function keysOn(host: string): Promise<string> {
  return fleet.must(host, 'cd /etc/ipsec.d/private && find . -type f -name "*-privkey.pem" -exec sha256sum {} +');
}

/** The serial numbers in the index of the CA. */
function issuedFor(folder: string, name: string): string[] {
  const lines = readFileSync(join(folder, 'pki/switchca/index.txt'), 'latin1').split('\n');
  const before = readFileSync(join(fleet.folder, 'new/pki/switchca/index.txt'), 'latin1').split('\n');
  return lines
    .filter((line) => !before.includes(line) && line.endsWith(`/CN=${name}`))
    .map((line) => line.split('\t')[3] ?? '');
}

function judgeSecrets(t: ExecutionContext, host: string, texts: readonly string[]): void {
  const folder = `${fleet.host(host).root}/etc/ipsec.d/private`;
  const secrets = readdirSync(folder).flatMap((file) => secretsIn(readFileSync(join(folder, file), 'latin1')));
  t.true(secrets.length > 5);
  for (const text of texts)
    t.false(
      secrets.some((secret) => text.includes(secret)),
      text.slice(0, 200),
    );
}

function textsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true, encoding: 'utf8' })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
}
