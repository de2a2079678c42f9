import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  crl,
  fixedClock,
  init,
  nodePlatform,
  type Platform,
  prepareRollover,
  reqSign,
  retireRollover,
  revoke,
  switchRollover,
} from '../../../src/index.js';
import { decodeCertificatePem } from '../../../src/pki/certificate.js';
import { keyIdentifierHex } from '../../../src/store/ca/ca.js';
import { type Authority, authoritiesIn, crlsIn } from '../../../src/usecases/fleet/authorities.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const dayMs = 86_400_000;
const reasons = { serialNumbers: [], reason: undefined, invalidityDate: undefined };

test('a rollover that was left open past the end of the old CA needs one list, and makes it once', async (t) => {
  const scene = await makeScene(t, 10);
  await crl(scene.platform, { ...scene.request, days: 5, out: undefined });
  const later = nodePlatform({ clock: fixedClock(new Date(Date.now() + 20 * dayMs)) });
  await prepareRollover(later, { ...scene.request, days: 3650 });
  await switchRollover(later, scene.request);
  await sign(scene, later, ['host_2']);
  await revoke(later, { ...scene.request, ...reasons, names: ['host_2'] });
  const numbers: (bigint | undefined)[] = [];
  for (const _ of [1, 2, 3]) {
    const { crls, warnings } = await authority(later, scene);
    t.deepEqual(warnings, []);
    t.is(crls.length, 1);
    numbers.push(crls[0]?.crl?.crlNumber);
  }
  t.deepEqual(numbers, [numbers[0], numbers[0], numbers[0]]);
  t.deepEqual(
    crlsIn(later, scene.request.pkiDirectory).map((list) => list.crl?.crlNumber),
    [numbers[0]],
  );
});

test('a CA that an interrupted step has called retired is trusted until it is', async (t) => {
  const { platform, request, ca } = await makeScene(t, 3650);
  await prepareRollover(platform, { ...request, days: 3650 });
  await switchRollover(platform, request);
  const old = join(ca, 'rollover/old/cacert.pem');
  const certificate = decodeCertificatePem(readFileSync(old, 'latin1'), old);
  mkdirSync(join(ca, 'retired'));
  copyFileSync(old, join(ca, 'retired', `${keyIdentifierHex(certificate)}.pem`));
  t.deepEqual((await authority(platform, { request })).retired, []);
  await retireRollover(platform, { ...request, force: true });
  t.is(readdirSync(join(ca, 'retired')).length, 1);
  const { retired } = await authority(platform, { request });
  t.deepEqual(
    retired.map(({ serialNumber }) => serialNumber),
    [certificate.serialNumber],
  );
});

test('a name is distrusted where a certificate of it was revoked, and none is valid', async (t) => {
  const scene = await makeScene(t, 3650);
  await sign(scene, scene.platform, ['host_1', 'host_2', 'host_3', 'host_30']);
  await revoke(scene.platform, { ...scene.request, ...reasons, names: ['host_2', 'host_3'] });
  await sign(scene, scene.platform, ['host_3'], true);
  const { distrusts } = await authority(scene.platform, scene);
  t.deepEqual(['host_1', 'host_2', 'host_3', 'host_30', 'host_4'].filter(distrusts), ['host_2']);
  for (const days of [100, 14_000]) {
    const later = nodePlatform({ clock: fixedClock(new Date(Date.now() + days * dayMs)) });
    const { distrusts: atTheEnd } = await authority(later, scene);
    t.deepEqual(['host_1', 'host_2', 'host_3', 'host_30', 'host_4'].filter(atTheEnd), ['host_2', 'host_3']);
  }
});

test('who had his last certificate revoked is not certified anew, unless the reason says nothing against him', async (t) => {
  const scene = await makeScene(t, 3650);
  const names = ['unspecified', 'keyCompromise', 'certificateHold', 'superseded', 'cessationOfOperation'] as const;
  await sign(scene, scene.platform, ['good', ...names, 'again']);
  for (const name of names) await revoke(scene.platform, { ...scene.request, ...reasons, names: [name], reason: name });
  await revoke(scene.platform, { ...scene.request, ...reasons, names: ['again'] });
  await sign(scene, scene.platform, ['again'], true);
  const { refused } = await authority(scene.platform, scene);
  const said = ['nobody', 'good', ...names, 'again'].map((name) => refused(name)?.reason);
  t.deepEqual(said.filter(Boolean), ['unspecified', 'keyCompromise', 'certificateHold']);
});

interface Scene {
  readonly platform: Platform;
  readonly folder: string;
  readonly ca: string;
  readonly request: { readonly pkiDirectory: string; readonly type: 'switch' };
}

async function makeScene(t: ExecutionContext, days: number): Promise<Scene> {
  const [platform, folder] = [nodePlatform(), scratchFolder(t)];
  const pkiDirectory = join(folder, 'pki');
  await init(platform, { pkiDirectory, keySpec, days, force: false });
  return { platform, folder, ca: join(pkiDirectory, 'switchca'), request: { pkiDirectory, type: 'switch' } };
}

async function sign({ folder, request }: Scene, at: Platform, hosts: string[], force = false): Promise<void> {
  const names = hosts.map((name) => join(folder, name));
  const results = await reqSign(at, { ...request, names, keySpec, unique: true, days: 60, force });
  if (results.some(({ outcome }) => outcome !== 'signed')) throw new Error(JSON.stringify(results));
}

async function authority(at: Platform, { request }: Pick<Scene, 'request'>): Promise<Authority> {
  const found = await authoritiesIn(at, request.pkiDirectory, 'made').of({
    ...{ method: 'ca-signed', type: 'switch', days: 10 },
    keySpec,
  });
  if (found === undefined) throw new Error('a CA that signs is one');
  return found;
}
