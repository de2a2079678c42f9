/** Hosts that lack packages for OVS IPsec: told in a plan, installed where that is asked for, and nowhere else. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';
import { runIn } from '../support/fleet/operator.js';
import { beginPki } from '../support/pki.js';

/** Stand-ins that write down what they are told: apt-get knows no package before its lists are there. */
const programs = `
mkdir /run/fleet/away
mv /usr/bin/openssl /usr/sbin/ipsec /run/fleet/away/
rm -f /usr/sbin/swanctl
cat >/usr/bin/apt-get <<'END'
#!/bin/sh
echo "$* $DEBIAN_FRONTEND $NEEDRESTART_MODE" >>/run/fleet/apt.log
case " $* " in
*' update '*) : >/run/fleet/lists && exit 0 ;;
*' -s '*) [ -e /run/fleet/lists ] || { echo 'E: Unable to locate package openssl' >&2; exit 100; }
  echo 'Inst openssl (3.0)'; cat /run/fleet/removals 2>/dev/null; exit 0 ;;
esac
[ ! -e /run/fleet/broken ] || { echo 'Setting up openssl'; echo 'E: Sub-process dpkg returned an error code (1)' >&2; exit 100; }
mv /run/fleet/away/openssl /usr/bin/ && mv /run/fleet/away/ipsec /usr/sbin/
END
cat >/usr/sbin/service <<'END'
#!/bin/sh
echo "$*$([ ! -e /proc/$$/fd/9 ] || echo ' with the lock')" >>/run/fleet/service.log
[ "$1" != openvswitch-ipsec ] || { sleep 100000 & echo $! >/run/openvswitch/ovs-monitor-ipsec.pid; }
END
chmod 755 /usr/bin/apt-get /usr/sbin/service`;

const wanted = 'openssl strongswan-starter strongswan-charon libstrongswan-standard-plugins openvswitch-ipsec';

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: 2, hosts: { host_2: { ipsec: 'monitor' } } });
  await beginPki(fleet.folder, 'ours with EC keys');
  const users = ['operator', 'root'];
  const hosts = fleet.hosts.map(
    ({ name, address }, at) => `  ${name}: {ssh: ${users[at]}@${name}, address: ${address}}`,
  );
  const lines = ['version: 1', 'hosts:', ...hosts, 'tunnels:', '  - between: [host_1, host_2]', ''];
  writeFileSync(join(fleet.folder, 'fleet.yaml'), lines.join('\n'));
  await fleet.must('host_1', programs);
  await fleet.must('host_2', `mv /usr/bin/apt-get /usr/bin/apt-get.away`);
});

test.after.always(() => fleet?.close());

const logOf = (name: string): Promise<string> => fleet.must('host_1', `cat /run/fleet/${name} 2>/dev/null || true`);

interface Answer {
  readonly status: number | null;
  readonly stderr: string;
  /** Of host_1. */
  readonly host: { readonly outcome?: string; readonly obstacles?: readonly { readonly hint: string }[] } | undefined;
}

async function ours(...args: readonly string[]): Promise<Answer> {
  const { status, stdout, stderr } = await runIn(fleet, fleet.folder, [...args, '--skip-proof', '--json']);
  const { results = [], hosts = [] } = JSON.parse(stdout) as Record<string, (Answer['host'] & { host: string })[]>;
  return { status, stderr, host: [...results, ...hosts].find(({ host }) => host === 'host_1') };
}

test.serial('a plan says what is lacking, and neither it nor apply alone installs anything', async (t) => {
  const planned = await ours('plan');
  t.is(planned.status, 6);
  t.regex(
    planned.host?.obstacles?.[0]?.hint ?? '',
    /^apt-get install openssl, on .*, or let --install-packages do it$/,
  );
  t.true(
    planned.stderr.includes(
      `host_1: lacks packages; with --install-packages, apply and connect first install ${wanted}`,
    ),
  );
  const applied = await ours('apply');
  t.is(applied.status, 6);
  t.true(applied.stderr.includes('or let --install-packages do it'));
  t.is(await logOf('apt.log'), '');
});

const failures: readonly { readonly title: string; readonly before: string; readonly said: RegExp }[] = [
  {
    title: 'what would go for it is not of the same daemon',
    before: "echo 'Remv others-vpn [1.0]' >/run/fleet/removals",
    said: /could not be installed: apt-get would remove others-vpn for that/,
  },
  {
    title: 'the installation fails',
    before: "rm /run/fleet/removals; echo 'Remv charon-systemd [6.0.1]' >/run/fleet/removals; : >/run/fleet/broken",
    said: /could not be installed: apt-get: E: Sub-process dpkg returned an error code \(1\)\W/,
  },
];
for (const { title, before, said } of failures) {
  test.serial(`${title}: the error of that host`, async (t) => {
    await fleet.must('host_1', before);
    const { status, stderr, host } = await ours('apply', '--install-packages');
    t.is(status, 6);
    t.is(host?.outcome, 'failed');
    t.regex(stderr, said);
    await nothingStarted(t);
  });
}

async function nothingStarted(t: ExecutionContext): Promise<void> {
  t.is(await logOf('service.log'), '');
}

test.serial(
  'packages are installed by an ordinary user, what needs them is started, and the tunnel is wired',
  async (t) => {
    await fleet.must('host_1', 'rm /run/fleet/broken /run/fleet/apt.log');
    const { status, stderr, host } = await ours('apply', '--install-packages');
    t.is(status, 0, stderr);
    t.is(host?.outcome, 'changed');
    t.true(stderr.includes(`host_1: installed ${wanted}`), stderr);
    const calls = (await logOf('apt.log')).trim().split('\n');
    t.deepEqual(
      calls.map((call) => call.replace(/^-y --no-install-recommends( -o \S+)+ /, '')),
      [`-s install ${wanted} noninteractive l`, `install ${wanted} noninteractive l`],
    );
    t.is(await logOf('service.log'), 'openvswitch-switch start\nopenvswitch-ipsec restart\n');
  },
);

test.serial('where nothing is lacking nothing is installed', async (t) => {
  await fleet.must('host_1', 'rm /run/fleet/apt.log');
  const { status, stderr, host } = await ours('apply', '--install-packages');
  t.is(status, 0, stderr);
  t.is(host?.outcome, 'unchanged');
  t.is(await logOf('apt.log'), '');
});

test.serial('a written plan is what it is', async (t) => {
  await runIn(fleet, fleet.folder, ['plan', '--skip-proof', '--out', 'plan.json']);
  const { status, stderr } = await runIn(fleet, fleet.folder, ['apply', 'plan.json', '--install-packages']);
  t.is(status, 2);
  t.regex(stderr, /--install-packages goes with an inventory/);
});
