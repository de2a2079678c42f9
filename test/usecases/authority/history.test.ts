/** A CA that has a past, or shares its issuer, or whose folder was put back from an older backup. */

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { check, type ImportRequest, init, nodePlatform, renew, repair, sign } from '../../../src/index.js';
import { companyScene, listIn, opensslPast } from '../../support/company-past.js';
import { run, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const platform = nodePlatform();
const nothingElse = { dueWithinMs: undefined, keySpec: undefined };
const otherMask: Readonly<Record<string, string>> = { nombstr: 'utf8only', utf8only: 'nombstr' };

test('a CA whose certificate was renewed for the same key keeps its past, whether force is given or not', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1', 'host_2');
  await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' });
  const before = await scene.list();
  for (const force of [true, false]) {
    const result = await scene.import({ certificateFile: scene.at('ca-2.pem'), force });
    t.like(result, { renewed: true, kept: [] });
    t.is(await scene.validity('host_1'), 'invalid');
    t.is(await scene.validity('host_2'), 'valid');
    t.deepEqual((await scene.list()).serials, before.serials);
  }
  t.true((await scene.list()).number > before.number);
  // The key of the certificate that was revoked is not certified again.
  const again = await sign(platform, { ...scene.order, names: [scene.at('host_1')], force: true });
  t.like(again[0], { outcome: 'refused', error: { code: 'REQUEST_REFUSED' } });
});

test('a CA of another key in its place begins anew, and the old one is kept', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1');
  await scene.revoke({ names: ['host_1'] });
  const result = await scene.import({
    certificateFile: scene.at('other.pem'),
    privateKeyFile: scene.at('other.key'),
    force: true,
  });
  t.like(result, { renewed: false, kept: { length: 1 } });
  t.deepEqual((await scene.list()).serials, []);
});

for (const mask of ['nombstr', 'utf8only']) {
  test(`a certificate for the same key with its name in other bytes is no new beginning: ${mask}`, async (t) => {
    const scene = await companyScene(t, false);
    writeFileSync(scene.at('mask.cnf'), `[req]\ndistinguished_name=dn\nstring_mask=${mask}\n[dn]\n`);
    writeFileSync(scene.at('other.cnf'), `[req]\ndistinguished_name=dn\nstring_mask=${otherMask[mask]}\n[dn]\n`);
    for (const config of ['mask', 'other']) {
      await scene.openssl(`req -new -config ${config}.cnf -key ca.key -out ${config}.csr -subj /O=Company/CN=Net`);
      await scene.openssl(
        `x509 -req -in ${config}.csr -CA root.pem -CAkey root.key -days 60 -sha256 -extfile ca.ext -out ${config}.pem`,
      );
    }
    await scene.import({ certificateFile: scene.at('mask.pem') });
    await scene.issue('host_1');
    await scene.revoke({ names: ['host_1'] });
    const again = scene.import({ certificateFile: scene.at('other.pem'), force: true });
    t.like(await t.throwsAsync(again), { code: 'CA_UNFIT' });
    t.is((await scene.list()).serials.length, 1);
  });
}

test('a certificate with another key identifier, which what was signed does not name, is taken with force only', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1');
  writeFileSync(
    scene.at('ca.ext'),
    readFileSync(scene.at('ca.ext'), 'utf8').replace('Identifier=hash', 'Identifier=0102'),
  );
  const by = '-CA root.pem -CAkey root.key -CAcreateserial -days 60 -extfile ca.ext -out ca-3.pem';
  await scene.openssl(`x509 -req -in ca.csr ${by}`);
  const certificateFile = scene.at('ca-3.pem');
  await t.throwsAsync(scene.import({ certificateFile }), {
    code: 'CA_UNFIT',
    message: /has another key identifier than .*, which what .* has signed names/,
  });
  t.is(await scene.validity('host_1'), 'valid');
  await scene.import({ certificateFile, force: true });
  t.is(await scene.validity('host_1'), 'invalid');
  await renew(platform, { ...scene.order, ...{ names: [scene.at('host_1')], rekey: false }, ...nothingElse });
  t.is(await scene.validity('host_1'), 'valid');
});

