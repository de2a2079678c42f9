/** Certificates in use that are about to expire are renewed by `apply`, with a new key that the host makes. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { HostResult } from '../../src/deploy/apply/host-run.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { applyIn, makeOperator, type Operator, runIn } from '../support/fleet/operator.js';
import { runWell } from '../support/programs.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
});

test.after.always(() => fleet?.close());

const days = (count: number): string =>
  `${new Date(Date.now() + count * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '')}`;

/** Puts a key that is certified for these days where the database of host_1 points to, and gives the end of that time. */
async function inUse(folder: string, from: number, until: number): Promise<string> {
  const end = days(until);
  const [certificate, key] = await pathsInUse();
  const subject = '/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=host_1';
  const request = await fleet.must(
    'host_1',
    `openssl genrsa -out ${key} 2048 2>/dev/null; openssl req -new -key ${key} -subj '${subject}' -addext subjectAltName=DNS:host_1`,
  );
  const ca = join(folder, 'pki/switchca');
  writeFileSync(join(ca, 'renewed-req.pem'), request);
  const pem = await runWell(
    'openssl',
    [
      ...['ca', '-config', 'ca.cnf', '-batch', '-notext', '-in', 'renewed-req.pem'],
      ...['-startdate', days(from), '-enddate', end],
    ],
    { cwd: ca },
  );
  await fleet.must('host_1', `cat >${certificate} <<'END'\n${pem}END`);
  return end;
}

/** The files behind what the database names, and what it names. */
async function pathsInUse(): Promise<string[]> {
  const named = await namedPaths();
  return (await fleet.must('host_1', `readlink -f ${named.join(' ')}`)).trim().split('\n');
}

async function namedPaths(): Promise<string[]> {
  const text = await fleet.must(
    'host_1',
    'ovs-vsctl get Open_vSwitch . other_config:certificate other_config:private_key',
  );
  return text.trim().replaceAll('"', '').split('\n');
}

/** How many certificates the CA has issued for each of the two hosts. */
function issued(folder: string): number[] {
  const index = readFileSync(join(folder, 'pki/switchca/index.txt'), 'latin1');
  return ['host_1', 'host_2'].map((name) => index.split(`/CN=${name}\n`).length - 1);
}

async function planned(folder: string): Promise<Pick<HostResult, 'actions' | 'warnings'>> {
  const { stdout } = await runIn(fleet, folder, ['plan', '--skip-proof', '--json']);
  const { hosts } = JSON.parse(stdout) as { hosts: ({ host: string } & Pick<HostResult, 'actions' | 'warnings'>)[] };
  return hosts.find(({ host }) => host === 'host_1') as HostResult;
}

test.serial('a certificate that expires soon is renewed: new key, the old one gone, and the same names', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'renewed'), { certificates: false });
  t.is((await applyIn(fleet, folder)).status, 0);
  const end = await inUse(folder, -300, 20);
  const before = await pathsInUse();
  const named = await namedPaths();
  const known = issued(folder);

  const plan = await planned(folder);
  t.like(plan.actions[0], {
    kind: 'enroll',
    name: 'host_1',
    expires: end.replace(/^(....)(..)(..).*/, '$1-$2-$3'),
  });
  t.notRegex(plan.warnings.join('\n'), /rebuilt/);
  t.is((await applyIn(fleet, folder)).status, 0);

  const after = await pathsInUse();
  t.not(after[0], before[0]);
  t.not(after[1], before[1]);
  t.deepEqual(await namedPaths(), named, 'ovs-monitor-ipsec compares paths');
  const text = await fleet.must(
    'host_1',
    `openssl x509 -in ${after[0]} -noout -subject -enddate; ls ${before.join(' ')} 2>&1 || :`,
  );
  t.regex(text, /CN = host_1\n/);
  t.is(text.match(/No such file/g)?.length, 2);
  t.true(Date.parse(/notAfter=(.*)/.exec(text)?.[1] ?? '') > Date.now() + 3600 * 86_400_000);
  t.deepEqual((await planned(folder)).actions, []);
  t.deepEqual(issued(folder), [(known[0] as number) + 1, known[1]]);
});

test.serial('one that was made for a short time is not renewed on its first day', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'short'), { certificates: false });
  t.is((await applyIn(fleet, folder)).status, 0);
  await inUse(folder, -1, 9);
  t.deepEqual((await planned(folder)).actions, []);
  await inUse(folder, -9, 3);
  t.is((await planned(folder)).actions[0]?.kind, 'enroll');
});

