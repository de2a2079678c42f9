/**
 * New IKE SAs for tunnels at work, with stand-ins for ipsec(8) that answer as charon and pluto do of peers that take a
 * certificate, refuse it, or are gone. What real daemons do is tried in the laboratory.
 */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { TunnelEnd } from '../../../src/deploy/desired/desired.js';
import type { IkeDaemonName } from '../../../src/deploy/ike/daemon.js';
import { forEachName } from '../../../src/deploy/ike/daemons.js';
import { authenticateScript, leaveScript, readAuthenticated } from '../../../src/deploy/remote/ike-scripts.js';
import { scratchFolder } from '../../support/scratch.js';
import { type StandInHost, standInHost } from '../../support/stand-ins.js';

const scripts = forEachName((daemon) => daemon.script(''));

/** What a peer makes of it; `late`: it answers, and not in time; `unable`: the daemon cannot be made to ask. */
type Peer = 'takes' | 'refuses' | 'gone' | 'late' | 'unable';

interface Case {
  readonly title: string;
  readonly daemon: IkeDaemonName;
  /** The peers of tun-1, tun-2 and so on. */
  readonly peers: readonly Peer[];
  readonly status?: number;
  /** On standard error. */
  readonly says?: RegExp;
  readonly unanswered?: readonly string[];
}

const cases: readonly Case[] = [
  { title: 'charon asks several peers', daemon: 'strongswan', peers: ['takes', 'takes', 'takes'] },
  {
    title: 'charon: peers that are gone keep nobody else waiting',
    daemon: 'strongswan',
    peers: ['gone', 'takes', 'late', 'takes'],
    unanswered: ['tun-1', 'tun-3'],
  },
  {
    title: 'charon: a peer that refuses is a failure, also beside one that is gone',
    daemon: 'strongswan',
    peers: ['takes', 'refuses', 'gone'],
    status: 1,
    says: /^tunnel_to-2-1: .*AUTHENTICATION_FAILED/m,
  },
  { title: 'pluto asks several peers', daemon: 'libreswan', peers: ['takes', 'takes'] },
  {
    title: 'pluto: a peer that is gone keeps nobody else waiting',
    daemon: 'libreswan',
    peers: ['takes', 'gone'],
    unanswered: ['tunnel_to-2'],
  },
  {
    title: 'pluto: a peer that refuses is a failure',
    daemon: 'libreswan',
    peers: ['refuses', 'takes'],
    status: 1,
    says: /^the peer did not take the new certificate: /m,
  },
  { title: 'pluto: one that does not know the event goes on with what is up', daemon: 'libreswan', peers: ['unable'] },
];

for (const { title, daemon, peers, status = 0, says = /^$/, unanswered = [] } of cases) {
  test(title, async (t) => {
    const host = makeHost(t, daemon, peers);
    const ends = peers.map((_, index) => ({ port: portOf(index + 1) }) as TunnelEnd);
    const result = await host.sh(authenticateScript(scripts[daemon], ends));
    t.is(result.status, status, result.stderr);
    t.regex(result.stderr, says);
    const answer = readAuthenticated(result.stdout, ends);
    const stateOf = (index: number): string =>
      daemon === 'strongswan' ? `${portOf(index + 1)}-1[${index + 1}]` : `${index + 1}`;
    const replaced = peers.flatMap((peer, index) => (peer === 'takes' ? [stateOf(index)] : []));
    t.deepEqual([...answer.before].sort(), replaced.sort(), 'what nothing takes the place of stays up');
    if (status === 0) t.deepEqual(answer.unanswered.map(({ port }) => port).sort(), unanswered);
    const asked = host.calls().filter((call) => /^up |event-v2-reauth/.test(call));
    t.is(asked.length, peers.length, 'each of them was asked, once');

    t.is((await host.sh(leaveScript(scripts[daemon], answer.before, 1))).status, 0);
    const left = host.calls().filter((call) => /^down |--deletestate/.test(call));
    t.deepEqual(left.map((call) => call.replace(/.* /, '')).sort(), replaced.sort());
  });
}

/** Time passes a hundred times as fast where the script sleeps. */
function makeHost(t: ExecutionContext, daemon: IkeDaemonName, peers: readonly Peer[]): StandInHost {
  const folder = scratchFolder(t);
  const names = peers.map((_, index) => `${portOf(index + 1)}-1`);
  for (const [index, peer] of peers.entries()) writeFileSync(join(folder, names[index] ?? ''), peer);
  writeFileSync(join(folder, 'states'), peers.map((_, index) => upLine(daemon, index + 1)).join(''));
  const programs = {
    ipsec: daemon === 'strongswan' ? charon : pluto,
    sleep: `exec /bin/sleep "$(printf '%s' "$1" | awk '{ print $1 / 100 }')"\n`,
    timeout,
  };
  return standInHost(folder, programs, names);
}

/** Only who is late is not waited for: anybody may be slow where the machine is busy. */
const timeout = `shift
case "$2 $(cat "$HOST/$3" 2>/dev/null)" in 'up late') exec /usr/bin/timeout 1 "$@" ;; esac
exec "$@"
`;

/** charon prints names of up to twelve characters after spaces. */
function portOf(number: number): string {
  return number % 2 === 1 ? `tun-${number}` : `tunnel_to-${number}`;
}

function upLine(daemon: IkeDaemonName, number: number): string {
  return daemon === 'strongswan'
    ? `${`${portOf(number)}-1`.padStart(12)}[${number}]: ESTABLISHED 5 minutes ago, 192.0.2.1[host_1]...192.0.2.2[host_2]\n`
    : `000 #${number}: "${portOf(number)}-1":500 STATE_V2_ESTABLISHED_IKE_SA (established IKE SA); REKEY in 28525s; REPLACE in 28795s; idle;\n`;
}

const charon = `echo "$*" >>$HOST/calls
case $1 in
  --version) echo 'Linux strongSwan U5.9.8/K6.1.0' ;;
  status) cat $HOST/states ;;
  up)
    case $(cat "$HOST/$2") in
      takes) echo "connection '$2' established successfully" ;;
      late) exec /bin/sleep 20 ;;
      gone) echo 'giving up after 5 retransmits' && echo 'establishing IKE_SA failed, peer not responding' && exit 1 ;;
      refuses) echo 'received AUTHENTICATION_FAILED notify error' && echo "establishing connection '$2' failed" && exit 1 ;;
    esac
    ;;
esac
`;

const pluto = `echo "$*" >>$HOST/calls
name() { [ "$(($1 % 2))" = 1 ] && echo "tun-$1-1" || echo "tunnel_to-$1-1"; }
state() { echo "000 #1$1: \\"$(name "$1")\\":500 $2; RETRANSMIT in 2s; idle;" >>$HOST/states; }
case "$1 $2" in
  '--version ') echo 'Linux Libreswan 4.10 (XFRM) on 6.1.0' ;;
  'status ') cat $HOST/states ;;
  'whack --asynchronous')
    number=\${4##*:}
    case $(cat "$HOST/$(name "$number")") in
      takes) state "$number" 'STATE_V2_ESTABLISHED_IKE_SA (established IKE SA)' ;;
      gone) state "$number" 'STATE_V2_PARENT_I1 (sent IKE_SA_INIT request)' ;;
      unable) exit 1 ;;
    esac
    ;;
esac
`;
