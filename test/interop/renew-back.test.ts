/** A renewal whose proof fails: the links lead back to what was before, and so does what the IKE daemon has. */

import test from 'ava';
import { firstHosts, isSignedBy, otherCa, type RolloverFleet, startRollover } from '../support/fleet/rollover.js';

let there: RolloverFleet;

test.before(async () => {
  there = await startRollover('distributed', 'dummy');
});

test.after.always(() => there?.fleet.close());

/** As the kernel tells of a tunnel that is at work, whose counters stand still; the kernel of a light host may have no ESP. */
async function tunnelIsUp(): Promise<void> {
  const [here, there_] = firstHosts.map((name) => there.fleet.host(name).address) as [string, string];
  for (const [host, own, other] of [
    ['host_1', here, there_],
    ['host_2', there_, here],
  ] as const) {
    const state = (from: string, to: string) =>
      `src ${from} dst ${to}\n\tproto esp spi 0x1001(4097) reqid 1 mode transport\n\tlifetime current:\n\t  472(bytes), 6(packets)\n`;
    const policy = `src ${own}/32 dst ${other}/32 proto gre \n\tdir out priority 366975 ptype main \n\ttmpl src 0.0.0.0 dst 0.0.0.0\n\t\tproto esp spi 0x1001 reqid 1 mode transport\n`;
    await there.fleet.must(
      host,
      `printf '${state(own, other) + state(other, own)}' >/run/fleet/states; printf '${policy}' >/run/fleet/policies
       program=$(readlink -f "$(command -v ip)"); [ -e /run/fleet/ip ] || cp "$program" /run/fleet/ip
       cat >"$program" <<'END'
#!/bin/sh
case "$*" in
  '-s xfrm state'*) exec cat /run/fleet/states ;;
  'xfrm policy') cat /run/fleet/policies ;;
esac
exec /run/fleet/ip "$@"
END`,
    );
  }
}

test('the links lead back, and the next run may try again', async (t) => {
  const folder = await there.beginning('distributed');
  await tunnelIsUp();
  await there.well(folder, 'rollover', 'switch', '--pki-only');
  const before = await Promise.all(firstHosts.map(there.stateOn));
  const failed = await there.ours(folder, 'apply', '--timeout', '3');
  t.is(failed.status, 6, failed.stdout);
  t.deepEqual(failed.stdout.match(/^host_.: FAILED, pointed back to what it had$/gm)?.length, 2, failed.stderr);
  t.regex(failed.stderr, /\[HOST_PROOF_FAILED\]/);
  for (const [index, host] of firstHosts.entries()) {
    const { links, database, files } = await there.stateOn(host);
    t.like(before[index], { links, database });
    t.is(files.length, (before[index]?.files.length ?? 0) + 2, 'what is new lies beside it for the next run');
    t.true(isSignedBy(await there.certificateOn(host), otherCa(folder)));
    const calls = await there.callsOn(host);
    t.is(calls.filter((call) => call === 'reload').length, 2, calls.join());
  }
  t.true((await there.callsOn('host_1')).includes('up tun-1'));
  t.false((await there.callsOn('host_2')).includes('up tun-1'));
  const again = await there.ours(folder, 'apply', '--skip-proof');
  t.is(again.status, 0, again.stderr);
  for (const host of firstHosts) {
    t.false(isSignedBy(await there.certificateOn(host), otherCa(folder)));
    t.is((await there.stateOn(host)).files.length, 4);
  }
});
