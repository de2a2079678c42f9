/**
 * Hosts as data: a stand-in for ssh that answers each script as a table says, and the program run against it, with what it
 * took. Nothing of a real host is needed.
 */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { programPath, type Run, run } from './programs.js';

/** What a host answers to the scripts that hold a certain text. `@mark@` in it is the mark of the sections asked for, `@results@` one for each operation. */
export interface Answer {
  readonly when: string;
  readonly out?: string;
  readonly err?: string;
  readonly status?: number;
  /** So many bytes more on a stream, after the answer has ended (`later`) or in it. */
  readonly flood?: { readonly to: 'stdout' | 'stderr'; readonly bytes: number; readonly later?: boolean };
  /** The connection ends, with this status or by this signal, in place of an answer. */
  readonly exit?: number;
  readonly signal?: number;
  /** So many seconds pass before the answer. */
  readonly late?: number;
  /** There is no answer, and the connection stays. */
  readonly silent?: true;
  /** The answer comes byte by byte. */
  readonly slowly?: true;
  /** Lines of marks that are not the right ones, or come too soon or twice. */
  readonly frame?: 'twice' | 'of another script' | 'without an end' | 'of no number';
}

export type Hosts = Readonly<Record<string, readonly Answer[]>>;

export interface Attacked extends Run {
  /** Of the program alone. */
  readonly cpuSeconds: number;
  readonly megabytes: number;
  /** All that was sent to a host. */
  sent(host: string): string;
  /** How ssh was called for a host. */
  called(host: string): string;
}

const standIn = `#!/usr/bin/python3
import json, os, re, sys, time
host = sys.argv[sys.argv.index('--') + 1]
folder = os.environ['HOSTILE']
with open(folder + '/hosts.json') as file: answers = json.load(file).get(host, [])
with open(folder + '/' + host + '.called', 'a') as file: file.write(' '.join(sys.argv) + '\\n')
streams = {'stdout': sys.stdout.buffer, 'stderr': sys.stderr.buffer}
def say(stream, text):
    streams[stream].write(text.encode('utf-8', 'surrogateescape')); streams[stream].flush()
def results(script):
    # As many as there are operations.
    sent = re.search(r'''printf '%s' '(.*)' \\| transact''', script)
    return json.dumps([{}] * (len(json.loads(sent.group(1).replace("'\\\\''", "'"))) - 1)) if sent else '[]'
def flood(to, bytes, later=False):
    while bytes > 0: say(to, 'x' * 65536); bytes -= 65536
script = ''
try:
    for line in sys.stdin:
        script += line
        end = re.match(r"printf '\\\\n%s %s\\\\n' ([0-9a-f]{24}) ", line)
        if not end: continue
        mark = end.group(1)
        section = re.search(r'[0-9a-f]{32}', script)
        with open(folder + '/' + host + '.sent', 'a') as file: file.write(script)
        answer = next((item for item in answers if item['when'] in script), {})
        time.sleep(answer.get('late', 0))
        if answer.get('silent'):
            # Until the other end has had enough: its time is up at once.
            open(folder + '/' + host + '.silent', 'w').close()
            for line in sys.stdin: pass
            os._exit(0)
        if 'signal' in answer: os.kill(os.getpid(), answer['signal'])
        if 'exit' in answer: say('stderr', answer.get('err', '')); os._exit(answer['exit'])
        frame = answer.get('frame')
        if frame == 'of another script': mark = '0' * 24
        say('stdout', mark + ' begins\\n'); say('stderr', mark + ' begins\\n')
        said = answer.get('out', '').replace('@mark@', section.group(0) if section else '')
        said = said.replace('@results@', results(script))
        if answer.get('slowly'):
            for letter in said: say('stdout', letter)
        else: say('stdout', said)
        say('stderr', answer.get('err', ''))
        more = answer.get('flood')
        if more and not more.get('later'): flood(**more)
        end = '\\n%s %s\\n' % (mark, 'x' if frame == 'of no number' else answer.get('status', 0))
        if frame == 'without an end': end = end[:-1]
        if frame == 'twice': end = end + said + end
        say('stdout', end); say('stderr', '\\n%s 0\\n' % mark)
        # What is not the end of the answer is waited for.
        if frame and frame != 'twice': open(folder + '/' + host + '.silent', 'w').close()
        if more and more.get('later'): flood(**more)
        script = ''
except BrokenPipeError:
    os._exit(1)
`;

