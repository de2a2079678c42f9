/** A company's CA, kept with `openssl ca`: it signs what our CAs ask for, revokes them, and makes CRLs. */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ecKeyFile } from './keys.js';
import { runWell } from './programs.js';

/** How companies differ. */
export interface CompanyWays {
  /** `openssl ca -preserveDN`, as it must be where names are to stay; without it the policy puts them into its own order. */
  readonly preserveDn?: boolean;
  /** Whether extensions come from the request, or from the configuration alone. */
  readonly copyExtensions?: boolean;
}

const configuration = ({ copyExtensions = false }: CompanyWays): string => `[ca]
default_ca=own
[own]
dir=company
database=$dir/index.txt
serial=$dir/serial
crlnumber=$dir/crlnumber
new_certs_dir=$dir/new
certificate=root.pem
private_key=root.key
default_md=sha256
default_days=2000
default_crl_days=90
unique_subject=no
policy=any
utf8=yes
copy_extensions=${copyExtensions ? 'copy' : 'none'}
x509_extensions=sub
crl_extensions=crl
[any]
countryName=optional
stateOrProvinceName=optional
localityName=optional
organizationName=optional
organizationalUnitName=optional
commonName=supplied
[sub]
${copyExtensions ? '' : 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n'}subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
[crl]
authorityKeyIdentifier=keyid
[req]
distinguished_name=name
[name]
`;

/** root.pem with root.key, which has an EC key unless they are there already. */
export async function foundCompany(folder: string, ways: CompanyWays = {}, withRoot = true): Promise<void> {
  mkdirSync(join(folder, 'company/new'), { recursive: true });
  writeFileSync(join(folder, 'company.cnf'), configuration(ways));
  for (const [name, content] of [
    ['index.txt', ''],
    ['serial', '1000\n'],
    ['crlnumber', '01\n'],
  ] as const) {
    writeFileSync(join(folder, 'company', name), content);
  }
  if (!withRoot) return;
  copyFileSync(ecKeyFile('p384', 2), join(folder, 'root.key'));
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
  const added = extensions.flatMap((text) => ['-addext', text]);
  const root = ['-key', 'root.key', '-subj', '/C=DE/O=Acme/CN=Acme Root', '-days', '7300', '-out', 'root.pem'];
  await runWell('openssl', ['req', '-x509', '-new', '-config', 'company.cnf', ...root, ...added], { cwd: folder });
}

function companyCa(folder: string, args: readonly string[]): Promise<string> {
  return runWell('openssl', ['ca', '-config', 'company.cnf', '-batch', ...args], { cwd: folder });
}

/** The company signs a request. */
export async function companySigns(
  folder: string,
  request: string,
  certificate: string,
  { preserveDn = true }: CompanyWays = {},
): Promise<void> {
  await companyCa(folder, [
    ...['-in', request, '-out', certificate, '-notext'],
    ...(preserveDn ? ['-preserveDN'] : []),
  ]);
}

/** The company revokes a certificate. */
export async function companyRevokes(folder: string, certificate: string): Promise<void> {
  await companyCa(folder, ['-revoke', certificate]);
}

/** The company makes a CRL. */
export async function companyLists(folder: string, file: string, days: readonly string[] = []): Promise<void> {
  await companyCa(folder, ['-gencrl', '-out', file, ...days]);
}
