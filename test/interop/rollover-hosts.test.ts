/** Another key for the CA of hosts: both CAs are trusted everywhere before one of them goes. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { HostRollover } from '../../src/usecases/fleet/rollover.js';
import { sshStopped } from '../support/fleet/faults.js';
import {
  allHosts,
  authorityFile,
  caFiles,
  firstHosts,
  type HostState,
  isSignedBy,
  otherCa,
  type Phase,
  type RolloverFleet,
  signingCa,
  startRollover,
  trustedCas,
  writeInventory,
} from '../support/fleet/rollover.js';

let there: RolloverFleet;

test.before(async () => {
  there = await startRollover('retired');
});

test.after.always(() => there?.fleet.close());

test.serial('distribute takes both CAs to all hosts, and may be run again', async (t) => {
  const folder = await there.beginning('prepared');
  const before = await Promise.all(firstHosts.map(there.certificateOn));
  for (const reads of [1, 2]) {
    const distributed = await there.ours(folder, 'rollover', 'distribute', 'fleet.yaml');
    t.is(distributed.status, 0, distributed.stderr);
    for (const host of firstHosts) {
      t.deepEqual(await there.authoritiesOn(host), trustedCas(folder));
      t.is((await there.callsOn(host)).filter((call) => call === 'rereadcacerts').length, reads, host);
      t.deepEqual((await there.loadedOn(host)).length, 2);
    }
    t.is(distributed.stdout.match(/\+ \S+ovs-ca-\w{16}\.pem\n/g)?.length ?? 0, reads === 1 ? 2 : 0);
    t.regex(distributed.stdout, /switchca: prepared; next: /);
  }
  t.deepEqual(await Promise.all(firstHosts.map(there.certificateOn)), before);
  await nothingToDo(t, folder);
});

const shown: readonly {
  readonly phase: Phase;
  readonly text: RegExp;
  readonly hosts: Omit<HostRollover, 'host'>;
}[] = [
  {
    phase: 'prepared',
    text: /^switchca: prepared;.*\n.*signs:.*\n.*follows:.*\n {2}host_1: has a certificate of the CA that signs, does not trust both CAs\n/,
    hosts: { presents: 'signing', trustsBoth: false },
  },
  {
    phase: 'distributed',
    text: /^switchca: prepared;(?:.*\n)*? {2}host_1: has a certificate of the CA that signs, trusts what it has to\n/,
    hosts: { presents: 'signing', trustsBoth: true },
  },
  {
    phase: 'switched',
    text: /^switchca: switched;.*\n.*signs:.*\n.*retires:.*\n {2}host_1: has a certificate of the CA that signs, trusts/,
    hosts: { presents: 'signing', trustsBoth: true },
  },
  {
    phase: 'retired',
    text: /^switchca: no rollover is under way\n.*signs:.*\n {2}host_1: has a certificate of the CA that signs, trusts/,
    hosts: { presents: 'signing', trustsBoth: true },
  },
];

for (const { phase, text, hosts } of shown) {
  test.serial(`status tells of hosts that are ${phase}`, async (t) => {
    const folder = await there.beginning(phase);
    const said = await there.ours(folder, 'rollover', 'status', 'fleet.yaml');
    t.is(said.status, 0, said.stderr);
    t.regex(said.stdout, text);
    const { stdout } = await there.ours(folder, 'rollover', 'status', 'fleet.yaml', '--json');
    t.like(JSON.parse(stdout), { hosts: firstHosts.map((host) => ({ host, ...hosts })), unasked: [] });
  });
}

test.serial('status tells which host could not be asked', async (t) => {
  const folder = await there.beginning('switched');
  const repair = await sshStopped(there.fleet, 'host_2');
  const { status, stdout, stderr } = await there.ours(folder, 'rollover', 'status', 'fleet.yaml');
  await repair();
  t.is(status, 6);
  t.regex(stdout, /^ {2}host_1: /m);
  t.notRegex(stdout, /^ {2}host_2: /m);
  t.regex(stderr, /host_2.*\[HOST_UNREACHABLE\]/);
});

/** What stands against a step that would leave hosts behind. */
const refusals: readonly {
  readonly title: string;
  readonly phase: Phase;
  readonly step: string;
  readonly fault: (folder: string) => Promise<() => Promise<unknown>>;
  readonly says: RegExp;
  readonly hint: RegExp;
}[] = [
  {
    title: 'switch is refused while a host does not have the next CA',
    phase: 'distributed',
    step: 'switch',
    fault: (folder) => onlyOn('host_2', `rm ${authorityFile(otherCa(folder))}`),
    says: /these hosts do not yet trust both CAs: host_2 \[ROLLOVER_LAGS\]/,
    hint: /hint: run: ovs-pki-ts rollover --dir \S+ distribute;/,
  },
  {
    title: 'switch is refused while an IKE daemon has not loaded the next CA',
    phase: 'distributed',
    step: 'switch',
    fault: (folder) =>
      onlyOn('host_1', `rm /run/fleet/ike/${authorityFile(otherCa(folder)).slice('/etc/ipsec.d/'.length)}`),
    says: /these hosts do not yet trust both CAs: host_1 \[ROLLOVER_LAGS\]/,
    hint: /rollover --dir \S+ distribute;/,
  },
  {
    title: 'switch is refused while a host cannot be asked',
    phase: 'distributed',
    step: 'switch',
    fault: () => sshStopped(there.fleet, 'host_2'),
    says: /do not yet trust both CAs: host_2 \(.*\) \[ROLLOVER_LAGS\]/,
    hint: /a host that is gone is taken out of the inventory/,
  },
  {
    title: 'retire is refused while a host presents a certificate of the old CA',
    phase: 'distributed',
    step: 'retire',
    fault: async (folder) => {
      await there.well(folder, 'rollover', 'switch', '--pki-only');
      return async () => undefined;
    },
    says: /do not yet present a certificate of the CA that signs: host_1, host_2 \[ROLLOVER_LAGS\]/,
    hint: /hint: run: ovs-pki-ts rollover --dir \S+ switch;/,
  },
  {
    title: 'retire is refused while a host cannot be asked',
    phase: 'switched',
    step: 'retire',
    fault: () => sshStopped(there.fleet, 'host_1'),
    says: /do not yet present a certificate of the CA that signs: host_1 \(.*\) \[ROLLOVER_LAGS\]/,
    hint: /a host that is gone is taken out/,
  },
  {
    title: 'back is refused while a host presents a certificate of the CA that would be given up',
    phase: 'switched',
    step: 'back',
    fault: async (folder) => {
      await there.well(folder, 'rollover', 'back', '--pki-only');
      return async () => undefined;
    },
    says: /do not yet present a certificate of the CA that signs: host_1, host_2 \[ROLLOVER_LAGS\]/,
    hint: /hint: run: ovs-pki-ts apply --dir \S+;/,
  },
];