/** The time of a script is up as soon as its host says that it is silent: nobody can wait for minutes. */
const impatient = `
const programs = require('node:child_process'), { existsSync } = require('node:fs');
const { spawn } = programs, { setTimeout: wait, clearTimeout: forget } = globalThis;
const gone = new Set();
let latest;
globalThis.setTimeout = (act, ms, ...more) => {
  const timer = wait(act, ms, ...more);
  if (ms >= 30000) latest = { timer, act };
  return timer;
};
globalThis.clearTimeout = (timer) => { gone.add(timer); forget(timer); };
programs.spawn = (file, args, ...more) => {
  const child = spawn(file, args, ...more), host = args[args.indexOf('--') + 1];
  const write = child.stdin.write.bind(child.stdin);
  child.stdin.write = (text, ...rest) => {
    const mine = latest;
    latest = undefined;
    if (mine !== undefined) {
      const look = setInterval(() => {
        if (gone.has(mine.timer)) clearInterval(look);
        else if (existsSync(process.env.HOSTILE + '/' + host + '.silent')) { clearInterval(look); forget(mine.timer); mine.act(); }
      }, 50);
    }
    return write(text, ...rest);
  };
  return child;
};
`;

const meter = `process.on('exit', () => require('node:fs').writeFileSync(process.env.METER, JSON.stringify(process.resourceUsage())));`;

/** A folder with the stand-in; the program is run there, with a PKI directory of its own. */
export interface Field {
  readonly folder: string;
  attack(hosts: Hosts, args: readonly string[]): Promise<Attacked>;
}

export function hostileField(t: ExecutionContext<unknown>): Field {
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-hostile-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/ssh'), standIn);
  chmodSync(join(folder, 'bin/ssh'), 0o755);
  writeFileSync(join(folder, 'meter.cjs'), meter);
  writeFileSync(join(folder, 'impatient.cjs'), impatient);
  let round = 0;
  return {
    folder,
    attack: async (hosts, args) => {
      round += 1;
      const place = join(folder, `round-${round}`);
      mkdirSync(place);
      writeFileSync(join(place, 'hosts.json'), JSON.stringify(hosts));
      const env = { PATH: `${folder}/bin:${process.env['PATH']}`, HOSTILE: place, METER: join(place, 'meter') };
      // Another build of the program can be attacked, to see which attacks it does not stand.
      const program = process.env['HOSTILE_PROGRAM'] ?? programPath;
      const required = ['meter.cjs', 'impatient.cjs'].flatMap((file) => ['--require', join(folder, file)]);
      const words = [...required, program, ...args, '--dir', 'pki', '--log', 'log'];
      const result = await run(process.execPath, words, { cwd: folder, env });
      const used = JSON.parse(readFileSync(join(place, 'meter'), 'utf8')) as NodeJS.ResourceUsage;
      const read = (name: string): string => {
        try {
          return readFileSync(join(place, name), 'utf8');
        } catch {
          return '';
        }
      };
      return {
        ...result,
        cpuSeconds: (used.userCPUTime + used.systemCPUTime) / 1e6,
        megabytes: used.maxRSS / 1024,
        sent: (host) => read(`${host}.sent`),
        called: (host) => read(`${host}.called`),
      };
    },
  };
}