test('what an older import has put aside of the same CA stays revoked', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1');
  await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' });
  const { serials } = await scene.list();
  cpSync(scene.at('pki/switchca'), scene.at('pki/switchca.old-20260101T000000Z'), { recursive: true });
  for (const file of ['index.txt', 'audit.log']) writeFileSync(scene.at(`pki/switchca/${file}`), '');
  writeFileSync(scene.at('pki/switchca/crlnumber'), '01\n');
  t.is(await scene.validity('host_1'), 'invalid');
  await repair(platform, { pkiDirectory: scene.pki, type: 'switch' });
  t.deepEqual((await scene.list()).serials, serials);
});

test('one CA for both types is one issuer: what one revokes, both have on their CRLs, whose numbers rise', async (t) => {
  const scene = await companyScene(t);
  t.like(await scene.import({ type: 'controller' }), { sharedWith: 'switch' });
  await scene.issue('host_1');
  await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' });
  t.is(await scene.validity('host_1', 'controller'), 'invalid');
  const numbers: bigint[] = [];
  for (const type of ['switch', 'controller', 'switch', 'controller'] as const) {
    const { serials, number } = await scene.list(type);
    t.is(serials.length, 1, type);
    numbers.push(number);
  }
  t.true(
    numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as bigint)),
    numbers.join(' '),
  );
});

test('one CA for both types: a key that one has revoked, the other does not certify again', async (t) => {
  const scene = await companyScene(t);
  await scene.import({ type: 'controller' });
  await scene.issue('host_1', 'host_2');
  await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' });
  const order = { ...scene.order, type: 'controller' as const, force: true };
  const [renewed] = await renew(platform, { ...order, ...nothingElse, names: [scene.at('host_1')], rekey: false });
  t.is(renewed?.outcome, 'refused');
  const signed = await sign(platform, { ...order, names: [scene.at('host_1'), scene.at('host_2')] });
  t.like(signed, [{ outcome: 'refused', error: { code: 'REQUEST_REFUSED' } }, { outcome: 'signed' }]);
  // And the other way about; a renewal for the same name goes on.
  await scene.revoke({ names: ['host_2'], type: 'controller', reason: 'CACompromise' });
  const [back] = await sign(platform, { ...order, type: 'switch', names: [scene.at('host_2')] });
  t.is(back?.outcome, 'refused');
});

test('one CA for both types: the numbers of CRLs rise in both folders, and check has nothing to say of them', async (t) => {
  const scene = await companyScene(t);
  await scene.import({ type: 'controller' });
  await scene.issue('host_1');
  for (const type of ['controller', 'switch', 'switch'] as const) await scene.list(type);
  const { reasons } = await check(platform, { pkiDirectory: scene.pki, warnMs: 0, criticalMs: 0 });
  t.deepEqual(
    reasons.map(({ rule }) => rule).filter((rule) => /crl|number/.test(rule)),
    [],
  );
  const last = (await scene.list('switch')).number;
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'next.pem'], {
    cwd: scene.at('pki/controllerca'),
  });
  t.true(listIn(scene.at('pki/controllerca/next.pem')).number > last);
});

for (const given of ['index', 'CRL', 'certificates and CRL', 'all'] as const) {
  test(`a CA that has lived with openssl brings what it has revoked: ${given}`, async (t) => {
    const scene = await companyScene(t, false);
    const past = await opensslPast(scene);
    const options: Partial<ImportRequest> = {
      index: { indexFile: past.index },
      CRL: { crlFile: past.crl },
      'certificates and CRL': { certificatesFrom: past.certificates, crlFile: past.crl },
      all: { indexFile: past.index, crlFile: past.crl, certificatesFrom: past.certificates },
    }[given];
    const result = await scene.import(options);
    t.like(result, { past: { revoked: 1 } });
    const { serials, number, reasons } = await scene.list();
    t.deepEqual([serials, reasons], [[past.revoked], ['keyCompromise']]);
    t.true(number > 5n);
    t.is(await scene.validity('old_1'), 'invalid');
    // And openssl goes on with it.
    await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'next.pem'], {
      cwd: scene.at('pki/switchca'),
    });
    t.deepEqual(listIn(scene.at('pki/switchca/next.pem')).serials, [past.revoked]);
  });
}