for (const { title, phase, step, fault, says, hint } of refusals) {
  test.serial(title, async (t) => {
    const folder = await there.beginning(phase);
    const repair = await fault(folder);
    const before = caFiles(folder);
    const hosts = await Promise.all(firstHosts.map(there.stateOn));
    const refused = await there.ours(folder, 'rollover', step, 'fleet.yaml', '--skip-proof');
    await repair();
    t.not(refused.status, 0);
    t.regex(refused.stderr, says);
    t.regex(refused.stderr, hint);
    t.deepEqual(caFiles(folder), before);
    t.deepEqual(await Promise.all(firstHosts.map(there.stateOn)), hosts);
  });
}

test.serial('switch gives all hosts certificates of the new CA, and touches nothing that is looked at', async (t) => {
  const folder = await there.beginning('distributed');
  const next = otherCa(folder);
  const before = await Promise.all(firstHosts.map(there.stateOn));
  const switched = await there.ours(folder, 'rollover', 'switch', 'fleet.yaml', '--skip-proof');
  t.is(switched.status, 0, switched.stderr);
  for (const [index, host] of firstHosts.entries()) {
    const [was, is] = [before[index] as HostState, await there.stateOn(host)];
    t.is(is.database, was.database, 'ovs-monitor-ipsec compares what is there');
    t.is(is.configuration, was.configuration);
    t.true(isSignedBy(await there.certificateOn(host), next));
    t.deepEqual(
      is.links.map(({ path }) => path),
      was.links.map(({ path }) => path),
    );
    for (const [at, { to }] of is.links.entries()) {
      t.not(to, was.links[at]?.to);
      t.true(is.files.some(({ path }) => path === to));
    }
    t.is(is.links.find(({ path }) => path.endsWith('/ovs-ca.pem'))?.to, authorityFile(next));
    const gone = was.files.filter(({ path }) => !is.files.some((file) => file.path === path));
    t.is(gone.filter(({ path }) => /-(cert|privkey)\.pem$/.test(path)).length, 2);
    t.is(is.files.length, was.files.length);
    for (const { path, mode } of is.files) t.is(mode, path.includes('privkey') ? '600 root' : '644 root', path);
    t.true((await there.callsOn(host)).join().includes('rereadsecrets,reload'));
    t.notRegex(switched.stderr, /rebuilt/);
  }
  t.regex(switched.stdout, /~ \/etc\/ipsec\.d\/cacerts\/ovs-ca\.pem -> ovs-ca-\w{16}\.pem\n/);
  t.notRegex(switched.stdout, /other_config/);

  const state = await Promise.all(firstHosts.map(there.stateOn));
  const again = await there.ours(folder, 'rollover', 'switch', 'fleet.yaml', '--skip-proof');
  t.is(again.status, 0, again.stderr);
  t.regex(again.stdout, /^host_1: nothing to do\nhost_2: nothing to do\n/);
  t.deepEqual(await Promise.all(firstHosts.map(there.stateOn)), state);
  await nothingToDo(t, folder);
});