/** What holds whatever hosts answer. The bounds are for all the attacks of a run together. */
export function unharmed(t: ExecutionContext, folder: string, result: Attacked): void {
  const said = result.stdout + result.stderr;
  t.notRegex(said, /this is a bug/);
  t.notRegex(said.replaceAll(/[\n\t]/g, ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u, 'nothing moves the cursor');
  t.notRegex(said, /swordfish/);
  t.false(existsSync(join(folder, 'pwned')));
  t.true(result.cpuSeconds < 10, `${result.cpuSeconds} s`);
  t.true(result.megabytes < 300, `${result.megabytes} MB`);
}

/** Sections of an answer: a name, and a text or a status with a text. */
export type Parts = Readonly<Record<string, string | readonly [status: number, text: string]>>;

export function sectionsText(parts: Parts): string {
  return Object.entries(parts)
    .map(([name, part]) => {
      const [status, text] = typeof part === 'string' ? [0, part] : part;
      return `\n@mark@ ${name} ${status}\n${text}\n`;
    })
    .join('');
}

export interface Port {
  readonly name: string;
  readonly type: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The four tables of the database, as ovs-vsctl prints them. */
export function databaseText(
  ports: readonly Port[] = [],
  {
    otherConfig = {},
    systemId = 'id',
    externalIds = {},
  }: {
    otherConfig?: Readonly<Record<string, string>>;
    systemId?: string;
    externalIds?: Readonly<Record<string, string>>;
  } = {},
): string {
  const map = (record: Readonly<Record<string, string>>) => ['map', Object.entries(record)];
  const uuid = (kind: number, index: number) => ['uuid', `00000000-0000-4000-800${kind}-00000000000${index}`];
  const table = (headings: readonly string[], data: readonly unknown[]) => JSON.stringify({ headings, data });
  const empty = ['set', []];
  return [
    table(
      ['other_config', 'external_ids', 'ovs_version'],
      [[map(otherConfig), map({ 'system-id': systemId, ...externalIds }), '3.1.0']],
    ),
    table(['name', 'ports'], [['br-ipsec', ['set', ports.map((_, index) => uuid(1, index))]]]),
    table(
      ['_uuid', 'name', 'interfaces'],
      ports.map(({ name }, index) => [uuid(1, index), name, uuid(2, index)]),
    ),
    table(
      ['_uuid', 'name', 'type', 'options', 'ofport', 'error', 'external_ids', 'mtu_request'],
      ports.map(({ name, type, options }, index) => [
        ...[uuid(2, index), name, type, map(options), index + 1, empty, map({}), empty],
      ]),
    ),
  ].join('\n');
}

/** The facts of a sound host that runs strongSwan, with some of them replaced. */
export function factsText(address: string, parts: Parts = {}): string {
  return sectionsText({
    lock: '',
    name: 'somebody',
    kernel: '6.1.0',
    time: String(Math.round(Date.now() / 1000)),
    programs: 'openssl python3 ovs-vsctl ovs-appctl ovs-ofctl ipsec ip ping flock',
    addresses: `2: eth0    inet ${address}/24 scope global eth0`,
    'default-route': 'default via 198.51.100.254 dev eth0',
    ovsdb: databaseText(),
    vswitchd: '1',
    monitor: '/usr/bin/python3\n/usr/share/openvswitch/scripts/ovs-monitor-ipsec\n--ike-daemon=strongswan',
    tunnels: '',
    'monitor-log': '',
    'ipsec-version': 'Linux strongSwan U5.9.8/K6.1.0',
    'ike-status': 'Status of IKE charon daemon (strongSwan 5.9.8)\n  loaded plugins: charon aes gcm stroke',
    'ike-certs': '',
    'ike-cacerts': '',
    policies: '',
    states: '',
    'ike-log': '',
    apparmor: '',
    listening: '01F4',
    ...parts,
    end: '',
  });
}

/** What all sound hosts do. */
export const accepts: Answer = { when: '| transact ||', out: '{"result": @results@, "error": null}' };