for (const given of ['index', 'certificates and CRL'] as const) {
  test(`a CA that is here already learns what it has revoked elsewhere: ${given}`, async (t) => {
    const scene = await companyScene(t, false);
    const past = await opensslPast(scene);
    await scene.import({});
    await scene.issue('host_1', 'host_2');
    await scene.revoke({ names: [scene.at('host_1')], reason: 'superseded' });
    await scene.revoke({ names: [scene.at('old_2-cert.pem')], reason: 'certificateHold' });
    const before = await scene.list();
    await scene.revoke({ names: [scene.at('old_2')], release: true });
    const options: Partial<ImportRequest> = {
      index: { indexFile: past.index },
      'certificates and CRL': { certificatesFrom: past.certificates, crlFile: past.crl },
    }[given];
    const { past: figures, renewed, kept } = await scene.import(options);
    t.deepEqual([figures?.revoked, renewed, kept], [2, true, []]);
    const { serials, number } = await scene.list();
    t.true(serials.includes(past.revoked));
    t.is(serials.length, 2);
    t.true(number > before.number);
    t.is(await scene.validity('old_1'), 'invalid');
    t.is(await scene.validity('host_2'), 'valid');
    t.deepEqual(readdirSync(scene.at('pki/switchca/crl')), []);
    // Told twice, it changes nothing.
    await scene.import(options);
    t.deepEqual((await scene.list()).serials, serials);
  });
}

test('the file of a certificate that the index does not know is revoked, if this CA has signed it', async (t) => {
  const scene = await companyScene(t, false);
  const past = await opensslPast(scene);
  await scene.import({});
  t.is(await scene.validity('old_1'), 'valid');
  const [known] = await scene.revoke({ names: [scene.at('old_1-cert.pem')], reason: 'keyCompromise' });
  t.like(known, { outcome: 'revoked' });
  t.deepEqual((await scene.list()).serials, [past.revoked]);
  const again = await sign(platform, { ...scene.order, names: [scene.at('old_1')], force: true });
  t.like(again[0], { outcome: 'refused' });
  const [foreign] = await scene.revoke({ names: [scene.at('root.pem')] });
  t.like(foreign, { outcome: 'refused', error: { code: 'CERTIFICATE_UNKNOWN' } });
});

test('a CRL that the CA has not signed is no history of it', async (t) => {
  const scene = await companyScene(t, false);
  const past = await opensslPast(scene);
  await t.throwsAsync(
    scene.import({ certificateFile: scene.at('other.pem'), privateKeyFile: scene.at('other.key'), crlFile: past.crl }),
    { code: 'CA_UNFIT' },
  );
});

const damages: readonly { readonly title: string; readonly damage: (index: string) => string }[] = [
  { title: 'put back from before', damage: (index) => index.replace(/^R\t(\w+)\t[^\t]+/gm, 'V\t$1\t') },
  { title: 'emptied', damage: () => '' },
  { title: 'cut after its first row', damage: (index) => `${index.split('\n')[0]}\n` },
];

for (const { title, damage } of damages) {
  test(`after the index was ${title} no CRL is made, and the repair brings back what is known`, async (t) => {
    const scene = await companyScene(t);
    await scene.issue('host_0', 'host_1', 'host_2');
    await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' });
    const before = await scene.list();
    // Only the audit log knows of this one.
    await scene.revoke({ names: ['host_2'], reason: 'superseded' });
    const index = scene.at('pki/switchca/index.txt');
    const whole = readFileSync(index, 'latin1');
    writeFileSync(index, damage(whole));
    await t.throwsAsync(scene.list(), { code: 'PKI_CONTRADICTORY' });
    t.deepEqual(listIn(scene.at('pki/switchca/crl.pem')).serials, before.serials);
    t.deepEqual([await scene.validity('host_1'), await scene.validity('host_2')], ['invalid', 'invalid']);
    const [repaired] = await repair(platform, { pkiDirectory: scene.pki, type: 'switch' });
    t.deepEqual(repaired?.left, []);
    t.deepEqual(sorted(readFileSync(index, 'latin1')), sorted(whole));
    t.deepEqual((await scene.list()).reasons.sort(), ['keyCompromise', 'superseded']);
  });
}