test.serial('back gives the hosts certificates of the old CA again, and then takes the next CA away', async (t) => {
  const folder = await there.beginning('switched');
  const next = signingCa(folder);
  const before = await Promise.all(firstHosts.map(there.stateOn));
  const back = await there.ours(folder, 'rollover', 'back', 'fleet.yaml', '--skip-proof');
  t.is(back.status, 0, back.stderr);
  t.regex(back.stdout, /switchca: prepared;/);
  const old = signingCa(folder);
  t.not(old, next);
  for (const [index, host] of firstHosts.entries()) {
    t.true(isSignedBy(await there.certificateOn(host), old));
    t.is((await there.authoritiesOn(host)).length, 2);
    t.like(before[index], { database: (await there.stateOn(host)).database });
  }
  await nothingToDo(t, folder);

  const given = await there.ours(folder, 'rollover', 'back', 'fleet.yaml', '--skip-proof');
  t.is(given.status, 0, given.stderr);
  t.regex(given.stdout, /switchca: no rollover is under way\n/);
  for (const host of firstHosts) {
    t.deepEqual(await there.authoritiesOn(host), [old]);
    t.is((await there.loadedOn(host)).length, 1);
  }
  t.false(existsSync(join(folder, 'pki/switchca/rollover')));
  await nothingToDo(t, folder);
});

test.serial('retire takes the old CA away from all hosts and destroys its key, and may be run again', async (t) => {
  const folder = await there.beginning('switched');
  const before = await Promise.all(firstHosts.map(there.stateOn));
  const retired = await there.ours(folder, 'rollover', 'retire', 'fleet.yaml', '--skip-proof');
  t.is(retired.status, 0, retired.stderr);
  t.deepEqual(
    caFiles(folder).filter((file) => file.endsWith('cakey.pem')),
    ['private/cakey.pem'],
  );
  for (const [index, host] of firstHosts.entries()) {
    t.deepEqual(await there.authoritiesOn(host), [signingCa(folder)]);
    t.is((await there.loadedOn(host)).length, 1);
    const { database, links } = await there.stateOn(host);
    t.like(before[index], { database, links });
  }
  await nothingToDo(t, folder);
  const again = await there.ours(folder, 'rollover', 'retire', 'fleet.yaml', '--skip-proof');
  t.is(again.status, 0, again.stderr);
  t.regex(again.stdout, /^host_1: nothing to do\nhost_2: nothing to do\n/);
});

test.serial('retire that one host did not take part in is finished by the next run', async (t) => {
  const folder = await there.beginning('switched');
  const repair = await sshStopped(there.fleet, 'host_2');
  const retired = await there.ours(folder, 'rollover', 'retire', 'fleet.yaml', '--skip-proof', '--force');
  await repair();
  t.is(retired.status, 6);
  t.is((await there.authoritiesOn('host_1')).length, 1);
  t.is((await there.authoritiesOn('host_2')).length, 2);
  t.is((await there.ours(folder, 'rollover', 'retire', 'fleet.yaml', '--skip-proof')).status, 0);
  t.deepEqual(await there.authoritiesOn('host_2'), [signingCa(folder)]);
});

/** What a plain `apply` finds in each phase, and what it leaves. */
const applied: readonly {
  readonly title: string;
  readonly from: Phase;
  readonly step?: string;
  readonly changes: RegExp;
  readonly authorities: number;
}[] = [
  { title: 'after prepare it brings both CAs', from: 'prepared', changes: /\+ \S+ovs-ca-\w+\.pem\n/, authorities: 2 },
  {
    title: 'after a switch of the PKI directory alone it replaces the certificates',
    from: 'distributed',
    step: 'switch',
    changes: /\+ key and request/,
    authorities: 2,
  },
  {
    title: 'after a retirement in the PKI directory alone it takes the old CA away',
    from: 'switched',
    step: 'retire',
    changes: /- \S+ovs-ca-\w+\.pem\n/,
    authorities: 1,
  },
  {
    title: 'after the rollover was given up in the PKI directory alone it takes the next CA away',
    from: 'distributed',
    step: 'back',
    changes: /- \S+ovs-ca-\w+\.pem\n/,
    authorities: 1,
  },
];

