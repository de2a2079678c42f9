/**
 * No CRL forgets a revocation, whatever has happened to the folder of the CA: the same 500 random histories in every build,
 * so that a change is what a failure comes from; `OVS_PKI_TEST_SEED=SEED OVS_PKI_HISTORIES=5000 npx ava build/test/property/histories.test.js` lives through more.
 */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { importCa, init, nodePlatform } from '../../src/index.js';
import { type Beginnings, liveThrough } from '../support/histories.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const count = Number(process.env['OVS_PKI_HISTORIES'] ?? 500);

test.serial(
  `in ${count} histories no CRL forgets a revocation, numbers rise, and check names what contradicts`,
  async (t) => {
    t.timeout(24 * 3_600_000);
    const folder = scratchFolder(t);
    const seed = Number(process.env['OVS_PKI_TEST_SEED'] ?? 30_000);
    t.log(`OVS_PKI_TEST_SEED=${seed}`);
    const beginnings = await makeBeginnings(folder);
    for (let one = 0; one < count; one++) {
      const place = join(folder, `history-${one}`);
      mkdirSync(place);
      await liveThrough(place, beginnings, seed + one, { openssl: one % 5 === 0, ovsPki: one % 25 === 0 });
    }
    t.pass();
  },
);

async function makeBeginnings(folder: string): Promise<Beginnings> {
  const platform = nodePlatform();
  const [own, company] = [join(folder, 'own'), join(folder, 'company')];
  await init(platform, { pkiDirectory: own, keySpec: { type: 'ec', curve: 'P-256' }, days: 30, force: false });
  const openssl = (line: string) => runWell('openssl', line.split(' '), { cwd: folder });
  const curve = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  await openssl(`req -x509 -new ${curve} -keyout root.key -out root.pem -days 90 -subj /O=Company/CN=Root`);
  await openssl(`req -new ${curve} -keyout ca.key -out ca.csr -subj /O=Company/CN=Net`);
  await runWell(
    'sh',
    [
      '-c',
      'printf "basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n" >ca.ext',
    ],
    {
      cwd: folder,
    },
  );
  const renewed = ['ca-1.pem', 'ca-2.pem', 'ca-3.pem'];
  for (const [at, file] of renewed.entries()) {
    await openssl(
      `x509 -req -in ca.csr -CA root.pem -CAkey root.key -set_serial 0x10${at} -days 6${at} -sha256 -extfile ca.ext -out ${file}`,
    );
  }
  const at = (file: string): string => join(folder, file);
  await importCa(platform, {
    pkiDirectory: company,
    type: 'switch',
    certificateFile: at('ca-1.pem'),
    privateKeyFile: at('ca.key'),
    chainFile: at('root.pem'),
    force: false,
  });
  return { own, company, renewed: renewed.map(at), companyKey: at('ca.key'), root: at('root.pem') };
}
