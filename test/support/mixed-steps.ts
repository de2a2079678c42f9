/**
 * The steps of a mixed sequence: command lines of ours, of ovs-pki, of `openssl ca`, and what an administrator does to
 * a PKI directory by hand. A step is a line of text; who does it, what, and to which names.
 */

import { appendFileSync, copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CertificateType } from '../../src/pki/profile.js';
import { ecKeyFile, rsaKeyFile } from './keys.js';
import { caCertificateIn, caFolderIn, makeRequest, opensslCa, ours, oursWell, ovsPkiWell } from './pki.js';
import { runWell } from './programs.js';

/**
 * What the programs must say of a certificate. `legacy`: as ovs-pki made them before Open vSwitch 2.13, of version 1
 * and without a subjectAltName; `orphaned`: of a CA whose key was replaced.
 */
export type CertificateState = 'valid' | 'revoked' | 'expired' | 'legacy' | 'orphaned';

export interface Issued {
  readonly name: string;
  readonly type: CertificateType;
  readonly state: CertificateState;
}

/** A folder with a PKI directory in it, and what has happened there. */
export interface Playground {
  readonly folder: string;
  /** Then its ca.cnf is ours. */
  readonly begunByUs: boolean;
  readonly issued: Map<string, Issued>;
  keysUsed: number;
}

/** A step, taken apart. */
interface Step {
  readonly flags: readonly string[];
  readonly names: readonly string[];
  readonly type: CertificateType;
}

type Action = (playground: Playground, step: Step) => Promise<void>;

/** Does one step, for example `ovs-pki req+sign -u host_1 controller`. */
export async function takeStep(playground: Playground, line: string): Promise<void> {
  const [actor = '', verb = '', ...words] = line.split(' ');
  const action = actions[`${actor} ${verb}`];
  if (action === undefined) throw new Error(`there is no such step: ${line}`);
  const flags = words.filter((word) => word.startsWith('-'));
  const operands = words.filter((word) => !word.startsWith('-'));
  const type = operands.includes('controller') ? 'controller' : 'switch';
  await action(playground, { flags, names: operands.filter((word) => word !== type), type });
}

const actions: Readonly<Record<string, Action>> = {
  'ours req': (at, { flags, names }) => oursWell(at.folder, ['req', ...small(flags), ...names]).then(ignore),
  'ours sign': async (at, { flags, names, type }) => {
    await oursWell(at.folder, ['sign', '-b', ...flags, ...names, type]);
    note(at, names, type, 'valid');
  },
  'ours req+sign': async (at, { flags, names, type }) => {
    await oursWell(at.folder, ['req+sign', ...small(flags), ...names, type]);
    note(at, names, type, 'valid');
  },
  'ours refuses': refuseCertifiedKey,
  'ovs-pki init': async (at, { flags }) => {
    await ovsPkiWell(at.folder, ['init', '-B', '2048', ...flags]);
    for (const { name, type } of at.issued.values()) note(at, [name], type, 'orphaned');
  },
  'ovs-pki req': (at, { flags, names }) =>
    ovsPkiWell(at.folder, ['req', '-B', '2048', ...flags, ...names]).then(ignore),
  'ovs-pki sign': async (at, { flags, names, type }) => {
    await ovsPkiWell(at.folder, ['sign', '-b', ...flags, ...names, type]);
    note(at, names, type, 'valid');
  },
  'ovs-pki req+sign': async (at, { flags, names, type }) => {
    await ovsPkiWell(at.folder, ['req+sign', '-B', '2048', ...flags, ...names, type]);
    note(at, names, type, 'valid');
  },
  'openssl in': (at, step) => opensslIn(at, step, 'valid', []),
  'openssl legacy': (at, step) => opensslIn(at, step, 'legacy', []),
  'openssl expired': (at, step) =>
    opensslIn(at, step, 'expired', ['-startdate', '20200101000000Z', '-enddate', '20210101000000Z']),
  'openssl infiles': opensslInfiles,
  'openssl revoke': async (at, { flags, names, type }) => {
    for (const name of names) await opensslCa(at.folder, type, ['-revoke', certificateOf(at, name), ...reason(flags)]);
    note(at, names, type, 'revoked');
  },
  'openssl gencrl': async (at, { names: [file = ''], type }) => {
    await opensslCa(at.folder, type, ['-gencrl', '-out', file]);
  },
  'openssl updatedb': async (at, { type }) => {
    await opensslCa(at.folder, type, ['-updatedb']);
  },
  'admin request': async (at, { flags, names }) => {
    const subjectAltName = !flags.includes('--no-san');
    for (const name of names)
      await makeRequest(at.folder, name, nextKey(at, flags.includes('--ec')), { subjectAltName });
  },
  'admin request-with-key-of': async (at, { names: [owner = '', name = ''] }) => {
    const key = join(at.folder, `${name}-key-of-another.pem`);
    copyFileSync(join(at.folder, `${owner}-privkey.pem`), key);
    await makeRequest(at.folder, name, key);
  },
  'admin keeps': async (at, { names: [name = '', copy = ''] }) => {
    const { type, state } = issuedTo(at, name);
    copyFileSync(certificateOf(at, name), certificateOf(at, copy));
    note(at, [copy], type, state);
  },
  'admin deletes': async (at, { names, type }) => {
    for (const name of names) rmSync(join(caFolderIn(at.folder, type), name), { recursive: true });
  },
  'admin appends-other-ca': async (at, { type }) => {
    const other = type === 'switch' ? 'controller' : 'switch';
    appendFileSync(caCertificateIn(at.folder, type), readFileSync(caCertificateIn(at.folder, other)));
  },
  'admin converts-ca-key': async (at, { names: [algorithm = ''], type }) => {
    const file = join(caFolderIn(at.folder, type), 'private/cakey.pem');
    const traditional = await runWell('openssl', [
      algorithm,
      '-in',
      file,
      ...(algorithm === 'rsa' ? ['-traditional'] : []),
    ]);
    if (!traditional.includes(`BEGIN ${algorithm.toUpperCase()} PRIVATE KEY`))
      throw new Error(traditional.slice(0, 40));
    writeFileSync(file, traditional);
  },
};

