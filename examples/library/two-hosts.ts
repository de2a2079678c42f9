/**
 * A PKI with two signed hosts, made by the library: `node two-hosts.js FOLDER`.
 *
 * @module
 */

import { join } from 'node:path';
import { defaultDays, init, nodePlatform, OvsPkiError, reqSign, verify } from 'ovs-pki-ts';

const [, , folder = '.'] = process.argv;
const platform = nodePlatform();
const pkiDirectory = join(folder, 'pki');
const names = ['host_1', 'host_2'].map((name) => join(folder, name));
const common = { keySpec: { type: 'rsa', bits: 2048 }, days: defaultDays, force: false } as const;

try {
  await init(platform, { pkiDirectory, ...common });
  for (const result of await reqSign(platform, { pkiDirectory, names, type: 'switch', unique: true, ...common })) {
    if (result.outcome === 'refused') console.log(`${result.name}: ${result.error.code}`);
    else console.log(`${result.certificate.commonName}: ${result.certificate.key}, ${result.outcome}`);
  }
  for (const result of await verify(platform, { pkiDirectory, names, type: 'switch' })) {
    console.log(`${result.name === names[0] ? 'host_1' : 'host_2'}: ${result.outcome}`);
  }
} catch (error) {
  if (!(error instanceof OvsPkiError)) throw error;
  console.log(`${error.code}: ${error.message}`);
  process.exitCode = error.exitStatus;
}
