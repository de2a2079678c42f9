/** What openssl, strongSwan's pki and NSS say of certificates, each with the CAs and the CRL that hosts would have. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, runWell } from './programs.js';

export interface Asked {
  readonly folder: string;
  /** The files of the certificates. */
  readonly files: readonly string[];
  /** PEM blocks: the CAs that may stand between, and the root. */
  readonly between: readonly string[];
  readonly root: string;
  /** The file of the CRL of the CA that issued them, where CRLs are asked. */
  readonly crl: string | undefined;
}

export type Program = 'openssl' | 'strongSwan' | 'NSS' | 'NSS as libreswan asks it';

/** "accepted", or what the program prints of why not. */
export type Opinions = Readonly<Record<Program, string>>;

export const allAccept: Opinions = {
  openssl: 'accepted',
  strongSwan: 'accepted',
  NSS: 'accepted',
  'NSS as libreswan asks it': 'accepted',
};

/** For each certificate. */
export async function opinionsOn(asked: Asked): Promise<readonly Opinions[]> {
  const authorities = [...asked.between, asked.root].map((block, index) => {
    writeFileSync(join(asked.folder, `asked-${index}.pem`), block);
    return `asked-${index}.pem`;
  });
  writeFileSync(join(asked.folder, 'asked-between.pem'), asked.between.join(''));
  const unfilled = await fillNss(asked, authorities);
  const told: Opinions[] = [];
  for (const file of asked.files) {
    const openssl = await askOpenssl(asked, file, authorities.at(-1) ?? '');
    const strongSwan = await askStrongSwan(asked, file, authorities);
    const NSS = unfilled ?? (await askCertutil(asked, file));
    told.push({ openssl, strongSwan, NSS, 'NSS as libreswan asks it': unfilled ?? (await askVfychain(asked, file)) });
  }
  return told;
}

/** As TLS of this Debian would judge it. */
async function askOpenssl({ folder, between, crl }: Asked, file: string, root: string): Promise<string> {
  const untrusted = between.length > 0 ? ['-untrusted', 'asked-between.pem'] : [];
  const revoked = crl === undefined ? [] : ['-crl_check', '-CRLfile', crl];
  const how = ['-no-CApath', '-no-CAstore', '-auth_level', '2', '-purpose', 'sslserver', '-CAfile', root];
  const { status, stderr } = await run('openssl', ['verify', ...how, ...untrusted, ...revoked, file], { cwd: folder });
  return status === 0 ? 'accepted' : (/error \d+ at .*/.exec(stderr)?.[0] ?? stderr);
}

async function askStrongSwan({ folder, crl }: Asked, file: string, authorities: readonly string[]): Promise<string> {
  const args = [...authorities.flatMap((name) => ['--cacert', name]), ...(crl === undefined ? [] : ['--crl', crl])];
  const { status, stdout, stderr } = await run('pki', ['--verify', '--in', file, ...args], { cwd: folder });
  if (status === 0 && /^certificate trusted, lifetimes valid/m.test(stdout)) return 'accepted';
  const told = stderr.split('\n').filter((line) => !line.startsWith('plugin '));
  return `${stdout.trim()}: ${told.join(' ').trim()}`;
}

/**
 * A database of its own for each question: on one that is there, `certutil -N` would wait for a password for ever. What NSS
 * prints where it does not take a certificate.
 */
async function fillNss({ folder, files, crl }: Asked, authorities: readonly string[]): Promise<string | undefined> {
  rmSync(join(folder, 'nss'), { recursive: true, force: true });
  mkdirSync(join(folder, 'nss'));
  const root = authorities.at(-1);
  const added = [...authorities, ...files].map(
    (name) => `-A -n ${name} -t ${name === root ? 'CT,C,C' : ',,'} -a -i ${name}`,
  );
  const { status, stdout, stderr } = await certutil(folder, ['-N --empty-password', ...added]);
  if (status !== 0) return `${stdout}${stderr}`.trim();
  if (crl === undefined) return undefined;
  const der = readFileSync(join(folder, crl), 'latin1').replace(/-----.*-----/g, '');
  writeFileSync(join(folder, 'asked-crl.der'), Buffer.from(der, 'base64'));
  await runWell('crlutil', ['-I', '-t', '1', '-i', 'asked-crl.der', '-d', 'sql:nss'], { cwd: folder });
  return undefined;
}

/** Several of its commands in one run, which ends with the first that fails. */
function certutil(folder: string, commands: readonly string[]) {
  writeFileSync(join(folder, 'asked-commands'), `${commands.join('\n')}\n`);
  return run('certutil', ['-B', '-d', 'sql:nss', '-i', 'asked-commands'], { cwd: folder });
}

/** For servers, clients and IPsec as the older of its two libraries has them. */
async function askCertutil({ folder }: Asked, file: string): Promise<string> {
  const usages = ['V', 'C', 'I'];
  const { stdout, stderr } = await certutil(
    folder,
    usages.map((usage) => `-V -n ${file} -u ${usage}`),
  );
  const accepted = stdout.match(/certificate is valid/g) ?? [];
  return accepted.length === usages.length ? 'accepted' : `${stdout}${stderr}`.trim();
}

/** By libpkix, with the usage of IPsec. */
async function askVfychain({ folder, crl }: Asked, file: string): Promise<string> {
  const revoked = crl === undefined ? [] : ['-g', 'leaf', '-m', 'crl'];
  const args = ['-pp', '-d', 'sql:nss', '-u', '12', ...revoked, '-a', file];
  const { status, stdout, stderr } = await run('vfychain', args, { cwd: folder });
  return status === 0 ? 'accepted' : `${stdout}${stderr}`.trim();
}
