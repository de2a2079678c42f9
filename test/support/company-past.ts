/** The CA of a company, with a PKI directory of ours and a past of its own. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import {
  type CertificateType,
  crl,
  type ImportRequest,
  importCa,
  nodePlatform,
  type RevokeRequest,
  reqSign,
  revoke,
  verify,
} from '../../src/index.js';
import { decodeCrlsPem } from '../../src/pki/crl.js';
import { entriesOf } from '../../src/pki/crl-entries.js';
import { runWell } from './programs.js';
import { scratchFolder } from './scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

export function listIn(file: string) {
  const [list] = decodeCrlsPem(readFileSync(file, 'latin1'), file);
  const serials = [...list.revoked.keys()];
  const reasons = entriesOf(list, new Set(serials)).map(({ reason }) => String(reason));
  return { serials, reasons, number: list.crlNumber ?? -1n };
}

type CompanyScene = Awaited<ReturnType<typeof companyScene>>;

/** A root, two certificates for one key of a CA, and another CA; and unless told otherwise the first one imported. */
export async function companyScene(t: ExecutionContext, isImported = true) {
  const folder = scratchFolder(t);
  const at = (file: string): string => join(folder, file);
  const pki = at('pki');
  const openssl = (line: string) => runWell('openssl', line.split(' '), { cwd: folder });
  await makeAuthorities(at('ca.ext'), openssl);
  const order = { pkiDirectory: pki, type: 'switch' as CertificateType, days: 20 };
  const scene = {
    ...{ at, pki, order, openssl },
    import: (more: Partial<ImportRequest>) =>
      importCa(platform, {
        pkiDirectory: pki,
        type: 'switch',
        certificateFile: at('ca-1.pem'),
        privateKeyFile: at('ca.key'),
        chainFile: at('root.pem'),
        force: false,
        ...more,
      }),
    issue: (...names: string[]) =>
      reqSign(platform, { ...order, names: names.map(at), keySpec, unique: true, force: true }),
    revoke: (more: Partial<RevokeRequest>) =>
      revoke(platform, {
        ...order,
        names: [],
        serialNumbers: [],
        reason: undefined,
        invalidityDate: undefined,
        ...more,
      }),
    list: async (type: CertificateType = 'switch') =>
      listIn((await crl(platform, { pkiDirectory: pki, type, days: 10, out: undefined })).file),
    validity: async (name: string, type: CertificateType = 'switch') =>
      (await verify(platform, { pkiDirectory: pki, type, names: [at(name)] }))[0]?.outcome,
  };
  if (isImported) await scene.import({});
  return scene;
}

async function makeAuthorities(extensionFile: string, openssl: (line: string) => Promise<unknown>): Promise<void> {
  const curve = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes';
  writeFileSync(
    extensionFile,
    'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n',
  );
  await openssl(`req -x509 -new ${curve} -keyout root.key -out root.pem -days 90 -subj /O=Company/CN=Root`);
  for (const [ca, files] of [['ca', ['ca-1.pem', 'ca-2.pem']] as const, ['other', ['other.pem']] as const]) {
    await openssl(`req -new ${curve} -keyout ${ca}.key -out ${ca}.csr -subj /O=Company/CN=Net`);
    for (const file of files) {
      await openssl(
        `x509 -req -in ${ca}.csr -CA root.pem -CAkey root.key -CAcreateserial -days 60 -extfile ca.ext -out ${file}`,
      );
    }
  }
}

/** The CA has issued two certificates with openssl, and one is revoked. */
export async function opensslPast({ at, openssl }: CompanyScene) {
  await runWell('mkdir', ['past'], { cwd: at('.') });
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial'), '1000\n');
  writeFileSync(at('crlnumber'), '05\n');
  writeFileSync(
    at('c.cnf'),
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=past\nserial=serial\ncrlnumber=crlnumber\ncertificate=ca-1.pem\n' +
      'private_key=ca.key\ndefault_md=sha256\ndefault_days=20\ndefault_crl_days=9\npolicy=p\nx509_extensions=x\n[p]\norganizationName=optional\ncommonName=supplied\n' +
      '[x]\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n' +
      'subjectAltName=DNS:old_1\n',
  );
  for (const name of ['old_1', 'old_2']) {
    await openssl(
      `req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${name}-privkey.pem -subj /O=Company/CN=${name} -out ${name}-req.pem`,
    );
    await openssl(`ca -config c.cnf -batch -notext -in ${name}-req.pem -out ${name}-cert.pem`);
  }
  await openssl('ca -config c.cnf -revoke old_1-cert.pem -crl_reason keyCompromise');
  await openssl('ca -config c.cnf -gencrl -out old.crl');
  return { index: at('index.txt'), crl: at('old.crl'), certificates: at('past'), revoked: '1000' };
}
