import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { crl, init, nodePlatform, req, sign } from '../../src/index.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { makeToken, pin } from '../support/token.js';

test('the library asks for the PIN once, and two CAs of one token sign at the same time', async (t) => {
  const folder = scratchFolder(t);
  const { uri: pkcs11, env } = await makeToken(folder);
  process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;
  const asked: string[] = [];
  const platform = nodePlatform({
    pin: async (token) => {
      asked.push(token);
      return pin;
    },
  });
  const pkiDirectory = join(folder, 'pki');
  const keySpec = { type: 'ec', curve: 'P-256' } as const;
  const common = { days: 30, force: false } as const;
  await t.throwsAsync(init(nodePlatform(), { pkiDirectory, keySpec, pkcs11, ...common }), {
    message: /wants a PIN, and nobody gives it/,
  });
  await t.throwsAsync(init(platform, { pkiDirectory, keySpec, pkcs11, passphrase: 'a passphrase', ...common }), {
    message: /not encrypted with a passphrase/,
  });
  await t.throwsAsync(
    init(platform, { pkiDirectory, keySpec, pkcs11: pkcs11.replace('?', ';object=key?'), ...common }),
    { message: /names a key that is there/ },
  );
  await init(platform, { pkiDirectory, keySpec, pkcs11, ...common });

  const types = ['switch', 'controller'] as const;
  const namesOf = (type: string) => Array.from({ length: 20 }, (_, index) => join(folder, `${type}_${index}`));
  await req(platform, { names: types.flatMap(namesOf), keySpec, unique: true, force: false });
  const results = await Promise.all([
    ...types.map((type) => sign(platform, { pkiDirectory, names: namesOf(type), type, ...common })),
    ...types.map((type) => crl(platform, { pkiDirectory, type, days: 30, out: undefined })),
  ]);
  t.deepEqual(
    [
      ...new Set(
        results
          .slice(0, 2)
          .flat()
          .map((result) => 'outcome' in result && result.outcome),
      ),
    ],
    ['signed'],
  );
  for (const type of types) {
    const certificates = namesOf(type).map((name) => `${name}-cert.pem`);
    const ca = join(pkiDirectory, `${type}ca/cacert.pem`);
    const all = certificates.map((file) => `${file}: OK\n`).join('');
    t.is(await runWell('openssl', ['verify', '-CAfile', ca, ...certificates]), all);
  }
  t.deepEqual(asked, ['ovs']);
  t.false(readFileSync(join(pkiDirectory, 'switchca/audit.log'), 'utf8').includes(pin));
});
