import { X509Certificate } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { DesiredHost } from '../../../src/deploy/desired/desired.js';
import { known } from '../../../src/deploy/facts/fact.js';
import type { OvsPkiError } from '../../../src/errors.js';
import { fixedClock, init, nodePlatform, renew, reqSign } from '../../../src/index.js';
import { digestHex } from '../../../src/pki/digest.js';
import { authoritiesIn } from '../../../src/usecases/fleet/authorities.js';
import { identityFor } from '../../../src/usecases/fleet/identities.js';
import { capturedFacts } from '../../support/host-answers.js';
import { readPem } from '../../support/keys.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const identity = { method: 'ca-signed', type: 'switch', days: 10 } as const;

test('a host whose key is certified several times gets the newest certificate that is valid', async (t) => {
  const folder = scratchFolder(t);
  const pkiDirectory = join(folder, 'pki');
  const names = [join(folder, 'host_of_this_test')];
  const platform = nodePlatform();
  await init(platform, { pkiDirectory, keySpec, days: 3650, force: false });
  const order = { pkiDirectory, type: 'switch', names, keySpec, force: false } as const;
  await reqSign(platform, { ...order, unique: true, days: 10 });
  await renew(platform, { ...order, dueWithinMs: undefined, rekey: false, days: 365 });
  const wanted = new X509Certificate(readPem(`${names[0]}-cert.pem`));

  const keyHash = digestHex('sha256', wanted.publicKey.export({ type: 'spki', format: 'der' }));
  const key = { kind: 'key', mode: '600', keyHash, label: 'PRIVATE KEY' } as const;
  const facts = {
    ...capturedFacts('strongswan-gre-ca-signed'),
    files: new Map([['/etc/ipsec.d/private/key.pem', known(key)]]),
  };
  const later = { ...platform, clock: fixedClock(new Date(Date.now() + 20 * 86_400_000)) };
  const authority = await authoritiesIn(later, pkiDirectory, 'planned').of({ ...identity, keySpec });
  const found = await identityFor(later, desired, facts, authority, 'all');
  if (found === undefined || found === 'enroll') return t.fail(`found ${found}`);
  t.is(found.certificate.serialNumber, wanted.serialNumber);
});

test('a certificate here that does not sign itself is replaced by the command that is named, where one can', async (t) => {
  const folder = scratchFolder(t);
  const pkiDirectory = join(folder, 'pki');
  const name = join(folder, 'host_1');
  const platform = nodePlatform();
  await init(platform, { pkiDirectory, keySpec, days: 3650, force: false });
  const order = { pkiDirectory, type: 'switch', names: [name], keySpec, force: false } as const;
  await reqSign(platform, { ...order, unique: true, days: 10 });
  const wish = { ...desired, name, identity: { ...identity, method: 'self-signed', keySpec } } as const;
  const hint = async (): Promise<string | undefined> => {
    const facts = capturedFacts('strongswan-gre-ca-signed');
    const error = await t.throwsAsync(identityFor(platform, wish, facts, undefined, 'none'), {
      code: 'IDENTITY_UNFIT',
    });
    return (error as OvsPkiError).hint;
  };
  t.true((await hint())?.startsWith(`replace it: ovs-pki-ts self-sign --force ${name};`));
  rmSync(`${name}-req.pem`);
  t.true((await hint())?.startsWith(`see: ovs-pki-ts verify ${name};`));
});

const desired: DesiredHost = {
  name: 'host_of_this_test',
  target: { kind: 'local', destination: 'local' },
  ikeDaemon: 'auto',
  places: {},
  plaintext: 'keep',
  loopProtection: 'auto',
  identity: { ...identity, keySpec },
  ends: [],
  bridgeAddresses: {},
};
