/** Revocations that end or become final, and certificates that supersede others. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { crl, fixedClock, init, nodePlatform, type RevokeRequest, renew, reqSign, revoke } from '../../../src/index.js';
import { decodeCrlsPem } from '../../../src/pki/crl.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

test('a hold is released: the certificate is valid again, and the next CRL is without it', async (t) => {
  const { pki, request, states, listed } = await makeScene(t, ['host_1', 'host_2']);
  await revoke(platform, { ...request, names: ['host_1', 'host_2'], reason: 'certificateHold' });
  t.is(await listed(), 2);
  const [released] = await revoke(platform, { ...request, names: ['host_1'], release: true });
  t.like(released, { outcome: 'released', certificates: [{ reason: 'certificateHold' }] });
  t.deepEqual([states('host_1'), states('host_2')], ['V', 'R']);
  t.is(await listed(), 1);
  // openssl reads the index that is left, and has the same list.
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem'], { cwd: join(pki, 'switchca') });
  t.is(decodeCrlsPem(readFileSync(join(pki, 'switchca/crl.pem'), 'latin1'), 'crl.pem')[0].revoked.size, 1);
});

for (const reason of ['keyCompromise', 'cessationOfOperation', 'superseded', 'unspecified'] as const) {
  test(`a hold becomes final as ${reason}, with the date of the hold, and cannot be released then`, async (t) => {
    const { request, row } = await makeScene(t, ['host_1']);
    await revoke(nodePlatform({ clock: fixedClock(new Date(Date.now() - 3_600_000)) }), {
      ...request,
      names: ['host_1'],
      reason: 'certificateHold',
    });
    const [since] = row('host_1')[2]?.split(',') ?? [];
    const [again] = await revoke(platform, { ...request, names: ['host_1'] });
    t.like(again, { outcome: 'already-revoked' });
    const [final] = await revoke(platform, { ...request, names: ['host_1'], reason });
    t.like(final, { outcome: 'revoked', certificates: [{ reason }] });
    t.is(row('host_1')[2], `${since},${reason}`);
    const [refused] = await revoke(platform, { ...request, names: ['host_1'], release: true });
    t.like(refused, { outcome: 'refused', error: { code: 'REVOCATION_REFUSED' } });
  });
}

test('a hold whose key turns out to be compromised keeps the time of the compromise', async (t) => {
  const { request, row } = await makeScene(t, ['host_1']);
  await revoke(platform, { ...request, names: ['host_1'], reason: 'certificateHold' });
  const invalidityDate = new Date('2026-01-02T03:04:05Z');
  await revoke(platform, { ...request, names: ['host_1'], reason: 'keyCompromise', invalidityDate });
  t.regex(row('host_1')[2] ?? '', /^\d{12}Z,keyTime,20260102030405Z$/);
});

test('what openssl has put on hold with an instruction is released, too', async (t) => {
  const { pki, request, row, states } = await makeScene(t, ['host_1']);
  const copy = join('newcerts', `${row('host_1')[3]}.pem`);
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-revoke', copy, '-crl_hold', 'holdInstructionReject'], {
    cwd: join(pki, 'switchca'),
  });
  const [released] = await revoke(platform, { ...request, serialNumbers: [row('host_1')[3] ?? ''], release: true });
  t.like(released, { outcome: 'released' });
  t.is(states('host_1'), 'V');
});

test('there is no hold to end where nothing is revoked, and none of a name that is not known', async (t) => {
  const { request } = await makeScene(t, ['host_1']);
  const results = await revoke(platform, { ...request, names: ['host_1', 'host_9'], release: true });
  t.like(results[0], { outcome: 'refused', error: { code: 'REVOCATION_REFUSED' } });
  t.like(results[1], { outcome: 'refused', error: { code: 'CERTIFICATE_UNKNOWN' } });
  await t.throwsAsync(revoke(platform, { ...request, names: ['host_1'], release: true, reason: 'keyCompromise' }), {
    code: 'USAGE',
  });
});

test('superseded by name stands for all certificates but the one that was issued last', async (t) => {
  const { request, states, row, hosts } = await makeScene(t, ['host_1']);
  // The one that comes later ends earlier, and is what supersedes all the same.
  for (const days of [20, 5]) await renew(platform, { ...renewal(request), names: [join(hosts, 'host_1')], days });
  const [second] = await revoke(platform, { ...request, names: ['host_1'], reason: 'superseded' });
  t.like(second, { outcome: 'revoked', certificates: { length: 2 } });
  t.is(states('host_1'), 'RRV');
  const [third] = await revoke(platform, { ...request, names: ['host_1'], reason: 'superseded' });
  t.like(third, { outcome: 'already-revoked' });
  const [bySerial] = await revoke(platform, {
    ...request,
    serialNumbers: [row('host_1')[3] ?? ''],
    reason: 'superseded',
  });
  t.like(bySerial, { outcome: 'revoked' });
  t.is(states('host_1'), 'RRR');
});

test('superseded by name is refused where all before the last one have ended already', async (t) => {
  const { request, states, hosts } = await makeScene(t, ['host_1', 'host_2']);
  const later = nodePlatform({ clock: fixedClock(new Date(Date.now() + 8 * 86_400_000)) });
  await renew(later, { ...renewal(request), names: [join(hosts, 'host_1')] });
  const muchLater = nodePlatform({ clock: fixedClock(new Date(Date.now() + 12 * 86_400_000)) });
  const [result] = await revoke(muchLater, { ...request, names: ['host_1'], reason: 'superseded' });
  t.like(result, { outcome: 'refused', error: { code: 'REVOCATION_REFUSED' } });
  t.is(states('host_1'), 'VV');
  // The only one that a name has ever had is what is meant.
  const [only] = await revoke(platform, { ...request, names: ['host_2'], reason: 'superseded' });
  t.like(only, { outcome: 'revoked' });
});

for (const rekey of [false, true]) {
  test(`renew --revoke-old${rekey ? ' --rekey' : ''} revokes what it supersedes, and nothing of another name`, async (t) => {
    const { request, states, hosts } = await makeScene(t, ['host_1', 'host_10']);
    const [result] = await renew(platform, {
      ...renewal(request),
      names: [join(hosts, 'host_1')],
      rekey,
      revokeOld: true,
    });
    t.like(result, { outcome: 'renewed', revokedOld: { length: 1 } });
    t.deepEqual([states('host_1'), states('host_10')], ['RV', 'V']);
    // The key of a certificate that was superseded is as good as before.
    const [next] = await renew(platform, { ...renewal(request), names: [join(hosts, 'host_1')], revokeOld: true });
    t.like(next, { outcome: 'renewed', revokedOld: { length: 1 } });
  });
}

function renewal({ pkiDirectory, type }: RevokeRequest) {
  return { pkiDirectory, type, dueWithinMs: undefined, rekey: false, keySpec: undefined, days: 10 };
}

async function makeScene(t: ExecutionContext, names: readonly string[]) {
  const folder = scratchFolder(t);
  const [pki, hosts] = [join(folder, 'pki'), folder];
  await init(platform, { pkiDirectory: pki, keySpec, days: 30, force: false });
  const files = names.map((name) => join(hosts, name));
  const order = { pkiDirectory: pki, type: 'switch', days: 10 } as const;
  await reqSign(platform, { ...order, names: files, keySpec, unique: true, force: false });
  const rows = (name: string): string[][] =>
    readFileSync(join(pki, 'switchca/index.txt'), 'latin1')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter((columns) => columns[5]?.endsWith(`/CN=${name}`));
  return {
    pki,
    hosts,
    request: {
      pkiDirectory: pki,
      type: 'switch',
      names: [],
      serialNumbers: [],
      reason: undefined,
      invalidityDate: undefined,
    } satisfies RevokeRequest as RevokeRequest,
    row: (name: string): string[] => rows(name).at(-1) ?? [],
    states: (name: string): string =>
      rows(name)
        .map(([state]) => state)
        .join(''),
    listed: async (): Promise<number> =>
      (await crl(platform, { pkiDirectory: pki, type: 'switch', days: 30, out: undefined })).revoked,
  };
}
