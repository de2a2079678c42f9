/** Each script that hosts run, filled as it is sent: read by the shells that a host can have as sh, and by shellcheck. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { TunnelEnd } from '../../src/deploy/desired/desired.js';
import { factsScript } from '../../src/deploy/facts/host-facts.js';
import { takeLock } from '../../src/deploy/facts/host-lock.js';
import { ikeDaemons } from '../../src/deploy/ike/daemons.js';
import * as enrollment from '../../src/deploy/remote/enrollment.js';
import * as ikeScripts from '../../src/deploy/remote/ike-scripts.js';
import * as install from '../../src/deploy/remote/install.js';
import * as scripts from '../../src/deploy/remote/scripts.js';

/** What would break out of quotes, if anything could. */
const strange = `x' "y" $(z) \`w\` \\ ; & | > # ! * \t`;
const end: TunnelEnd = {
  ...{ bridge: strange, port: 'tun.1', type: 'geneve', method: 'ca-signed', peer: 'host_2', initiates: true },
  ...{ localIp: '192.0.2.1', remoteIp: '2001:db8::2', options: {}, pskFile: undefined },
};
const guard = { kind: 'guard', port: 'tun', type: 'gre', localIp: '192.0.2.1', remoteIp: '192.0.2.2' } as const;
const ipsecSkbMark = { kind: 'plaintext', from: undefined, to: '0/1' } as const;
const place = (role: 'ca' | 'private-key' | 'crl') =>
  ({
    kind: 'place',
    role,
    path: `/etc/${strange}/${role}`,
    content: `-----BEGIN ${strange}\nX\n`,
    source: undefined,
  }) as const;
const transaction = ['Open_vSwitch', { op: 'comment', comment: strange }] as unknown as Parameters<
  typeof scripts.switchScript
>[1];
const link = { path: '/etc/a', to: `/etc/${strange}` };
const enroll = (
  method: 'ca-signed' | 'self-signed',
  existingKey?: string,
): Parameters<typeof enrollment.enrollScript>[0] => ({
  ...({ kind: 'enroll', name: 'host_1', keySpec: { type: 'rsa', bits: 3072 } } as const),
  ...{ method, folder: `/etc/${strange}`, existingKey, expires: undefined },
});

/** By the functions that make them; those that need the functions of an IKE daemon once for each. */
function scriptsFor(ike: string): Readonly<Record<string, string>> {
  const preparation: scripts.Preparation = {
    actions: [
      ...[place('ca'), place('private-key'), place('crl')],
      ...[{ ...link, kind: 'link', from: undefined, inUse: false } as const],
      ...[guard, { kind: 'cut', port: 'tun.1', peer: 'host_2' } as const, ipsecSkbMark],
      { kind: 'verify', certificate: strange, private_key: strange, ca_cert: strange },
      { kind: 'trust', files: [strange] },
      { kind: 'refuse-strangers', when: 'before the change' },
    ],
    keys: new Map([[place('private-key').path, strange]]),
    ...{ ike, plaintext: transaction },
  };
  const before = scripts.refuseStrangersScript(ike);
  return {
    prepareScript: scripts.prepareScript(preparation),
    refuseStrangersScript: before,
    rereadScript: ikeScripts.rereadScript(ike, strange, [link], { certificate: strange, private_key: strange }),
    dropOldKeysScript: ikeScripts.dropOldKeysScript(ike, strange),
    pinScript: ikeScripts.pinScript([{ localIp: '192.0.2.1', remoteIp: '2001:db8::2', seconds: 8 }]),
    authenticateScript: ikeScripts.authenticateScript(ike, [end]),
    leaveScript: ikeScripts.leaveScript(ike, [strange], 8),
    switchScript: scripts.switchScript(ike, transaction, [
      { kind: 'address', bridge: strange, address: '192.0.2.1/24' },
    ]),
    settleScript: scripts.settleScript(ike, [{ ...end, mayBeIdle: true }], 60, 'mark'),
    // These go behind another one.
    forgetScript: before + ikeScripts.forgetScript(['tun.1', 'a^b']),
    waitForPeerScript: before + scripts.waitForPeerScript(['tun.1']),
    forgetIdentityScript: before + scripts.forgetIdentityScript({ name: strange, authorities: [strange] }),
    distrustScript: before + ikeScripts.distrustScript([strange]),
    removeFilesScript: scripts.removeFilesScript([`/etc/${strange}/x`, '/etc/ipsec.d/certs/y']),
    unguardScript: before + scripts.unguardScript([guard]),
  };
}

