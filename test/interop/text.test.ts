/** NAME-req.pem and NAME-cert.pem hold the text that OpenSSL prints, to the letter. */

import { join } from 'node:path';
import test from 'ava';
import { readPem } from '../support/keys.js';
import { programPath, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

/** The form of names that `openssl ca` uses: `C=US, ST=CA`. */
const caNames = ['-nameopt', 'oneline,-space_eq,-esc_msb'];
/** That of `openssl req`: `C = US, ST = CA`. */
const requestNames = ['-nameopt', 'oneline'];

interface TextCase {
  readonly title: string;
  readonly options: readonly string[];
}

const textCases: readonly TextCase[] = [
  { title: 'RSA 2048', options: ['-B', '2048'] },
  { title: 'RSA 3072', options: ['-B', '3072'] },
  { title: 'EC P-256', options: ['-k', 'ec'] },
  { title: 'EC P-384', options: ['-k', 'ec', '-B', '384'] },
];

for (const { title, options } of textCases) {
  test(`text: every file of a PKI with ${title} keys is what OpenSSL prints`, async (t) => {
    const cwd = scratchFolder(t);
    const ours = (...args: string[]) =>
      runWell(process.execPath, [programPath, '-l', 'ovs-pki.log', '-d', 'pki', ...args], { cwd });
    await ours('init', ...options);
    await ours('req+sign', '-u', 'host_1', ...options);
    await ours('req+sign', 'host_2', 'controller', ...options);
    for (const name of ['host_1', 'host_2']) {
      t.is(readPem(join(cwd, `${name}-req.pem`)), await openssl(cwd, 'req', `${name}-req.pem`, requestNames));
      t.is(readPem(join(cwd, `${name}-cert.pem`)), await openssl(cwd, 'x509', `${name}-cert.pem`, caNames));
    }
    await ours('self-sign', '-f', 'host_1');
    t.is(readPem(join(cwd, 'host_1-cert.pem')), await openssl(cwd, 'x509', 'host_1-cert.pem', caNames));
    for (const ca of ['pki/switchca/cacert.pem', 'pki/controllerca/cacert.pem']) {
      t.is(readPem(join(cwd, ca)), await openssl(cwd, 'x509', ca, caNames));
    }
  });
}

function openssl(cwd: string, command: 'req' | 'x509', file: string, names: readonly string[]): Promise<string> {
  return runWell('openssl', [command, '-in', file, '-text', ...names], { cwd });
}
