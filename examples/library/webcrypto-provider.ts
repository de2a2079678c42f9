/**
 * Another WebCrypto provider in place of Node's own: here @peculiar/webcrypto, and a PKCS#11 token in the same way.
 * It prints the certificate that was made: `node webcrypto-provider.js FOLDER`.
 *
 * @module
 */

import { join } from 'node:path';
import { Crypto as PeculiarCrypto } from '@peculiar/webcrypto';
import { defaultDays, init, nodePlatform } from 'ovs-pki-ts';

const [, , folder = '.'] = process.argv;
const platform = nodePlatform({ crypto: new PeculiarCrypto() });
const { authorities } = await init(platform, {
  pkiDirectory: join(folder, 'pki'),
  keySpec: { type: 'rsa', bits: 2048 },
  days: defaultDays,
  force: false,
});
for (const { type, certificate } of authorities) console.log(`${type}ca: ${certificate.key}`);
