/** The list of revoked certificates on its way to hosts, and tunnels to peers that are on it. */

import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Action } from '../../src/deploy/plan/action.js';
import { diskFull, hostDown, programMissing } from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { applyIn, type HostName, hostNames, makeOperator, type Operator, runIn } from '../support/fleet/operator.js';
import { type Run, runWell } from '../support/programs.js';

let fleet: Fleet;
let operator: Operator;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
  operator = await makeOperator(fleet);
  const heading = "echo 'Status of IKE charon daemon (strongSwan 5.9.8):' >/run/fleet/ike/heading";
  for (const host of hostNames) await fleet.must(host, `ipsec start; ${heading}`);
});

test.after.always(() => fleet?.close());

interface Planned {
  readonly host: string;
  readonly actions: readonly Action[];
  readonly warnings: readonly string[];
}

/** A folder of an operator whose hosts have what it holds; a certificate of somebody else was revoked. */
async function beginning(name: string, revoked = 'gone'): Promise<string> {
  await operator.reset('bare');
  for (const host of hostNames)
    await fleet.must(host, 'flock /run/fleet/ipsec.lock rm -rf /run/fleet/ike/crls /etc/keys; : >/run/fleet/ipsec.log');
  const folder = operator.folderFor(join(fleet.folder, name));
  if (revoked === 'nobody') return folder;
  await ours(folder, 'req+sign', '--batch', '--key', 'ec', revoked);
  await ours(folder, 'revoke', revoked);
  return folder;
}

