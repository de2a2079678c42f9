/** Hosts that need long for a key: what they make is younger than all that was known of them when the plan was made. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Fleet, startFleet } from '../support/fleet/fleet.js';

let fleet: Fleet;

test.before(async () => {
  fleet = await startFleet({ count: 2 });
});

test.after.always(() => fleet?.close());

const connect = ['connect', '--auth', 'self-signed', '--skip-proof', '--json', '--dir', 'pki', '--log', 'log'];
const afterSeconds = (seconds: number): string => `
  printf '#!/bin/sh\\nif [ "$1" = req ]; then sleep 3; fi\\nFAKETIME=+${seconds}s LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) exec /usr/bin/openssl "$@"\\n' >/usr/local/bin/openssl
  chmod 755 /usr/local/bin/openssl`;

const cases: readonly (readonly [
  title: string,
  aheadSeconds: number,
  status: number,
  stderr: RegExp,
  ports: RegExp,
])[] = [
  ['a certificate that took a host seconds to make is no certificate of the future', 0, 0, /host_1/, /^tun\ntun\n$/],
  [
    'a host whose clock is a day ahead makes a certificate that is not valid yet, and that is told',
    86_400,
    6,
    /host_1: .*it is valid only from .*\[/,
    /^$/,
  ],
];

for (const [index, [title, ahead, status, stderr, ports]] of cases.entries()) {
  test.serial(title, async (t) => {
    const cwd = join(fleet.folder, `case-${index}`);
    mkdirSync(cwd);
    const hosts = fleet.hosts.map(({ name, address }) => `${name}=${address}`);
    for (const { name } of fleet.hosts) await fleet.must(name, `rm -f /etc/ipsec.d/private/*; ${afterSeconds(ahead)}`);
    const run = await fleet.runOurs([...connect, ...hosts], { cwd });
    t.is(run.status, status, run.stderr + run.stdout);
    t.regex(run.stderr, stderr);
    const found = await Promise.all(
      fleet.hosts.map(({ name }) => fleet.must(name, 'ovs-vsctl --bare --columns=name find Interface name=tun')),
    );
    t.regex(found.join(''), ports);
    for (const { name } of fleet.hosts)
      await fleet.must(name, 'ovs-vsctl --no-wait --if-exists del-port tun -- clear Open_vSwitch . other_config');
  });
}
