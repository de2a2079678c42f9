/** Switches to the new CA that end in the middle on one host: the other goes on, and the next run finishes. */

import test, { type ExecutionContext } from 'ava';
import { diskFull, sshStopped } from '../support/fleet/faults.js';
import { badLine } from '../support/fleet/proxy.js';
import {
  allHosts,
  authorityFile,
  firstHosts,
  isSignedBy,
  otherCa,
  type RolloverFleet,
  signingCa,
  startRollover,
  writeInventory,
} from '../support/fleet/rollover.js';
import { killer } from '../support/killed-run.js';
import { chance } from '../support/random.js';

const kills = 8;

let there: RolloverFleet;

test.before(async () => {
  there = await startRollover('distributed');
});

test.after.always(() => there?.fleet.close());

/** A folder in which the new CA signs, and no host knows of that. */
async function switchedHere(): Promise<string> {
  const folder = await there.beginning('distributed');
  await there.well(folder, 'rollover', 'switch', '--pki-only');
  return folder;
}

const switchHosts = ['rollover', 'switch', 'fleet.yaml', '--skip-proof'] as const;

/** What happens to host_2; each gives what mends it. */
const interruptions: Readonly<Record<string, () => Promise<() => Promise<unknown>>>> = {
  'the disk for keys is full': () => diskFull('/etc/ipsec.d/private')(there.fleet, 'host_2'),
  'the disk for certificates is full': () => diskFull('/etc/ipsec.d/certs')(there.fleet, 'host_2'),
  'the IKE daemon does not read': async () => {
    const program = '/usr/sbin/ipsec';
    await there.fleet.must('host_2', `sed -i 's/^    update | reload)/    reload) exit 1 ;;\\n&/' ${program}`);
    return () => there.fleet.must('host_2', '. /run/fleet/daemons.sh; put_ipsec /run/fleet/ipsec.sh');
  },
};

for (const [title, interrupt] of Object.entries(interruptions)) {
  test.serial(`on one host ${title}`, async (t) => {
    const folder = await switchedHere();
    const repair = await interrupt();
    const middle = await there.ours(folder, ...switchHosts);
    await repair();
    t.is(middle.status, 6, middle.stderr);
    t.regex(middle.stderr, /host_2: .*\[HOST_STEP_FAILED\]/);
    t.true(isSignedBy(await there.certificateOn('host_1'), signingCa(folder)), 'the other host');
    await isWhole(t);
    await finish(t, folder);
  });
}

test.serial('on one host ovs-monitor-ipsec is just writing ipsec.conf', async (t) => {
  const folder = await switchedHere();
  // What stands in for it has written nothing until it is time to load the new certificate.
  await there.fleet.must(
    'host_2',
    `cd /run/fleet; cp /etc/ipsec.conf whole; cp /run/openvswitch/ovs-monitor-ipsec.pid monitor
     (exec 8>/etc/ipsec.conf; echo $BASHPID >/run/openvswitch/ovs-monitor-ipsec.pid
      until grep -q rereadsecrets ipsec.log; do sleep 0.1; done; sleep 2; cat whole >&8) </dev/null >/dev/null 2>&1 &
     until [ ! -s /etc/ipsec.conf ]; do sleep 0.1; done`,
  );
  t.is((await there.ours(folder, ...switchHosts)).status, 0);
  await there.fleet.must('host_2', 'cp /run/fleet/monitor /run/openvswitch/ovs-monitor-ipsec.pid');
  t.deepEqual(await loadedCertificates('host_2'), [await serialOn('host_2')]);
  await finish(t, folder);
});

/** Where the connection fails, in parts of all bytes that an undisturbed run sends to the host. */
const cuts = [0.35, 0.55, 0.65, 0.75, 0.85, 0.92, 0.97, 0.99];

test.serial('the connection to one host is cut after so many bytes', async (t) => {
  const whole = await badLine(there.fleet, 'host_2', {});
  await there.well(await switchedHere(), ...switchHosts);
  await whole.repair();
  for (const part of cuts) {
    const folder = await switchedHere();
    const line = await badLine(there.fleet, 'host_2', { bytesToHost: Math.floor(part * whole.carried()) });
    const { status, stderr } = await there.ours(folder, ...switchHosts);
    await line.repair();
    await isWhole(t);
    // The last bytes end the connection: where these are cut off, all is done.
    if (status === 0) t.true(isSignedBy(await there.certificateOn('host_2'), signingCa(folder)));
    else t.deepEqual([status, line.failed()], [6, 1], stderr);
    await finish(t, folder);
  }
});

test.serial(`${kills} switches that are killed at random moments`, async (t) => {
  // On a slow machine this is longer than ava waits for the end of a test.
  t.timeout(3_600_000);
  const random = chance();
  t.log(`OVS_PKI_TEST_SEED=${random.seed}`);
  const whole = await switchedHere();
  const start = performance.now();
  await there.well(whole, ...switchHosts);
  const killing = killer(random, performance.now() - start);
  for (let count = 0; killing.killed() < kills && count < 3 * kills; count++) {
    const folder = await switchedHere();
    await killing.run([...switchHosts, '--dir', 'pki'], folder, there.fleet.environment);
    await isWhole(t);
    await finish(t, folder);
  }
  t.is(killing.killed(), kills);
});

