/** The fleet of light hosts itself: tests of what goes over SSH are worth no more than this. */

import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import * as faults from '../support/fleet/faults.js';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { badLine } from '../support/fleet/proxy.js';
import { type Run, run } from '../support/programs.js';

let fleet: Fleet;

test.before(async () => {
  const hosts = { host_2: { ipsec: 'monitor', vswitchd: 'dummy' }, host_3: { ipsec: 'real' } } as const;
  fleet = await startFleet({ count: 3, hosts });
});

test.after.always(() => fleet?.close());

function ssh(target: string, script: string, input = '', more: readonly string[] = []): Promise<Run> {
  const options = ['-oBatchMode=yes', '-oConnectTimeout=30', ...more];
  return run('ssh', [...options, target, script], { env: fleet.environment, input });
}

test.serial('each host is reached by name and by address, and is itself', async (t) => {
  for (const { name, address } of fleet.hosts) {
    const script = 'id -un; uname -n; ovs-vsctl get Open_vSwitch . external_ids:hostname';
    for (const target of [name, address]) t.is((await ssh(target, script)).stdout, `root\n${name}\n${name}\n`);
  }
});

test.serial('the operator is nobody without sudo, and root with it', async (t) => {
  const refused = await ssh('operator@host_1', 'ovs-vsctl show');
  t.not(refused.status, 0);
  t.is(
    (await ssh('operator@host_1', 'id -un; sudo -n id -un; sudo -n ovs-vsctl get-manager')).stdout,
    'operator\nroot\n',
  );
});

test.serial('what a host writes stays there, and its files are seen from outside', async (t) => {
  const place = '/etc/ipsec.d/certs/of-the-fleet.pem';
  t.is((await ssh('host_1', `cat >${place} && ovs-vsctl --no-wait add-br br-one`, 'certificate')).status, 0);
  t.is(statSync(fleet.host('host_1').root + place).size, 'certificate'.length);
  t.is((await ssh('host_2', `cat ${place}; ovs-vsctl list-br`)).stdout, '');
  t.throws(() => statSync(place), { code: 'ENOENT' });
});

test.serial('the commands that come by ssh are counted', async (t) => {
  const before = await fleet.sshSessions('host_3');
  await ssh('host_3', 'true');
  await fleet.must('host_3', 'true');
  t.is(await fleet.sshSessions('host_3'), before + 1);
});

test.serial('scp has the same configuration as ssh', async (t) => {
  const file = join(fleet.folder, 'sent');
  writeFileSync(file, 'sent by scp');
  t.is((await run('scp', ['-q', file, 'host_1:/etc/ipsec.d/certs/'], { env: fleet.environment })).status, 0);
  t.is((await ssh('host_1', 'cat /etc/ipsec.d/certs/sent')).stdout, 'sent by scp');
});

test.serial(
  'ovs-monitor-ipsec configures a tunnel over the stand-in for ipsec, and ovs-vswitchd gives it a port',
  async (t) => {
    const tunnel = 'type=gre options:remote_ip=198.51.100.9 options:psk=swordfish';
    await fleet.must('host_2', `ovs-vsctl --timeout=30 add-br br -- add-port br tun -- set Interface tun ${tunnel}`);
    const shown = 'ovs-appctl -t ovs-monitor-ipsec tunnels/show';
    await fleet.must('host_2', `for i in $(seq 100); do ${shown} | grep -q 'tun v1' && break; sleep 0.1; done`);
    const { stdout } = await ssh('host_2', shown);
    t.regex(stdout, /^Interface name: tun v1 \(CONFIGURED\)$/m);
    t.regex(stdout, /^ {2}PSK: +swordfish$/m);
    t.regex(stdout, /^ {2}Ofport: +1$/m);
    t.regex(await fleet.must('host_2', 'cat /etc/ipsec.conf'), /^conn tun-1$/m);
    t.regex(await fleet.must('host_2', 'cat /run/fleet/ipsec.log'), /^update$/m);
  },
);

