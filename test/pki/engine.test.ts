import { join } from 'node:path';
import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import test, { type ExecutionContext } from 'ava';
import { decodeCertificatePem, init, type KeySpec, nodePlatform, req, sign, verify } from '../../src/index.js';
import { readPem } from '../support/keys.js';
import { run } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const specs: readonly KeySpec[] = [
  { type: 'rsa', bits: 2048 },
  { type: 'ec', curve: 'P-256' },
  { type: 'ec', curve: 'P-384' },
];

for (const keySpec of specs) {
  test(`Everything works through another WebCrypto provider: ${JSON.stringify(keySpec)}`, async (t) => {
    const folder = scratchFolder(t);
    const pkiDirectory = join(folder, 'pki');
    const platform = nodePlatform({ crypto: new PeculiarCrypto() as Crypto });
    const names = [join(folder, 'host')];
    await init(platform, { pkiDirectory, keySpec, days: 365, force: false });
    t.is((await req(platform, { names, keySpec, unique: true, force: false }))[0]?.outcome, 'made');
    const signing = { pkiDirectory, names, type: 'switch', days: 30, force: false } as const;
    t.is((await sign(platform, signing))[0]?.outcome, 'signed');
    t.is((await verify(platform, { pkiDirectory, names, type: 'switch' }))[0]?.outcome, 'valid');
    t.is((await verify(nodePlatform(), { pkiDirectory, names, type: 'switch' }))[0]?.outcome, 'valid');
    const args = ['verify', '-x509_strict', '-CAfile', 'pki/switchca/cacert.pem', 'host-cert.pem'];
    t.like(await run('openssl', args, { cwd: folder }), { status: 0, stdout: 'host-cert.pem: OK\n' });
    const request = await run('openssl', ['req', '-verify', '-noout', '-in', 'host-req.pem'], { cwd: folder });
    t.is(request.status, 0, request.stderr);
    await readByOthers(t, readPem(join(folder, 'host-cert.pem')));
  });
}

/** @peculiar/x509 and pkijs read in our certificates what we read. */
async function readByOthers(t: ExecutionContext, pem: string): Promise<void> {
  const ours = decodeCertificatePem(pem, 'x');
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const theirs = new x509.X509Certificate(new Uint8Array(ours.der));
  t.is(theirs.serialNumber.toUpperCase(), ours.serialNumber);
  t.is(theirs.subjectName.getField('CN')[0], 'host');
  t.deepEqual([theirs.notBefore, theirs.notAfter], [ours.notBefore, ours.notAfter]);
  t.deepEqual(theirs.getExtension(x509.SubjectAlternativeNameExtension)?.names.toJSON(), [
    { type: 'dns', value: 'host' },
  ]);
  t.is(theirs.getExtension(x509.BasicConstraintsExtension)?.ca, false);
  const pkijs = await import('pkijs');
  const again = pkijs.Certificate.fromBER(new Uint8Array(ours.der));
  t.is(Buffer.from(again.serialNumber.valueBlock.valueHexView).toString('hex').toUpperCase(), ours.serialNumber);
  t.deepEqual(
    again.extensions?.map(({ extnID }) => extnID),
    ours.extensions.map(({ type }) => type),
  );
  t.is(Buffer.compare(new Uint8Array(again.toSchema().toBER()), ours.der), 0);
}
