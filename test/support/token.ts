/** Tokens of SoftHSM in scratch folders, and what is in them. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Crypto } from 'node-webcrypto-p11';
import { caFolderIn } from './pki.js';
import { type Run, runOurs, runWell } from './programs.js';

/** Where Debian and Ubuntu have it. */
export const softHsm = '/usr/lib/softhsm/libsofthsm2.so';
export const pin = 'the PIN 1234';

/** A folder with a token `ovs`, and with its PIN in a file `pin`. */
export interface TokenScene {
  readonly folder: string;
  readonly env: { readonly SOFTHSM2_CONF: string };
  readonly uri: string;
}

export async function makeToken(folder: string): Promise<TokenScene> {
  const env = { SOFTHSM2_CONF: join(folder, 'softhsm2.conf') };
  mkdirSync(join(folder, 'tokens'), { recursive: true });
  writeFileSync(env.SOFTHSM2_CONF, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`);
  writeFileSync(join(folder, 'pin'), `${pin}\n`, { mode: 0o600 });
  const secrets = ['--pin', pin, '--so-pin', 'the PIN 5678'];
  await runWell('softhsm2-util', ['--init-token', '--free', '--label', 'ovs', ...secrets], { env });
  return { folder, env, uri: `pkcs11:token=ovs?module-path=${softHsm}` };
}

/** Runs one of our commands on the PKI directory `pki` beside the token. */
export function ours({ folder, env }: TokenScene, args: readonly string[]): Promise<Run> {
  return runOurs([...args, ...(args.includes('--dir') ? [] : ['--dir', 'pki']), '--log', 'log'], { cwd: folder, env });
}

/** Runs one of our commands that must succeed, with the PIN. */
export async function oursWithPin(scene: TokenScene, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await ours(scene, [...args, '--passphrase-file', 'pin']);
  if (status !== 0) throw new Error(`${args.join(' ')}: exit status ${status}\n${stdout}\n${stderr}`);
  return stdout;
}

/** CAs with EC keys in a token: quicker to make than RSA keys. */
export async function tokenWithCas(folder: string): Promise<TokenScene> {
  const scene = await makeToken(folder);
  await oursWithPin(scene, ['init', '--key=ec', '--pkcs11', scene.uri]);
  return scene;
}

/** Where the key of a CA is. */
export function uriIn({ folder }: TokenScene, type: 'switch' | 'controller'): string {
  return readFileSync(join(caFolderIn(folder, type), 'private/cakey.uri'), 'utf8').trim();
}

/**
 * Works on the first token of a scene as its user. SoftHSM is one for the process: tests that call this are serial.
 */
export async function inToken<T>({ env }: TokenScene, work: (crypto: Crypto) => Promise<T>): Promise<T> {
  process.env['SOFTHSM2_CONF'] = env.SOFTHSM2_CONF;
  const crypto = new Crypto({ library: softHsm, slot: 0, readWrite: true, pin });
  try {
    return await work(crypto);
  } finally {
    crypto.close();
  }
}

/** Makes locked.so: SoftHSM, which never locks a PIN, but for a login that says what a token says whose PIN is locked. */
export async function writeLockedModule(folder: string): Promise<void> {
  const source = `
    #include <dlfcn.h>
    /* CK_FUNCTION_LIST: a version, then the functions of PKCS #11, of which C_Login has number 18. */
    static struct { unsigned char version[8]; void *functions[68]; } list;
    static unsigned long locked(void) { return 0xA4; /* CKR_PIN_LOCKED */ }
    unsigned long C_GetFunctionList(void **found) {
      unsigned long (*real)(void **) = dlsym(dlopen("${softHsm}", RTLD_NOW), "C_GetFunctionList");
      unsigned long answer = real(found);
      __builtin_memcpy(&list, *found, sizeof list);
      list.functions[18] = locked;
      *found = &list;
      return answer;
    }`;
  writeFileSync(join(folder, 'locked.c'), source);
  await runWell('cc', ['-shared', '-fPIC', '-w', '-o', 'locked.so', 'locked.c', '-ldl'], { cwd: folder });
}

/** The keys of a token, as KIND-HANDLE-ID. */
export function keysOf(scene: TokenScene): Promise<string[]> {
  return inToken(scene, (crypto) => crypto.keyStorage.keys());
}