test.serial('where the CA ends as soon as the certificate, a new one would bring nothing', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'ending'), { certificates: false });
  await runWell(
    'openssl',
    [
      ...['ca', '-config', 'ca.cnf', '-batch', '-selfsign', '-extensions', 'ca_cert', '-in', 'careq.pem'],
      ...['-keyfile', 'private/cakey.pem', '-out', 'cacert.pem', '-startdate', days(-3000), '-enddate', days(20)],
    ],
    { cwd: join(folder, 'pki/switchca') },
  );
  const applied = await applyIn(fleet, folder);
  t.is(applied.status, 0, applied.stderr);
  t.deepEqual((await planned(folder)).actions, []);
});

test.serial(
  'a host whose certificate was revoked is not certified anew by itself, and is when somebody wants it',
  async (t) => {
    await operator.reset('bare');
    const folder = operator.folderFor(join(fleet.folder, 'revoked'), { certificates: false });
    t.is((await applyIn(fleet, folder)).status, 0);
    const before = await pathsInUse();
    const known = issued(folder);
    const serial = await fleet.must('host_1', `openssl x509 -in ${before[0]} -noout -serial`);
    t.is((await runIn(fleet, folder, ['revoke', '--serial', serial.trim().replace('serial=', '')])).status, 0);

    const refused = await applyIn(fleet, folder);
    t.is(refused.status, 6);
    t.regex(
      refused.stderr,
      /error: .*host_1.* was revoked \(unspecified\) \[CERTIFICATE_REVOKED\]\n.*hint: .*req\+sign --dir pki --force --unique host_1/,
    );
    t.deepEqual([issued(folder), await pathsInUse()], [known, before]);

    await operator.reset('bare');
    const again = await applyIn(fleet, folder);
    t.regex(
      again.stderr,
      /error: .*host_1.* was revoked \(unspecified\) \[CERTIFICATE_REVOKED\]/,
      'nor one that was wiped',
    );
    t.deepEqual([issued(folder)[0], again.status], [known[0], 6]);

    t.is((await runIn(fleet, folder, ['req+sign', '--force', '--unique', 'host_1'])).status, 0);
    const applied = await applyIn(fleet, folder);
    t.is(applied.status, 0, applied.stderr);
    t.not((await pathsInUse())[0], before[0]);
  },
);

/** What lies where the link to the certificate of host_1 is to be, before anything is deployed. */
const obstructions: readonly {
  readonly title: string;
  readonly make: string;
  readonly named: RegExp;
}[] = [
  {
    title: 'a file of somebody else stays, and is not what is pointed to',
    make: 'echo precious >ovs-host_1-cert.pem',
    named: /^\/etc\/ipsec\.d\/certs\/host_1-\w{16}-cert\.pem$/,
  },
  {
    title: 'a link that leads nowhere is made to lead to the certificate',
    make: 'ln -s nothing.pem ovs-host_1-cert.pem',
    named: /^\/etc\/ipsec\.d\/certs\/ovs-host_1-cert\.pem$/,
  },
];

for (const { title, make, named } of obstructions) {
  test.serial(`where a link is to be, ${title}`, async (t) => {
    await operator.reset('bare');
    const folder = operator.folderFor(join(fleet.folder, title.replaceAll(' ', '-')));
    await fleet.must('host_1', `cd /etc/ipsec.d/certs && ${make}`);
    const applied = await applyIn(fleet, folder);
    t.is(applied.status, 0, applied.stderr);
    t.regex((await namedPaths())[0] ?? '', named);
    const text = await fleet.must('host_1', 'cat /etc/ipsec.d/certs/ovs-host_1-cert.pem');
    t.regex(text, make.startsWith('echo') ? /^precious\n$/ : /BEGIN CERTIFICATE/);
    t.deepEqual((await planned(folder)).actions, []);
  });
}

test.serial('where a link is to be, a folder is said to be in the way', async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'folder'));
  await fleet.must('host_1', 'mkdir /etc/ipsec.d/certs/ovs-host_1-cert.pem');
  const refused = await applyIn(fleet, folder);
  const inside = await fleet.must(
    'host_1',
    'cd /etc/ipsec.d/certs; ls -A ovs-host_1-cert.pem; rmdir ovs-host_1-cert.pem',
  );
  t.is(refused.status, 6);
  t.regex(refused.stderr, /ovs-host_1-cert\.pem is a folder, and a link is to go there \[HOST_STEP_FAILED\]/);
  t.is(inside, '');
  t.is((await applyIn(fleet, folder)).status, 0);
});

