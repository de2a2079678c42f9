import { init, nodePlatform, OvsPkiError, reqSign } from 'ovs-pki-ts';

const platform = nodePlatform();
const common = { keySpec: { type: 'rsa', bits: 3072 }, days: 3650, force: false } as const;
try {
  await init(platform, { pkiDirectory: 'lib-pki', ...common });
} catch (error) {
  // What is refused has a code. Anything else that is thrown is a bug.
  if (!(error instanceof OvsPkiError) || error.code !== 'PKI_EXISTS') throw error;
}
const names = ['lib_1', 'lib_2'];
const results = await reqSign(platform, { pkiDirectory: 'lib-pki', names, type: 'switch', unique: true, ...common });
for (const result of results) {
  if (result.outcome === 'signed') console.log(result.certificateFile, result.certificate.notAfter);
  else console.log(result.name, result.error.code);
}