test.serial('a host whose peer cannot be asked keeps its certificate, and says so', async (t) => {
  const folder = await switchedHere();
  const before = await there.certificateOn('host_1');
  const repair = await sshStopped(there.fleet, 'host_2');
  const applied = await there.ours(folder, ...switchHosts);
  await repair();
  t.is(applied.status, 6);
  t.regex(applied.stderr, /warning: host_1: keeps its certificate of the other CA until host_2 can be asked\n/);
  t.is(await there.certificateOn('host_1'), before);
  await finish(t, folder);
});

test.serial(
  'who is renewed and gets a port in one run has the daemon forget connections that fit any peer at last',
  async (t) => {
    const folder = await switchedHere();
    writeInventory(there.fleet, folder, allHosts);
    await there.well(folder, 'apply', '--skip-proof');
    const calls = await there.callsOn('host_1');
    const forgets = 'stroke delete prevent_unencrypted_gre';
    t.true(calls.includes('reload'));
    t.true(calls.indexOf(forgets) > calls.lastIndexOf('reload'), calls.join('\n'));
    t.is(calls.filter((call) => call === forgets).length, 1);
  },
);

test.serial('steps of the PKI directory alone reach no host', async (t) => {
  const folder = await there.beginning('distributed');
  const before = await Promise.all(firstHosts.map(there.stateOn));
  for (const step of ['switch', 'back', 'switch']) {
    t.is((await there.ours(folder, 'rollover', step, '--pki-only')).status, 0, step);
    t.deepEqual(await Promise.all(firstHosts.map(there.stateOn)), before);
  }
  const named = await there.ours(folder, 'rollover', 'back', 'fleet.yaml', '--pki-only');
  t.is(named.status, 2);
  t.regex(named.stderr, /fleet\.yaml is not looked at/);
  const lags = await there.ours(folder, 'rollover', 'retire', '--pki-only');
  t.regex(lags.stderr, /now: (host_1, host_2|host_2, host_1) \[ROLLOVER_LAGS\]/);
});

test.serial('a file of somebody else that holds the old CA is told of when that is retired', async (t) => {
  const folder = await switchedHere();
  await there.fleet.must('host_1', `cp ${authorityFile(otherCa(folder))} /etc/ipsec.d/cacerts/own.pem`);
  await finish(t, folder);
  const retired = await there.ours(folder, 'rollover', 'retire', 'fleet.yaml', '--skip-proof');
  t.is(retired.status, 0, retired.stderr);
  t.regex(
    retired.stderr,
    /warning: host_1: \/etc\/ipsec\.d\/cacerts\/own\.pem lets strongSwan trust a CA that was retired/,
  );
  t.notRegex(retired.stderr, /host_2: .*retired/);
  t.is((await there.loadedOn('host_1')).length, 2);
});

/** What the database names is there and belongs together on both hosts, with the rights that it is to have. */
async function isWhole(t: ExecutionContext): Promise<void> {
  for (const host of firstHosts) {
    // What a host has begun it ends, and then it is free again.
    await there.fleet.must(host, 'flock -w 60 /run/ovs-pki-ts.lock true');
    const { files, links } = await there.stateOn(host);
    t.is(links.length, 3);
    const leads = links.map(({ to }) => to).sort();
    const fits = `openssl verify -partial_chain -CAfile ${leads[0]} ${leads[1]} >/dev/null &&
      [ "$(openssl x509 -in ${leads[1]} -noout -pubkey)" = "$(openssl pkey -in ${leads[2]} -pubout)" ] && echo well`;
    t.is(await there.fleet.must(host, fits), 'well\n', leads.join());
    for (const { path, mode } of files) {
      t.notRegex(path, /staged/);
      if (!path.endsWith('/.full')) t.is(mode, path.includes('-privkey') ? '600 root' : '644 root', path);
    }
  }
}

/** The next run leaves nothing to do, and the IKE daemons with what the files hold. */
async function finish(t: ExecutionContext, folder: string): Promise<void> {
  const finished = await there.ours(folder, ...switchHosts);
  t.is(finished.status, 0, finished.stderr);
  await isWhole(t);
  for (const host of firstHosts) {
    const certificate = await there.certificateOn(host);
    t.true(isSignedBy(certificate, signingCa(folder)));
    const { files } = await there.stateOn(host);
    t.is(files.filter(({ path }) => /-(cert|privkey)\.pem$/.test(path)).length, 2, 'nothing of before');
    t.deepEqual(await loadedCertificates(host), [await serialOn(host)]);
  }
  const { stdout } = await there.ours(folder, 'plan', '--skip-proof');
  t.is(stdout.match(/: nothing to do$/gm)?.length, 2, stdout);
}

/** The serial numbers of the certificates for which the IKE daemon has the key. */
async function loadedCertificates(host: string): Promise<string[]> {
  const text = await there.fleet.must(host, 'ipsec listcerts');
  return text.split(/\n(?= +subject: )/).flatMap((block) => {
    const serial = /serial: +([0-9a-f:]+)/.exec(block)?.[1]?.replaceAll(':', '').toUpperCase();
    return serial !== undefined && block.includes('has private key') ? [serial] : [];
  });
}

async function serialOn(host: string): Promise<string> {
  const named = '$(ovs-vsctl get Open_vSwitch . other_config:certificate | tr -d \\")';
  return (await there.fleet.must(host, `openssl x509 -in ${named} -noout -serial`)).trim().replace('serial=', '');
}
