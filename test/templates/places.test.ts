/** Where a host has its files: asked of the daemons that run, and of PATH where a shell has programs of its own. */

import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { fillTemplate } from '../../src/platform/templates.js';
import { run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const places = fillTemplate('remote/places.sh', {});
const shown = `printf '%s\\n' "$ovs_run" "$ipsec_conf" "$monitor_log" "\${OVS_RUNDIR:-}"`;
const usual = '/var/log/openvswitch/ovs-monitor-ipsec.log';

const commandLines = [
  { args: ['--ike-daemon=libreswan'], conf: '/etc/ipsec.conf' },
  { args: ['--ipsec-conf=@/openshift.conf', '--log-file'], conf: '@/openshift.conf' },
  { args: ['--ipsec-conf', '@/openshift.conf'], conf: '@/openshift.conf' },
  { args: ['--root-prefix=@', '--ipsec-conf', '/openshift.conf'], conf: '@/openshift.conf' },
  { args: ['--root-prefix', '@'], conf: '@/etc/ipsec.conf' },
  { args: ['--ipsec-conf=@/not-written.conf'], conf: '/etc/ipsec.conf' },
  { args: ['--ipsec-conf=relative', '--log-file=@/monitor.log'], conf: '/etc/ipsec.conf', log: '@/monitor.log' },
  { args: ['--ipsec-conf=@/open$(touch pwned)\n--root-prefix=.conf'], conf: '/etc/ipsec.conf' },
] as const;
for (const { args, conf, ...more } of commandLines) {
  test(`ovs-monitor-ipsec ${JSON.stringify(args)} writes ${conf}`, async (t) => {
    const folder = scratchFolder(t);
    const there = (text: string): string => text.replaceAll('@', folder);
    writeFileSync(join(folder, 'openshift.conf'), '');
    const monitor = spawn('sh', ['-c', 'read -r word', 'ovs-monitor-ipsec', ...args.map(there)], { stdio: 'pipe' });
    t.teardown(() => monitor.kill());
    writeFileSync(join(folder, 'ovs-monitor-ipsec.pid'), `${monitor.pid}\n`);
    writeFileSync(join(folder, 'ovs-vswitchd.pid'), '1\n');
    for (const shell of [['sh'], ['busybox', 'sh']]) {
      const [program = '', ...words] = shell;
      const env = { OVS_RUNDIR: folder };
      const { stdout } = await run(program, [...words, '-s'], { input: `${places}\n${shown}`, env, cwd: folder });
      const log = 'log' in more ? there(more.log) : usual;
      t.deepEqual(stdout.trim().split('\n'), [folder, there(conf), log, folder]);
    }
    t.throws(() => readFileSync(join(folder, 'pwned')));
  });
}

for (const argument of ['unix:@/db.sock', '--remote=punix:@/db.sock']) {
  const name = argument.startsWith('unix') ? 'ovs-vswitchd' : 'ovsdb-server';
  test(`the run directory of a snap is found by ${name} ${argument}`, async (t) => {
    const folder = scratchFolder(t);
    const daemon = join(folder, name);
    writeFileSync(daemon, '#!/bin/sh\nread -r word\n');
    chmodSync(daemon, 0o755);
    const server = createServer().listen(join(folder, 'db.sock'));
    t.teardown(() => server.close());
    // Other tests have daemons of that name, in other namespaces.
    const alone = ['--mount', '--pid', '--fork', '--mount-proc', 'sh', '-s'];
    const input = `${daemon} ${argument.replace('@', folder)} <&8 &
      sleep 0 && until read -r name </proc/$!/comm && [ "$name" = ${name} ]; do :; done
      ${places}\n${shown}`;
    const env = { OVS_RUNDIR: join(folder, 'nothing') };
    const { stdout } = await run('sh', ['-c', `mkfifo pipe && exec 8<>pipe && exec unshare ${alone.join(' ')}`], {
      ...{ input, env, cwd: folder },
    });
    t.deepEqual(stdout.trim().split('\n'), [folder, '/etc/ipsec.conf', usual, folder]);
  });
}

test('where a shell has an ip of its own, that of iproute2 is run all the same', async (t) => {
  const folder = scratchFolder(t);
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/ip'), '#!/bin/sh\necho "iproute2 $*"\n');
  chmodSync(join(folder, 'bin/ip'), 0o755);
  const applet = 'ip() { echo "BusyBox: ip: unrecognized"; }\n';
  const env = { PATH: `${folder}/bin:${process.env['PATH']}` };
  const input = `${applet}${places}\nip xfrm 'a b'; echo "<$without_ip>"`;
  const { stdout } = await run('sh', ['-s'], { input, env });
  t.is(stdout, 'iproute2 xfrm a b\n<>\n');
  const bare = places.replace(/^export LC_ALL.*$/m, 'PATH=/nonexistent');
  const without = await run('sh', ['-c', `${applet}${bare}\necho "<$without_ip>"`]);
  t.is(without.stdout, '<yes>\n');
});