test.serial(
  'the stand-in for ipsec calls itself strongSwan, and loads only what AppArmor lets charon read',
  async (t) => {
    const make = (file: string, name: string) =>
      `openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj '/O=Fleet/CN=${name}' -out ${file} 2>/dev/null`;
    const places = `${make('/etc/ipsec.d/cacerts/a.pem', 'seen')}; ${make('/root/b.pem', 'unseen')}`;
    const link = 'ln -s /root/b.pem /etc/ipsec.d/cacerts/b.pem';
    await fleet.must('host_1', `${places}; ${link}; ipsec listcacerts; ipsec start; ipsec rereadcacerts`);
    t.regex((await ssh('host_1', 'ipsec --version')).stdout, /^Linux strongSwan U5\.9\.8\/K/);
    const { stdout } = await ssh('host_1', 'ipsec listcacerts');
    t.regex(stdout, /^\nList of X\.509 CA Certificates\n\n {2}subject: {2}"O=Fleet, CN=seen"\n/);
    t.notRegex(stdout, /unseen/);
  },
);

interface FaultRow {
  readonly what: string;
  readonly fault: faults.Fault;
  /** Who comes to see it, and what they do there that works without the fault. */
  readonly target?: string;
  readonly script: string;
  /** What ssh, or the program on the host, says of the fault. */
  readonly says: RegExp;
}

const database = 'timeout 5 ovs-vsctl --timeout=2 get Open_vSwitch . ovs_version';
const sudo = { target: 'operator@host_1', script: 'sudo -n true' };

const rows: readonly FaultRow[] = [
  { what: 'the host is down', fault: faults.hostDown, script: 'true', says: /No route to host|timed out/ },
  { what: 'sshd has stopped', fault: faults.sshStopped, script: 'true', says: /Connection refused/ },
  { what: 'the key is refused', fault: faults.keyRefused, script: 'true', says: /Permission denied \(publickey\)/ },
  {
    what: "the host's key has changed",
    fault: faults.hostKeyChanged,
    script: 'true',
    says: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
  },
  { what: 'sudo asks', fault: faults.sudoAsks, ...sudo, says: /a password is required/ },
  { what: 'sudo refuses', fault: faults.sudoRefused, ...sudo, says: /a password is required|not in the sudoers/ },
  { what: 'ovsdb-server has stopped', fault: faults.databaseStopped, script: database, says: /database connection/ },
  { what: 'ovsdb-server hangs', fault: faults.databaseHangs, script: database, says: /Alarm clock|signal|expired|^$/ },
  {
    what: 'ovs-monitor-ipsec has stopped',
    fault: faults.monitorStopped,
    target: 'host_2',
    script: 'ovs-appctl -t ovs-monitor-ipsec tunnels/show',
    says: /cannot (read pidfile|connect)/,
  },
  {
    what: 'the disk is full',
    fault: faults.diskFull('/etc/ipsec.d/private', 4096),
    script:
      'cd /etc/ipsec.d/private && head -c 4096 /dev/zero >one && head -c 9000 /dev/zero >two; s=$?; rm one two; exit $s',
    says: /No space left on device/,
  },
  {
    what: 'a folder is read-only',
    fault: faults.readOnly('/etc/ipsec.d/certs'),
    script: 'echo a >/etc/ipsec.d/certs/b',
    says: /Read-only file system/,
  },
  {
    what: 'root cannot read a folder',
    fault: faults.unreadable('/etc/ipsec.d/private'),
    script: 'ls /etc/ipsec.d/private',
    says: /Permission denied/,
  },
  {
    what: 'openssl is not installed',
    fault: faults.programMissing('openssl'),
    script: 'openssl version',
    says: /not found/,
  },
];