test.serial("an operator's own links are left as they are, wherever they lead", async (t) => {
  await operator.reset('bare');
  const folder = operator.folderFor(join(fleet.folder, 'own-links'));
  t.is((await applyIn(fleet, folder)).status, 0);
  await fleet.must(
    'host_1',
    `mkdir -p /etc/own/archive && cd /etc/own
     for key in certificate private_key ca_cert; do
       cp -pL "$(ovs-vsctl get Open_vSwitch . other_config:$key | tr -d \\")" archive/$key-1.pem
       ln -s archive/$key-1.pem $key.pem
       ovs-vsctl --no-wait set Open_vSwitch . other_config:$key=/etc/own/$key.pem
     done
     find /etc/ipsec.d \\( -type f -o -type l \\) -delete`,
  );
  const before = await namedPaths();
  t.deepEqual((await planned(folder)).actions, []);
  t.is((await applyIn(fleet, folder)).status, 0);
  t.deepEqual(await namedPaths(), before);
});

for (const from of ['generation files', "an operator's own files"] as const) {
  test.serial(`a host that is pointed to ${from} goes over to links, and it is said what that costs`, async (t) => {
    await operator.reset('old');
    const folder = operator.folderFor(join(fleet.folder, from.replaceAll(/\W/g, '-')));
    await fleet.must(
      'host_1',
      `mkdir -p /etc/own; for key in certificate private_key ca_cert; do
         file=$(readlink -f "$(ovs-vsctl get Open_vSwitch . other_config:$key | tr -d \\")")
         ${from === 'generation files' ? ':' : 'mv "$file" /etc/own/$key.pem; file=/etc/own/$key.pem'}
         ovs-vsctl --no-wait set Open_vSwitch . other_config:$key=$file
       done; find /etc/ipsec.d -type l -delete`,
    );
    const { actions, warnings } = await planned(folder);
    t.regex(warnings.join(), /host_1: its tunnels are rebuilt for the new certificate and lose packets .*: tun/);
    const links = actions.flatMap((action) => (action.kind === 'link' ? [action] : []));
    t.true(links.length >= 2 && links.every(({ inUse, from: led }) => !inUse && led === undefined));
    const { stdout } = await runIn(fleet, folder, ['plan', '--skip-proof']);
    t.regex(stdout, /^ {2}\+ \/etc\/ipsec\.d\/certs\/ovs-host_1-cert\.pem -> host_1-\w{16}-cert\.pem$/m);
    t.regex(stdout, /^ {2}~ other_config:certificate=\S+\/ovs-host_1-cert\.pem \(was \S+\)$/m);
    const applied = await applyIn(fleet, folder);
    t.is(applied.status, 0, applied.stderr);
    t.regex((await namedPaths())[0] ?? '', /\/ovs-host_1-cert\.pem$/);
    t.deepEqual((await planned(folder)).actions, []);
  });
}

for (const damage of ['', 'rm /etc/ipsec.d/certs/host_1-*', 'rm /etc/ipsec.d/private/host_1-*'] as const) {
  test.serial(`remove takes links and files away${damage === '' ? '' : `, also after ${damage}`}`, async (t) => {
    await operator.reset('old');
    const folder = operator.folderFor(join(fleet.folder, `removed-${damage.length}`));
    if (damage !== '') await fleet.must('host_1', damage);
    const removed = await runIn(fleet, folder, ['remove', '--to', 'root@host_1', '--port', 'tun', '--identity']);
    t.is(removed.status, 0, removed.stderr);
    t.is(await fleet.must('host_1', 'find /etc/ipsec.d -type f -o -type l'), '');
    t.notRegex(await fleet.must('host_1', 'ovs-vsctl get Open_vSwitch . other_config'), /pem/);
  });
}

test.serial('status names the link, through which the key is readable to root alone', async (t) => {
  await operator.reset('old');
  const folder = operator.folderFor(join(fleet.folder, 'status'));
  const { stdout } = await runIn(fleet, folder, ['status', '--json']);
  const { hosts } = JSON.parse(stdout) as { hosts: { identity: { file: string; certificate: unknown } }[] };
  t.is(hosts[0]?.identity.file, '/etc/ipsec.d/certs/ovs-host_1-cert.pem');
  t.like(hosts[0]?.identity.certificate, { serialNumber: operator.serial('old', 'host_1') });
  const [, key] = await namedPaths();
  t.is(await fleet.must('host_1', `stat -L -c '%a %U' ${key}`), '600 root\n');
});