test('what only the audit log knows as issued is named, gets its row again, and can be revoked', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_0', 'host_1');
  const index = scene.at('pki/switchca/index.txt');
  const whole = readFileSync(index, 'latin1');
  const rows = whole.trimEnd().split('\n');
  writeFileSync(index, '');
  const copies = scene.at('pki/switchca/newcerts');
  const [gone = '', ...others] = readdirSync(copies).map((name) => join(copies, name));
  rmSync(gone);
  for (const file of others) writeFileSync(file, 'cut');
  const { reasons } = await check(platform, { pkiDirectory: scene.pki, type: 'switch', warnMs: 0, criticalMs: 0 });
  t.true(reasons.some(({ rule, message }) => rule === 'certificate-lost' && message.includes('audit.log')));
  const [repaired] = await repair(platform, { pkiDirectory: scene.pki, type: 'switch' });
  t.deepEqual(repaired?.left, []);
  const again = readFileSync(index, 'latin1').split('\n');
  for (const row of rows) t.true(again.includes(row), row);
  t.like((await scene.revoke({ names: ['host_1'], reason: 'keyCompromise' }))[0], { outcome: 'revoked' });
  t.deepEqual((await scene.list()).reasons, ['keyCompromise']);
});

test('where openssl cannot read a number check names it, and the repair helps', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1');
  const ca = scene.at('pki/switchca');
  const openssl = () => run('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'next.pem'], { cwd: ca });
  for (const text of [
    '1\n',
    '4878BD37931090A7E8A55\n',
    ' 01\n',
    '\n01\n',
    '0x01\n',
    '-01\n',
    '',
    'zz\n',
    '01',
    '0A\r\n',
  ]) {
    writeFileSync(join(ca, 'crlnumber'), text);
    const { reasons } = await check(platform, { pkiDirectory: scene.pki, type: 'switch', warnMs: 0, criticalMs: 0 });
    const isNamed = reasons.some(({ rule, about }) => rule === 'number-missing' && about === join(ca, 'crlnumber'));
    t.is(isNamed, (await openssl()).status !== 0, JSON.stringify(text));
    await repair(platform, { pkiDirectory: scene.pki, type: 'switch' });
    t.is((await openssl()).status, 0, JSON.stringify(text));
  }
});

test('of a CA that signed itself its own row comes back, too, as it was', async (t) => {
  const pki = join(scratchFolder(t), 'pki');
  await init(platform, { pkiDirectory: pki, keySpec: { type: 'ec', curve: 'P-256' }, days: 30, force: false });
  const [index, copies] = [join(pki, 'switchca/index.txt'), join(pki, 'switchca/newcerts')];
  const whole = readFileSync(index, 'latin1');
  writeFileSync(index, '');
  for (const name of readdirSync(copies)) writeFileSync(join(copies, name), 'cut');
  const { reasons } = await check(platform, { pkiDirectory: pki, type: 'switch', warnMs: 0, criticalMs: 0 });
  t.true(reasons.some(({ rule, message }) => rule === 'certificate-lost' && message.includes('audit.log')));
  const [repaired] = await repair(platform, { pkiDirectory: pki, type: 'switch' });
  t.deepEqual(repaired?.left, []);
  t.is(readFileSync(index, 'latin1'), whole);
});

test('a hold that was released stays released, and one that became final stays final', async (t) => {
  const scene = await companyScene(t);
  await scene.issue('host_1', 'host_2');
  await scene.revoke({ names: ['host_1', 'host_2'], reason: 'certificateHold' });
  await scene.list();
  const index = scene.at('pki/switchca/index.txt');
  const held = readFileSync(index);
  await scene.revoke({ names: ['host_1'], release: true });
  await scene.revoke({ names: ['host_2'], reason: 'keyCompromise' });
  await scene.list();
  writeFileSync(index, held);
  await t.throwsAsync(scene.list(), { code: 'PKI_CONTRADICTORY' });
  await repair(platform, { pkiDirectory: scene.pki, type: 'switch' });
  t.deepEqual((await scene.list()).reasons, ['keyCompromise']);
  t.is(await scene.validity('host_1'), 'valid');
});

function sorted(text: string): string[] {
  return text.split('\n').sort();
}
