/**
 * The wait for tunnels after a switch, with stand-ins for ip(8), ovs-ofctl(8) and ipsec(8). What real tunnels do is tried
 * in the laboratory.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { libreswan } from '../../../src/deploy/ike/libreswan.js';
import { strongswan } from '../../../src/deploy/ike/strongswan.js';
import { type SettlingEnd, settleScript } from '../../../src/deploy/remote/scripts.js';
import { scratchFolder } from '../../support/scratch.js';
import { type StandInHost, standInHost } from '../../support/stand-ins.js';

interface Case {
  readonly title: string;
  /** What arrives when this end sends. */
  readonly peer: 'answers' | 'is silent';
  readonly mayBeIdle: boolean;
  /** Whether it is told what the tunnel carried: that it is at work. */
  readonly carried: boolean;
}

const cases: readonly Case[] = [
  { title: 'a tunnel that carries both ways is at work', peer: 'answers', mayBeIdle: false, carried: true },
  { title: 'a new one by which nothing comes is not', peer: 'is silent', mayBeIdle: false, carried: false },
  { title: 'one that was at work may be idle', peer: 'is silent', mayBeIdle: true, carried: true },
];

const end: SettlingEnd = {
  ...{ bridge: 'br-ipsec', port: 'tun', type: 'gre', method: 'ca-signed', options: {}, pskFile: undefined },
  ...{ localIp: '192.0.2.1', remoteIp: '192.0.2.2', peer: 'host_2', initiates: true, mayBeIdle: false },
};

for (const { title, peer, mayBeIdle, carried } of cases) {
  test(title, async (t) => {
    const { sh } = makeHost(scratchFolder(t), peer);
    const { status, stdout, stderr } = await sh(
      settleScript(strongswan.script('5.9.8'), [{ ...end, mayBeIdle }], 20, 'mark'),
    );
    t.deepEqual([status, stderr], [0, '']);
    t.is(/^mark carried:tun 0\n\d+ \d+$/m.test(stdout), carried, stdout);
  });
}

const child = (port: string): string =>
  `#7: "${port}":4500 STATE_V2_ESTABLISHED_CHILD_SA (established Child SA); newest; eroute owner; IKE SA #2; idle;\n`;

for (const [title, status, isAsked] of [
  ['libreswan is asked for what the peer has no more: its IKE SA is gone', child('tun-1'), true],
  ['and not where its IKE SA is there', `${child('tun-1')}#2: "other-1":4500 STATE_V2_ESTABLISHED_IKE_SA;\n`, false],
  ['nor where an older version names none', child('tun-1').replace('IKE SA #2', 'isakmp#2'), false],
] as const) {
  test(title, async (t) => {
    const folder = scratchFolder(t);
    writeFileSync(join(folder, 'status'), `"tun-1": 192.0.2.1...192.0.2.2; erouted; eroute owner: #7\n${status}`);
    const { sh, calls } = makeHost(folder, 'answers when asked');
    const { stdout } = await sh(settleScript(libreswan.script('4.10'), [end], 20, 'mark'));
    t.is(/^mark carried:tun 0$/m.test(stdout), isAsked, stdout);
    t.deepEqual([...new Set(calls())], isAsked ? ['auto --asynchronous --up tun-1'] : []);
  });
}

/** Time passes where the script sleeps, and nowhere else: else a busy machine would have fewer looks until the deadline. */
function makeHost(folder: string, peer: Case['peer'] | 'answers when asked'): StandInHost {
  for (const direction of ['in', 'out']) writeFileSync(join(folder, direction), '100');
  const back = { answers: 'in', 'is silent': '', 'answers when asked': '$(cat $HOST/asked)' }[peer];
  const sends = `for way in out ${back}; do echo $(($(cat $HOST/$way) + 10)) >$HOST/$way; done\n`;
  writeFileSync(join(folder, 'asked'), '');
  writeFileSync(join(folder, 'clock'), '1000000000');
  const programs = { sleep, date: 'cat $HOST/clock\n', 'ovs-vsctl': 'echo 5\n', 'ovs-ofctl': sends, ip, ipsec };
  return standInHost(folder, programs, ['tun-1']);
}

const sleep = `echo "$(($(cat $HOST/clock) + $1))" >$HOST/clock.new && mv $HOST/clock.new $HOST/clock
`;

const ipsec = `case $* in status) cat $HOST/status ;; *--up*) echo "$*" >>$HOST/calls; echo in >$HOST/asked ;; esac
`;

/** As iproute2 prints one security association; called as `ip -s xfrm state list src A dst B`. */
const ip = `case $6 in 192.0.2.1) way=out ;; *) way=in ;; esac
cat <<END
src $6 dst $8
	proto esp spi 0xc1307993(3241179539) reqid 1(0x00000001) mode transport
	sel src $6/32 dst $8/32 proto gre
	lifetime current:
	  $(cat $HOST/$way)(bytes), 5(packets)
END
`;