for (const { title, from, step, changes, authorities } of applied) {
  test.serial(`a plain apply: ${title}`, async (t) => {
    const folder = await there.beginning(from);
    if (step !== undefined) await there.well(folder, 'rollover', step, '--pki-only');
    const { status, stdout, stderr } = await there.ours(folder, 'apply', '--skip-proof');
    t.is(status, 0, stderr);
    for (const host of firstHosts) {
      t.regex(stdout, new RegExp(`^${host}:\\n(?:  .*\\n)*?  ${changes.source}`, 'm'));
      t.true(isSignedBy(await there.certificateOn(host), signingCa(folder)));
      t.is((await there.authoritiesOn(host)).length, authorities);
      t.is((await there.loadedOn(host)).length, authorities);
    }
    await nothingToDo(t, folder);
  });
}

for (const phase of ['prepared', 'distributed', 'switched', 'retired'] as const) {
  test.serial(`a host that is new in the inventory when the rollover is ${phase} gets all CAs there are`, async (t) => {
    const folder = await there.beginning(phase);
    writeInventory(there.fleet, folder, allHosts);
    if (phase === 'prepared') {
      const distributed = await there.ours(folder, 'rollover', 'distribute', 'fleet.yaml');
      t.is(distributed.status, 0, distributed.stderr);
    }
    const { status, stderr } = await there.ours(folder, 'apply', '--skip-proof');
    t.is(status, 0, stderr);
    t.deepEqual(await there.authoritiesOn('host_3'), trustedCas(folder));
    t.true(isSignedBy(await there.certificateOn('host_3'), signingCa(folder)));
    await nothingToDo(t, folder);
  });
}

test.serial('a switch enrolls a host that is new in the inventory', async (t) => {
  const folder = await there.beginning('distributed');
  writeInventory(there.fleet, folder, allHosts);
  const switched = await there.ours(folder, 'rollover', 'switch', 'fleet.yaml', '--skip-proof');
  t.is(switched.status, 0, switched.stderr);
  t.is((await there.authoritiesOn('host_3')).length, 2);
  t.true(isSignedBy(await there.certificateOn('host_3'), signingCa(folder)));
});

test.serial('with revoked certificates hosts have a list of each CA while there are two', async (t) => {
  const folder = await there.beginning('deployed');
  await there.well(folder, 'req+sign', '--batch', '--key', 'ec', 'gone');
  await there.well(folder, 'revoke', 'gone');
  await there.well(folder, 'apply', '--skip-proof');
  const old = await listsOn('host_1');
  t.is(old.length, 1);
  for (const [step, count] of [
    ['prepare', 1],
    ['distribute', 2],
    ['switch', 2],
    ['retire', 1],
  ] as const) {
    const operands = step === 'prepare' ? [] : ['fleet.yaml', '--skip-proof'];
    const { status, stderr } = await there.ours(folder, 'rollover', step, ...operands);
    t.is(status, 0, stderr);
    for (const host of firstHosts) t.is((await listsOn(host)).length, count, `${step} ${host}`);
    if (step !== 'prepare') await nothingToDo(t, folder);
  }
  t.notDeepEqual(await listsOn('host_1'), old);
  const verified = `cat /etc/ipsec.d/cacerts/ovs-ca-*.pem /etc/ipsec.d/crls/*.pem >/tmp/trust && openssl crl -in /etc/ipsec.d/crls/ovs-crl-*.pem -CAfile /tmp/trust -noout -text`;
  t.is((await there.fleet.must('host_2', verified)).match(/Serial Number: /g)?.length, 1);
});

async function listsOn(host: string): Promise<string[]> {
  return (await there.fleet.must(host, 'cd /etc/ipsec.d/crls; sha256sum *')).trim().split('\n');
}

async function nothingToDo(t: ExecutionContext, folder: string): Promise<void> {
  const { stdout } = await there.ours(folder, 'plan', '--skip-proof');
  t.deepEqual(
    stdout.match(/^host_.*/gm)?.filter((line) => !line.endsWith(': nothing to do')),
    [],
    stdout,
  );
}

/** Something that is done on one host, and that the next beginning undoes. */
async function onlyOn(host: string, script: string): Promise<() => Promise<unknown>> {
  await there.fleet.must(host, script);
  return async () => undefined;
}