/** ours refuses NAME: a certificate for NAME, because its key is certified under another name. */
async function refuseCertifiedKey(at: Playground, { names, type }: Step): Promise<void> {
  for (const name of names) {
    const { status, stdout } = await ours(at.folder, ['sign', '-b', '--json', name, type]);
    if (status !== 3 || !stdout.includes('"key-already-certified"')) {
      throw new Error(`${name} should have been refused, but: exit status ${status}\n${stdout}`);
    }
  }
}

async function opensslIn(
  at: Playground,
  { names, type }: Step,
  state: CertificateState,
  args: string[],
): Promise<void> {
  for (const name of names) {
    const files = ['-in', requestOf(at, name), '-out', certificateOf(at, name)];
    await opensslCa(at.folder, type, [...files, ...args]);
  }
  note(at, names, type, state);
}

/** With several requests openssl writes all certificates into one file; each host gets the CA's copy of its own. */
async function opensslInfiles(at: Playground, { names, type }: Step): Promise<void> {
  const ca = caFolderIn(at.folder, type);
  const first = BigInt(`0x${readFileSync(join(ca, 'serial'), 'latin1').trim()}`);
  await opensslCa(at.folder, type, ['-out', 'all.pem', '-infiles', ...names.map((name) => requestOf(at, name))]);
  rmSync(join(ca, 'all.pem'));
  for (const [index, name] of names.entries()) {
    const serial = (first + BigInt(index)).toString(16).toUpperCase();
    const file = `${serial.padStart(serial.length + (serial.length % 2), '0')}.pem`;
    copyFileSync(join(ca, 'newcerts', file), certificateOf(at, name));
  }
  note(at, names, type, 'valid');
}

function note(at: Playground, names: readonly string[], type: CertificateType, state: CertificateState): void {
  for (const name of names) at.issued.set(name, { name, type, state });
}

function issuedTo(at: Playground, name: string): Issued {
  const issued = at.issued.get(name);
  if (issued === undefined) throw new Error(`${name} has no certificate yet`);
  return issued;
}

export function certificateOf({ folder }: Playground, name: string): string {
  return resolve(folder, `${name}-cert.pem`);
}

function requestOf({ folder }: Playground, name: string): string {
  return resolve(folder, `${name}-req.pem`);
}

function nextKey(at: Playground, isEc: boolean): string {
  at.keysUsed += 1;
  return isEc ? ecKeyFile('p256', at.keysUsed % 2 === 0 ? 1 : 2) : rsaKeyFile(at.keysUsed);
}

/** RSA keys of 2048 bits are made three times as fast as those of 3072. */
function small(flags: readonly string[]): string[] {
  return flags.some((flag) => flag.startsWith('--key')) ? [...flags] : ['-B', '2048', ...flags];
}

/** `--keyCompromise` is the reason that openssl is given. */
function reason(flags: readonly string[]): string[] {
  return flags.flatMap((flag) => ['-crl_reason', flag.slice(2)]);
}

function ignore(): void {}