for (const { what, fault, target = 'host_1', script, says } of rows) {
  test.serial(`fault: ${what}, until it is undone`, async (t) => {
    const well = await ssh(target, script);
    t.is(well.status, 0, well.stderr);
    const undo = await fault(fleet, target.replace(/^.*@/, ''));
    const ill = await ssh(target, script);
    await undo();
    t.not(ill.status, 0);
    t.regex(ill.stderr, says);
    const wellAgain = await ssh(target, script);
    t.is(wellAgain.status, 0, wellAgain.stderr);
  });
}

test.serial('fault: the clock of one host is three days ahead, for date and openssl alike', async (t) => {
  const lag = async () => Number((await ssh('host_1', 'date +%s')).stdout) - Date.now() / 1000;
  const certificate = 'openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=a -days 1 2>/dev/null';
  const undo = await faults.clockWrong('+3d')(fleet, 'host_1');
  t.true(Math.abs((await lag()) - 3 * 86_400) < 600);
  const { stdout } = await ssh('host_1', `${certificate} | openssl x509 -noout -startdate`);
  t.true(Date.parse(stdout.replace('notBefore=', '')) > Date.now() + 2 * 86_400_000, stdout);
  const { stdout: underSudo } = await ssh('operator@host_1', 'sudo -n date +%s');
  t.true(Number(underSudo) - Date.now() / 1000 > 2 * 86_400, underSudo);
  await undo();
  t.true(Math.abs(await lag()) < 600);
});

const big = 'x'.repeat(200_000);

test.serial('fault: the sessions of a host are cut while they send', async (t) => {
  const going = ssh('host_1', 'touch /run/here; sleep 60');
  await fleet.must('host_1', 'until [ -e /run/here ]; do sleep 0.05; done; rm /run/here');
  await faults.sshSessionsCut(fleet, 'host_1');
  t.is((await going).status, 255);
  t.is((await ssh('host_1', 'true')).status, 0);
});

for (const failure of ['close', 'hang'] as const) {
  test.serial(`fault: the connection fails after 50,000 bytes (${failure})`, async (t) => {
    const line = await badLine(fleet, 'host_1', { bytesToHost: 50_000, failure });
    // Of a line that hangs it has to be asked; of another one, a host on a busy machine may be slow to answer.
    const cut = await ssh('host_1', 'cat >/etc/ipsec.d/certs/cut', big, ['-oServerAliveInterval=1']);
    await line.repair();
    t.is(cut.status, 255);
    t.is(line.failed(), 1);
    t.is(line.carried(), 50_000);
    await fleet.must('host_1', 'until [ -e /etc/ipsec.d/certs/cut ]; do sleep 0.05; done');
    t.true(statSync(`${fleet.host('host_1').root}/etc/ipsec.d/certs/cut`).size < big.length);
    await fleet.must('host_1', 'rm /etc/ipsec.d/certs/cut');
    t.is((await ssh('host_1', 'wc -c', big)).stdout.trim(), String(big.length));
  });
}

test.serial('a slow line delays every answer', async (t) => {
  const line = await badLine(fleet, 'host_1', { delayMs: 100 });
  const start = Date.now();
  t.is((await ssh('host_1', 'echo there')).stdout, 'there\n');
  // At least four exchanges, each there and back. Slower is no fault of the line.
  t.true(Date.now() - start >= 800);
  t.true(line.carried() > 1000);
  await line.repair();
});

test.serial('the end of a fleet takes every process and file of it away', async (t) => {
  const other = await startFleet({ count: 2 });
  const host = other.host('host_1');
  await other.must('host_1', '(setsid sleep 1000 &) </dev/null >/dev/null 2>&1');
  t.true(statSync(`${host.root}/etc/ssh/authorized_keys`).isFile());
  await other.close();
  t.throws(() => statSync(`/proc/${host.process}`), { code: 'ENOENT' });
  t.throws(() => statSync(other.folder), { code: 'ENOENT' });
  t.is((await ssh('host_1', 'true')).status, 0, 'the other fleet lives');
});
