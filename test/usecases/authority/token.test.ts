import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { crl, init, nodePlatform, req, sign } from '../../../src/index.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';
import { makeToken, pin } from '../../support/token.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const common = { keySpec, days: 30, force: false } as const;
const types = ['switch', 'controller'] as const;

test.serial('the library asks for the PIN once, and two CAs of one token sign at the same time', async (t) => {
  const { folder, request } = await makeScene(t);
  const { pkiDirectory } = request;
  const asked: string[] = [];
  const platform = nodePlatform({
    pin: async (token) => {
      asked.push(token);
      return pin;
    },
  });
  await t.throwsAsync(init(nodePlatform(), request), { message: /wants a PIN, and nobody gives it/ });
  await init(platform, request);
  const namesOf = (type: string) => Array.from({ length: 20 }, (_, index) => join(folder, `${type}_${index}`));
  await req(platform, { names: types.flatMap(namesOf), keySpec, unique: true, force: false });
  const signed = types.map((type) => sign(platform, { ...common, pkiDirectory, names: namesOf(type), type }));
  await Promise.all([
    ...signed,
    ...types.map((type) => crl(platform, { pkiDirectory, type, days: 30, out: undefined })),
  ]);
  for (const type of types) {
    const certificates = namesOf(type).map((name) => `${name}-cert.pem`);
    const ca = join(pkiDirectory, `${type}ca/cacert.pem`);
    const all = certificates.map((file) => `${file}: OK\n`).join('');
    t.is(await runWell('openssl', ['verify', '-CAfile', ca, ...certificates]), all);
  }
  t.deepEqual(asked, ['ovs']);
  t.false(readFileSync(join(pkiDirectory, 'switchca/audit.log'), 'utf8').includes(pin));
});

test.serial('the library refuses what does not go together with a token', async (t) => {
  const { request } = await makeScene(t);
  const platform = nodePlatform();
  await t.throwsAsync(init(platform, { ...request, passphrase: 'a passphrase' }), { message: /not encrypted/ });
  const pkcs11 = request.pkcs11.replace('?', ';object=key?');
  await t.throwsAsync(init(platform, { ...request, pkcs11 }), { message: /names a key that is there/ });
});

async function makeScene(t: ExecutionContext) {
  const folder = scratchFolder(t);
  const { uri: pkcs11, env } = await makeToken(folder);
  process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;
  return { folder, request: { ...common, pkiDirectory: join(folder, 'pki'), pkcs11 } };
}