async function ours(folder: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runIn(fleet, folder, args);
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

async function planOf(folder: string): Promise<Planned[]> {
  const { stdout } = await runIn(fleet, folder, ['plan', '--skip-proof', '--json']);
  return (JSON.parse(stdout) as { hosts: Planned[] }).hosts;
}

async function appliedWell(t: ExecutionContext, folder: string): Promise<Run> {
  const applied = await applyIn(fleet, folder);
  t.is(applied.status, 0, applied.stderr);
  return applied;
}

async function nothingToDo(t: ExecutionContext, folder: string): Promise<void> {
  for (const { host, actions } of await planOf(folder)) t.deepEqual(actions, [], host);
}

/** What doctor says of lists. */
async function foundBy(folder: string): Promise<string[]> {
  const { stdout } = await runIn(fleet, folder, ['doctor', '--json']);
  const { findings } = JSON.parse(stdout) as { findings: { id: string; host: string }[] };
  return findings.flatMap(({ id, host }) => (id.startsWith('crl-') ? [`${host}: ${id}`] : []));
}

const crlIn = (folder: string) => join(folder, 'pki/switchca/crl.pem');
const openssl = (...args: string[]) => runWell('openssl', args);
const numberOf = async (folder: string) =>
  (await openssl('crl', '-in', crlIn(folder), '-noout', '-crlnumber')).trim().replace(/crlNumber=(0x)?/, '');
const listOn = (host: HostName, place = '/etc/ipsec.d/crls') => fleet.must(host, `cat ${place}/ovs-crl-*.pem`);

/** Makes the list of a folder end in some days. */
async function makeListUntil(folder: string, days: number): Promise<void> {
  await ours(folder, 'crl', '--days', '30');
  const end = new Date(Date.now() + days * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const start = new Date(Date.now() - 20 * 86_400_000).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const files = ['-config', 'ca.cnf', '-gencrl', '-crl_lastupdate', start, '-crl_nextupdate', end, '-out', 'crl.pem'];
  await runWell('openssl', ['ca', ...files], { cwd: join(folder, 'pki/switchca') });
}

test.serial('a CA that has revoked nothing makes no list, and hosts get none', async (t) => {
  const folder = await beginning('nothing-revoked', 'nobody');
  await appliedWell(t, folder);
  t.false(existsSync(crlIn(folder)));
  t.is((await fleet.must('host_1', 'ls /etc/ipsec.d/crls')).trim(), '');
});

test.serial('after a revocation the next apply makes a list and brings it to every host of the CA', async (t) => {
  const folder = await beginning('revoked');
  const shown = await runIn(fleet, folder, ['plan', '--skip-proof', '--out', 'plan.json']);
  t.regex(shown.stdout, /\+ \/etc\/ipsec\.d\/crls\/ovs-crl-[0-9a-f]{16}\.pem: a new CRL is made, 1 revoked\n/);
  t.false(existsSync(crlIn(folder)), 'a plan changes nothing here');

  const applied = await runIn(fleet, folder, ['apply', 'plan.json']);
  t.is(applied.status, 0, applied.stderr);
  t.is(applied.stdout.match(/ovs-crl-\w+\.pem: CRL number 01, 1 revoked, until \d{4}-\d\d-\d\d\n/g)?.length, 2);
  const authority = join(folder, 'pki/switchca/cacert.pem');
  for (const host of hostNames) {
    t.is(await listOn(host), readFileSync(crlIn(folder), 'latin1'));
    t.regex(await fleet.must(host, 'ipsec listcrls'), /serial: +01\n/);
  }
  const verified = await openssl('crl', '-in', crlIn(folder), '-CAfile', authority, '-noout', '-text');
  t.is(verified.match(/Serial Number: /g)?.length, 1);
  await nothingToDo(t, folder);
  t.is(await numberOf(folder), '01');
});

test.serial('another revocation makes another list, which takes the place of the first', async (t) => {
  const folder = await beginning('again');
  await appliedWell(t, folder);
  await ours(folder, 'req+sign', '--batch', '--key', 'ec', 'gone_too');
  await ours(folder, 'revoke', 'gone_too');
  t.deepEqual(await foundBy(folder), [], 'the list here is as old as those on the hosts');
  await ours(folder, 'crl');
  t.deepEqual(await foundBy(folder), ['host_1: crl-behind', 'host_2: crl-behind']);
  const applied = await appliedWell(t, folder);
  t.regex(applied.stdout, /host_2:\n {2}\+ \S+ovs-crl-\w+\.pem: CRL number 02, 2 revoked, until \S+\n$/);
  t.is((await fleet.must('host_1', 'ls /etc/ipsec.d/crls')).trim().split('\n').length, 1);
  t.regex(await fleet.must('host_1', 'ipsec listcrls'), /2 revoked certificates/);
  await nothingToDo(t, folder);
  t.deepEqual(await foundBy(folder), []);
  await fleet.must('host_1', 'rm -rf /run/fleet/ike/crls/*');
  t.deepEqual(await foundBy(folder), ['host_1: crl-not-loaded']);
});

test.serial('distribute brings the list too, and remove takes it away with the identity', async (t) => {
  const folder = await beginning('distributed');
  const sent = await runIn(fleet, folder, ['distribute', 'host_1', '--to', 'root@host_1', '--skip-proof']);
  t.is(sent.status, 0, sent.stderr);
  t.is(await listOn('host_1'), readFileSync(crlIn(folder), 'latin1'));
  const removed = await runIn(fleet, folder, ['remove', '--to', 'root@host_1', '--identity']);
  t.regex(removed.stdout, /- \/etc\/ipsec\.d\/crls\/ovs-crl-/);
  t.is((await fleet.must('host_1', 'ls /etc/ipsec.d/crls')).trim(), '');
});

test.serial('a host that has a newer list keeps it, and is told of', async (t) => {
  const folder = await beginning('older');
  await appliedWell(t, folder);
  const copy = join(fleet.folder, 'copy');
  cpSync(folder, copy, { recursive: true });
  await ours(folder, 'crl');
  await appliedWell(t, folder);
  const [planned] = await planOf(copy);
  t.deepEqual(planned?.actions, []);
  t.regex(
    planned?.warnings.join() ?? '',
    /host_1: it has a newer CRL than the CA here \(number 02, and here number 01\)/,
  );
  await appliedWell(t, copy);
  t.is(await listOn('host_1'), readFileSync(crlIn(folder), 'latin1'));
});

test.serial('what nobody can read as a list of the CA is replaced', async (t) => {
  const folder = await beginning('damaged');
  await appliedWell(t, folder);
  await fleet.must('host_1', "echo '-----BEGIN X509 CRL-----' >$(ls /etc/ipsec.d/crls/ovs-crl-*.pem)");
  await appliedWell(t, folder);
  t.is(await listOn('host_1'), readFileSync(crlIn(folder), 'latin1'));
});

test.serial('a list that ends soon is made anew', async (t) => {
  const folder = await beginning('due');
  await makeListUntil(folder, 3);
  const before = await numberOf(folder);
  const applied = await appliedWell(t, folder);
  t.regex(applied.stdout, /CRL number 03, 1 revoked/);
  t.not(await numberOf(folder), before);
  await nothingToDo(t, folder);
});

test.serial(
  'without the key of the CA a list that ends soon is brought, with a warning that is said once',
  async (t) => {
    const folder = await beginning('offline');
    await makeListUntil(folder, 3);
    rmSync(join(folder, 'pki/switchca/private/cakey.pem'));
    const applied = await appliedWell(t, folder);
    const warnings = applied.stderr.match(
      /warning: the CRL of switchca is good until \S+, and no new one could be made: /g,
    );
    t.is(warnings?.length, 1, applied.stderr);
    t.is(await listOn('host_2'), readFileSync(crlIn(folder), 'latin1'));
  },
);

test.serial('without the key of the CA a certificate that is revoked and on no list is a failure', async (t) => {
  const folder = await beginning('offline-and-revoked');
  const key = join(folder, 'pki/switchca/private/cakey.pem');
  renameSync(key, `${key}.away`);
  const refused = await applyIn(fleet, folder);
  t.is(refused.status, 6);
  t.regex(
    refused.stderr,
    /error: a certificate is revoked and not on the CRL of switchca, and no new one could be made: /,
  );
  t.is((await fleet.must('host_1', 'ls /etc/ipsec.d/crls')).trim(), '');
  renameSync(`${key}.away`, key);
  await appliedWell(t, folder);
});

test.serial('a full disk is told of, and the list is brought when there is room', async (t) => {
  const folder = await beginning('full');
  const repair = await diskFull('/etc/ipsec.d/crls')(fleet, 'host_1');
  const full = await applyIn(fleet, folder);
  t.is(full.status, 6);
  t.regex(
    full.stderr,
    /host_1: it could not be prepared: .*\/etc\/ipsec\.d\/crls\/\S+ could not be written: is the disk full/,
  );
  t.regex(full.stderr, /\[HOST_STEP_FAILED\]/);
  t.notRegex(await fleet.must('host_1', 'ls -A /etc/ipsec.d/crls'), /ovs-crl/);
  await repair();
  await appliedWell(t, folder);
  t.is(await listOn('host_1'), readFileSync(crlIn(folder), 'latin1'));
});

/** As the kernel tells of the associations that an IKE daemon has made; the kernel of a light host may have no ESP. */
const statesOf = (pairs: readonly (readonly [string, string])[]) =>
  pairs
    .map(
      ([from, to], index) =>
        `src ${from} dst ${to}\n\tproto esp spi 0x100${index}(409${index}) reqid 1 mode transport\n`,
    )
    .join('');

/** A tunnel from host_1 that is up until `takenDown`. */
async function tunnelIsUp(): Promise<{ readonly takenDown: () => Promise<unknown> }> {
  const [here = '', there = ''] = hostNames.map((name) => fleet.host(name).address);
  const states = statesOf([
    [here, there],
    [there, here],
  ]);
  await fleet.must(
    'host_1',
    `printf 'conn tun-1\\n' >/etc/ipsec.conf; printf '${states}' >/run/fleet/states
     program=$(readlink -f "$(command -v ip)"); [ -e /run/fleet/ip ] || cp "$program" /run/fleet/ip
     cat >"$program" <<'END'
#!/bin/sh
case "$*" in *'xfrm state') [ ! -e /run/fleet/states ] || exec cat /run/fleet/states ;; esac
exec /run/fleet/ip "$@"
END`,
  );
  return { takenDown: () => fleet.must('host_1', 'rm /run/fleet/states') };
}

for (const isAway of [false, true]) {
  test.serial(
    `a tunnel to a revoked peer ${isAway ? 'that is away ' : ''}is taken down after the list is loaded`,
    async (t) => {
      const folder = await beginning(`cut-${isAway}`, 'nobody');
      await appliedWell(t, folder);
      const tunnel = await tunnelIsUp();
      await ours(folder, 'revoke', 'host_2');
      const repair = isAway ? await hostDown(fleet, 'host_2') : async () => undefined;
      try {
        const [planned] = await planOf(folder);
        t.deepEqual(
          planned?.actions.map(({ kind }) => kind),
          ['place', 'cut'],
        );
        const applied = await applyIn(fleet, folder);
        t.is(applied.status, 6);
        t.regex(
          applied.stdout,
          /^host_1:\n {2}\+ .*CRL.*\n {2}- the tunnel tun to host_2 is taken down: its certificate was revoked\n/,
        );
        if (!isAway) t.regex(applied.stderr, /error: the certificate \w+ of host_2 was revoked .*CERTIFICATE_REVOKED/);
        t.regex(
          await fleet.must('host_1', 'cat /run/fleet/ipsec.log'),
          /rereadcrls\npurgecrls\n(?:.*\n)*?stroke down-nb tun-1\[\*\]\n/,
        );
        await tunnel.takenDown();
        t.deepEqual((await planOf(folder))[0]?.actions, []);
      } finally {
        await repair();
      }
    },
  );
}

const putIpsec = '. /run/fleet/daemons.sh; put_ipsec';

/** A stand-in for libreswan's ipsec(8), over a real NSS database. */
const libreswan = `#!/bin/sh
echo "$*" >>/run/fleet/ipsec.log
case $1 in
  --version) echo 'Linux Libreswan 4.10 (netkey) on 6.1.0' ;;
  status) echo '000 nssdir=/var/lib/ipsec/nss, dumpdir=/run/pluto, statsbin=unset'; echo '000 "tun-1": unrouted' ;;
esac
`;

async function makeLibreswan(folder: string): Promise<void> {
  writeFileSync(
    join(folder, 'fleet.yaml'),
    readFileSync(join(folder, 'fleet.yaml'), 'latin1').replace('{', '{ike_daemon: libreswan, '),
  );
  await fleet.must(
    'host_1',
    `cat >/run/fleet/libreswan <<'END'\n${libreswan}END
     ${putIpsec} /run/fleet/libreswan
     echo 'conn tun-1' >/etc/ipsec.conf; rm -rf /var/lib/ipsec/nss; mkdir -p /var/lib/ipsec/nss; certutil -N -d sql:/var/lib/ipsec/nss --empty-password`,
  );
}

const makeStrongswan = () => fleet.must('host_1', `${putIpsec} /run/fleet/ipsec.sh`);

test.serial('libreswan has the list in its NSS database, the newest of them', async (t) => {
  const folder = await beginning('libreswan');
  await makeLibreswan(folder);
  try {
    await appliedWell(t, folder);
    await ours(folder, 'crl');
    await appliedWell(t, folder);
    t.is(await listOn('host_1', '/etc/keys'), readFileSync(crlIn(folder), 'latin1'));
    const shown = await fleet.must(
      'host_1',
      `cd /var/lib/ipsec/nss && certutil -A -a -i /etc/keys/ovs-ca-*.pem -d sql:. -n ovs_cert_cacert -t CT,,
       crlutil -L -d sql:. -n ovs_cert_cacert; ls -A /etc/keys`,
    );
    t.regex(shown, /CRL Number\n +Data: 2 /);
    t.notRegex(shown, /\.der/);
    await nothingToDo(t, folder);
  } finally {
    await makeStrongswan();
  }
});

test.serial('libreswan without crlutil: nothing is done, and it is said what to install', async (t) => {
  const folder = await beginning('no-crlutil');
  await makeLibreswan(folder);
  const repair = await programMissing('crlutil')(fleet, 'host_1');
  try {
    const refused = await applyIn(fleet, folder);
    t.is(refused.status, 6);
    t.regex(
      refused.stderr,
      /error: host_1: there is no program crlutil: libreswan gets the list of revoked certificates with it/,
    );
    t.regex(refused.stderr, /hint: apt-get install libnss3-tools, on root@host_1/);
    t.is((await fleet.must('host_1', 'ls -A /etc/keys 2>/dev/null || :')).trim(), '');
  } finally {
    await repair();
    await makeStrongswan();
  }
});

test.serial('an NSS database that does not take the list: it is not there half, and is brought again', async (t) => {
  const folder = await beginning('no-nss');
  await makeLibreswan(folder);
  try {
    await fleet.must('host_1', 'mv /var/lib/ipsec/nss /var/lib/ipsec/away');
    const refused = await applyIn(fleet, folder);
    t.regex(
      refused.stderr,
      /host_1: it could not be prepared: the NSS database \S+ does not take the CRL: .*\[HOST_STEP_FAILED\]/,
    );
    await fleet.must('host_1', 'rm -rf /var/lib/ipsec/nss; mv /var/lib/ipsec/away /var/lib/ipsec/nss');
    t.true((await planOf(folder))[0]?.actions.some((action) => action.kind === 'place' && action.role === 'crl'));
    await appliedWell(t, folder);
  } finally {
    await makeStrongswan();
  }
});
