/** What lies in the operator's own folder and is not good. */

import { copyFileSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { readPem, rsaKeyFile } from '../support/keys.js';
import { beginPki, opensslCa, oursWell } from '../support/pki.js';
import { type DeployFault, edited } from './deploy-fault.js';

export const faultsHere: readonly DeployFault[] = [
  ...(['bare', 'old'] as const).map(
    (begin): DeployFault => ({
      title: `the certificate here is of another CA, and the host is ${begin}`,
      begin,
      make: ({ folder }) => replaced(folder, signedByAnother),
      codes: ['IDENTITY_UNFIT'],
      says: /host_1-cert\.pem cannot be the identity of host_1: /,
      hints: /ovs-pki-ts verify --dir pki host_1/,
      tunnelWaits: begin === 'bare',
    }),
  ),
  {
    title: 'the certificate here has expired',
    begin: 'bare',
    make: ({ folder }) => replaced(folder, signedLongAgo),
    codes: ['IDENTITY_UNFIT'],
    says: /host_1-cert\.pem cannot be the identity of host_1: .*expired/,
    hints: /ovs-pki-ts verify --dir pki host_1/,
    tunnelWaits: true,
  },
  {
    title: 'the key here does not fit',
    make: ({ folder }) => edited(folder, 'host_1-privkey.pem', () => readPem(rsaKeyFile(9))),
    codes: ['IDENTITY_UNFIT'],
    says: /the key of host_1-cert\.pem is neither on the host nor in host_1-privkey\.pem/,
    hints: /move host_1-cert\.pem away/,
  },
  {
    title: 'the certificate here is cut off',
    make: ({ folder }) => edited(folder, 'host_1-cert.pem', (text) => text.slice(0, -300)),
    codes: ['PEM_INVALID'],
    says: /host_1-cert\.pem/,
    hints: /./,
  },
  {
    title: 'the key here is cut off',
    make: ({ folder }) => edited(folder, 'host_1-privkey.pem', (text) => text.slice(0, -300)),
    codes: ['PEM_INVALID'],
    says: /host_1-privkey\.pem/,
    hints: /./,
  },
  {
    title: 'there is no PKI',
    make: async ({ folder }) => {
      renameSync(join(folder, 'pki'), join(folder, 'pki-away'));
      return async () => renameSync(join(folder, 'pki-away'), join(folder, 'pki'));
    },
    codes: ['PKI_NOT_FOUND', 'PKI_NOT_FOUND'],
    says: /pki/,
    hints: /ovs-pki-ts .*init/,
    leaves: { host_2: 'old' },
  },
  {
    title: 'the tunnel address is not on the host',
    begin: 'bare',
    args: ['apply'],
    make: ({ folder }) =>
      edited(folder, 'fleet.yaml', (text) => text.replace(/(host_1, address: ).*\}/, '$1198.51.100.77}')),
    codes: ['HOST_UNFIT', 'HOST_UNFIT'],
    says: /host_1: ovs-vswitchd does not run; .*host_1 does not have the tunnel address 198\.51\.100\.77/,
    hints: /host_1\.address in the inventory, or --tunnel-address host_1=ADDRESS/,
    leaves: { host_2: 'bare' },
    tunnelWaits: true,
  },
];

/** Another certificate for the same request, until the good one is put back. */
async function replaced(folder: string, sign: (folder: string) => Promise<unknown>): ReturnType<DeployFault['make']> {
  const [place, aside] = [join(folder, 'host_1-cert.pem'), join(folder, 'good.pem')];
  renameSync(place, aside);
  await sign(folder);
  return async () => renameSync(aside, place);
}

async function signedByAnother(folder: string): Promise<void> {
  const other = join(folder, 'other');
  mkdirSync(other);
  await beginPki(other, 'ours with EC keys');
  copyFileSync(join(folder, 'host_1-req.pem'), join(other, 'host_1-req.pem'));
  await oursWell(other, ['sign', '-b', 'host_1']);
  copyFileSync(join(other, 'host_1-cert.pem'), join(folder, 'host_1-cert.pem'));
}

function signedLongAgo(folder: string): Promise<string> {
  const times = ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z'];
  const files = ['-in', join(folder, 'host_1-req.pem'), '-out', join(folder, 'host_1-cert.pem')];
  return opensslCa(folder, 'switch', [...times, ...files]);
}
