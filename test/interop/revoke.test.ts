/** `revoke` writes what `openssl ca -revoke` writes, and all programs go on from there. */

import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  beginPki,
  caCertificateIn,
  caFolderIn,
  certifyHost,
  opensslCa,
  ours,
  oursWell,
  ovsPkiWell,
} from '../support/pki.js';
import { run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface RevocationCase {
  readonly title: string;
  readonly ours: readonly string[];
  readonly openssl: readonly string[];
}

const reasons = [
  'unspecified',
  'keyCompromise',
  'CACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
];

const cases: readonly RevocationCase[] = [
  { title: 'no reason', ours: [], openssl: [] },
  ...reasons.map((reason) => ({ title: reason, ours: ['--reason', reason], openssl: ['-crl_reason', reason] })),
  {
    title: 'a key compromised at a time',
    ours: ['--reason=keyCompromise', '--at=2026-01-02T03:04:05Z'],
    openssl: ['-crl_compromise', '20260102030405Z'],
  },
  {
    title: 'a CA compromised at a time',
    ours: ['--reason=cacompromise', '--at=20260102030405Z'],
    openssl: ['-crl_CA_compromise', '20260102030405Z'],
  },
];

for (const begun of ['ours', 'ovs-pki'] as const) {
  test(`openssl and we write the same index and the same lists, in a directory of ${begun}`, async (t) => {
    const folder = scratchFolder(t);
    await beginPki(folder, begun);
    await certifyHost(folder, 'host_1', 'switch', { key: 'rsa', signer: 'ours' }, 1);
    await certifyHost(folder, 'host_2', 'switch', { key: 'rsa', signer: 'ovs-pki' }, 2);
    for (const [number, each] of cases.entries()) {
      const twins = ['ours', 'theirs'].map((who) => join(folder, `${who}-${number}`)) as [string, string];
      for (const twin of twins) cpSync(join(folder, 'pki'), join(twin, 'pki'), { recursive: true });
      const [mine, theirs] = twins;
      await oursWell(mine, ['revoke', 'host_1', 'host_2', ...each.ours]);
      for (const name of ['host_1', 'host_2']) {
        await opensslCa(theirs, 'switch', ['-revoke', join(folder, `${name}-cert.pem`), ...each.openssl]);
      }
      t.is(indexOf(mine), indexOf(theirs), each.title);
      t.is(indexOf(mine).match(/^R/gm)?.length, 2);
      t.is(await listOf(mine), await listOf(theirs), each.title);
    }
  });
}

test('what was revoked is refused by openssl and by us, and everybody goes on in the directory', async (t) => {
  const folder = scratchFolder(t);
  await beginPki(folder, 'ours');
  await certifyHost(folder, 'host_1', 'switch', { key: 'rsa', signer: 'ours' }, 1);
  await certifyHost(folder, 'host_2', 'switch', { key: 'rsa', signer: 'ours' }, 2);
  await oursWell(folder, ['revoke', 'host_1', '--reason', 'superseded']);
  const ca = caFolderIn(folder, 'switch');
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
  const check = ['-crl_check', '-CRLfile', join(ca, 'crl.pem'), '-CAfile', caCertificateIn(folder, 'switch')];
  const refused = await run('openssl', ['verify', ...check, 'host_1-cert.pem'], { cwd: folder });
  t.regex(refused.stderr, /certificate revoked/);
  t.like(await run('openssl', ['verify', ...check, 'host_2-cert.pem'], { cwd: folder }), { status: 0 });
  t.is((await ours(folder, ['verify', 'host_1'])).status, 4);
  t.is((await ours(folder, ['verify', 'host_2'])).status, 0);

  await opensslCa(folder, 'switch', ['-updatedb']);
  await opensslCa(folder, 'switch', ['-in', '../../host_1-req.pem', '-out', '../../host_1-cert.pem', '-notext']);
  await ovsPkiWell(folder, ['sign', '-b', '-f', 'host_2']);
  await oursWell(folder, ['sign', '-b', '-f', 'host_1', 'host_2']);
  await opensslCa(folder, 'switch', ['-revoke', join(folder, 'host_2-cert.pem')]);
  t.regex(await oursWell(folder, ['revoke', 'host_2']), /^host_2: revoked 2 certificates, serials /);
  t.is(indexOf(folder).match(/^R/gm)?.length, 4);
});

/** The index with the second in which something was revoked made the same, and what was before beside it. */
function indexOf(folder: string): string {
  const file = join(caFolderIn(folder, 'switch'), 'index.txt');
  return readFileSync(file, 'latin1').replaceAll(/^(R\t\d+Z\t)\d{12}Z/gm, '$1(now)');
}

async function listOf(folder: string): Promise<string> {
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem']);
  const { stdout } = await run('openssl', ['crl', '-noout', '-text', '-in', 'crl.pem'], {
    cwd: caFolderIn(folder, 'switch'),
  });
  return stdout
    .slice(0, stdout.lastIndexOf('    Signature Algorithm'))
    .replaceAll(/(Revocation Date|Last Update|Next Update): .*/g, '$1');
}