const versions: Readonly<Record<string, readonly string[]>> = { strongswan: ['5.9.8'], libreswan: ['4.10', '5.2'] };
const all: Readonly<Record<string, string>> = Object.fromEntries([
  ['lock', takeLock(strange)],
  ['factsScript, all', factsScript([strange], 'all').script],
  ['factsScript, planning', factsScript([], 'planning').script],
  ['enrollScript', enrollment.enrollScript(enroll('ca-signed'), 30).script],
  ['enrollScript, self-signed', enrollment.enrollScript(enroll('self-signed', strange), 30).script],
  ...(['apt', 'dnf', 'zypper'] as const).map((manager) => [
    `installScript, ${manager}`,
    install.installScript({
      manager,
      packages: [strange, 'y'],
      displaced: [strange],
      starts: [`service ${strange} start`],
    }),
  ]),
  ...ikeDaemons.flatMap((daemon) =>
    (versions[daemon.name] ?? []).flatMap((version) =>
      Object.entries(scriptsFor(daemon.script(version))).map(([name, text]) => [
        `${name}, ${daemon.name} ${version}`,
        text,
      ]),
    ),
  ),
]);

const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-scripts-'));
test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** What many of them begin with is read once. */
const beginnings = ikeDaemons.flatMap((daemon) =>
  (versions[daemon.name] ?? []).map((version) => `${scripts.placeFunctions()}\n${daemon.script(version)}`),
);
const parts = new Map<string, string>(beginnings.map((text, index) => [text, `functions ${index}`]));
for (const [name, text] of Object.entries(all)) {
  const beginning = beginnings.find((one) => text.startsWith(one)) ?? '';
  const rest = text.slice(beginning.length);
  if (!parts.has(rest)) parts.set(rest, name);
}
const files = [...parts].map(([text, name], index) => {
  const file = join(folder, `${index}.sh`);
  writeFileSync(file, text);
  return { name, file };
});

test('no function that makes a script is left out', (t) => {
  const made = Object.keys({ ...scripts, ...ikeScripts, ...enrollment, ...install }).filter((name) =>
    name.endsWith('Script'),
  );
  t.true(made.length > 14);
  for (const name of made)
    t.true(
      Object.keys(all).some((key) => key.startsWith(name)),
      name,
    );
});

for (const shell of [['dash'], ['bash', '--posix'], ['busybox', 'sh']] as const) {
  test(`${shell.join(' ')} reads each script to its end`, (t) => {
    const [program, ...words] = shell;
    for (const { name, file } of files) {
      const { status, stderr } = spawnSync(program, [...words, '-n', file], { encoding: 'utf8' });
      t.is(status, 0, `${name}: ${stderr}`);
      t.is(stderr, '', name);
    }
  });
}

/**
 * What is not asked for: `A && B || C` where B cannot fail (SC2015); `$` inside single quotes, which is what quoting is for
 * (SC2016); functions and variables for other parts of the text (SC2034, SC2154, SC2317); `-ef`, which all shells of hosts
 * have (SC3013).
 */
const notAsked = 'SC2015,SC2016,SC2034,SC2154,SC2317,SC3013';

test('shellcheck finds nothing in any script', (t) => {
  const { stdout, stderr } = spawnSync(
    'shellcheck',
    ['--shell=sh', `--exclude=${notAsked}`, '--format=gcc', ...files.map(({ file }) => file)],
    { encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const named = stdout.replaceAll(/^(.*?)\/(\d+)\.sh/gm, (_, __, index: string) => files[Number(index)]?.name ?? '');
  t.is(stderr, '');
  t.is(named, '');
});

test('shellcheck finds what is wrong', (t) => {
  const file = join(folder, 'bad.sh');
  writeFileSync(file, 'for f in $(ls *.pem); do rm $f; done\n');
  t.regex(spawnSync('shellcheck', ['--shell=sh', '--format=gcc', file], { encoding: 'utf8' }).stdout, /SC2045/);
});
