/** What can be wrong with a token, its module or its PIN: one is told what, and nothing is half written. */

import { chmodSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { caFolderIn } from '../support/pki.js';
import { programPath, projectRoot, run, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import {
  inToken,
  makeToken,
  ours,
  pin,
  softHsm,
  type TokenScene,
  tokenWithCas,
  uriIn,
  writeLockedModule,
} from '../support/token.js';

interface Misfortune {
  readonly title: string;
  readonly happens?: (scene: TokenScene) => unknown;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly says: RegExp;
}

const uriFile = ({ folder }: TokenScene): string => join(caFolderIn(folder, 'switch'), 'private/cakey.uri');
const changeUri = (from: string | RegExp, to: string) => (scene: TokenScene) =>
  writeFileSync(uriFile(scene), readFileSync(uriFile(scene), 'utf8').replace(from, to));
const withPin = ['crl', '--passphrase-file', 'pin'];

const misfortunes: readonly Misfortune[] = [
  {
    title: 'a wrong PIN',
    happens: ({ folder }) => writeFileSync(join(folder, 'pin'), 'wrong and secret\n'),
    status: 3,
    says: /the token "ovs" does not take this PIN \[PASSPHRASE_WRONG\]\n.*hint: .*tokens lock their PIN/,
  },
  {
    title: 'no PIN and no terminal',
    args: ['crl'],
    status: 2,
    says: /no terminal to ask: PIN of the token ovs: \[PROMPT_IMPOSSIBLE\]\n.*hint: .*--passphrase-file FILE/,
  },
  {
    title: 'a file with the PIN that others can read',
    happens: ({ folder }) => {
      writeFileSync(join(folder, 'wide'), pin);
      chmodSync(join(folder, 'wide'), 0o644);
    },
    args: ['crl', '--passphrase-file', 'wide'],
    status: 3,
    says: /\[PASSPHRASE_EXPOSED\]/,
  },
  {
    title: 'a token that is gone',
    happens: ({ env }) => runWell('softhsm2-util', ['--delete-token', '--token', 'ovs'], { env }),
    status: 3,
    says: /no token of .* is like the one in the URI; it has none \[TOKEN_NOT_FOUND\]/,
  },
  {
    title: 'two tokens of one name',
    happens: ({ folder }) => makeToken(folder),
    status: 3,
    says: /more than one token of .*; it has: ovs, ovs \[TOKEN_NOT_FOUND\]/,
  },
  {
    title: 'a key that was deleted',
    happens: (scene) => inToken(scene, (crypto) => crypto.keyStorage.clear()),
    status: 3,
    says: /the token "ovs" has no private key like this \[TOKEN_KEY_NOT_FOUND\]/,
  },
  {
    title: 'a module that is gone',
    happens: changeUri('libsofthsm2.so', 'gone.so'),
    status: 3,
    says: /gone.so cannot be used as a PKCS #11 module: cannot open shared object file.* \[TOKEN_MODULE_UNUSABLE\]/,
  },
  {
    title: 'a module that is no library',
    happens: changeUri(/module-path=.*/, 'module-path=/etc/passwd'),
    status: 3,
    says: /\/etc\/passwd cannot be used as a PKCS #11 module: invalid ELF header \[TOKEN_MODULE_UNUSABLE\]/,
  },
  {
    title: 'a library that is no PKCS #11 module',
    happens: async (scene) => {
      const linked = await runWell('ldd', [process.execPath]);
      changeUri(/module-path=.*/, `module-path=${/=> (\/\S*libm\.so\S*)/.exec(linked)?.[1]}`)(scene);
    },
    status: 3,
    says: /it is a library, but none of PKCS #11 \[TOKEN_MODULE_UNUSABLE\]/,
  },
  {
    title: 'a library that cannot begin',
    env: { SOFTHSM2_CONF: '/nonexistent' },
    status: 3,
    says: /cannot be used as a PKCS #11 module: CKR_GENERAL_ERROR \[TOKEN_MODULE_UNUSABLE\]/,
  },
  {
    title: 'the key of another certificate',
    happens: (scene) => writeFileSync(uriFile(scene), uriIn(scene, 'controller')),
    status: 3,
    says: /\[KEY_MISMATCH\]/,
  },
  {
    title: 'a key that may not sign',
    happens: async (scene) => {
      const algorithm = {
        name: 'RSA-OAEP',
        hash: 'SHA-256',
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
      };
      const inside = { ...algorithm, token: true, label: 'for secrets' };
      await inToken(scene, (crypto) => crypto.subtle.generateKey(inside, false, ['encrypt', 'decrypt']));
      changeUri(/object=.*;type/, 'object=for%20secrets;type')(scene);
    },
    status: 3,
    says: /the token "ovs" answers CKR_KEY_FUNCTION_NOT_PERMITTED \[TOKEN_FAILED\]/,
  },
  {
    title: 'a PIN that is locked',
    happens: async (scene) => {
      await writeLockedModule(scene.folder);
      changeUri(softHsm, join(scene.folder, 'locked.so'))(scene);
    },
    status: 3,
    says: /the token "ovs" has locked its PIN after too many wrong ones \[TOKEN_PIN_LOCKED\]\n.*hint: .*security officer/,
  },
  {
    title: 'a file cakey.uri without a URI',
    happens: (scene) => writeFileSync(uriFile(scene), 'libsofthsm2.so\n'),
    status: 5,
    says: /cakey.uri: .* it does not begin with "pkcs11:" \[PKI_CORRUPT\]/,
  },
  {
    title: 'a file cakey.uri that others can write',
    happens: (scene) => runWell('chmod', ['666', uriFile(scene)]),
    status: 3,
    says: /cakey.uri names a library, and others could have written it \[TOKEN_MODULE_UNUSABLE\]/,
  },
  {
    title: 'a new passphrase for a key in a token',
    args: ['passphrase', '--new-passphrase-file', 'pin'],
    status: 3,
    says: /the key of pki\/switchca is in a token, which does not give it away \[KEY_IN_TOKEN\]/,
  },
];

for (const { title, happens, args = withPin, env, status, says } of misfortunes) {
  test.serial(`told what is wrong: ${title}`, async (t) => {
    const scene = await tokenWithCas(scratchFolder(t));
    await happens?.(scene);
    const result = await ours({ ...scene, ...(env === undefined ? {} : { env: { ...scene.env, ...env } }) }, args);
    t.is(result.status, status, result.stderr);
    t.regex(result.stderr, says);
    t.notRegex(result.stderr + readFileSync(join(scene.folder, 'log'), 'utf8'), /the PIN 1234|wrong and secret/);
    t.false(existsSync(join(caFolderIn(scene.folder, 'switch'), 'crl.pem')));
  });
}

test.serial('where node-webcrypto-p11 is not installed, the error says how to get it', async (t) => {
  const scene = await tokenWithCas(scratchFolder(t));
  const installed = join(scene.folder, 'installed');
  for (const part of ['bin', 'dist', 'templates', 'package.json']) {
    cpSync(join(projectRoot, part), join(installed, part), { recursive: true });
  }
  const program = programPath.replace(projectRoot, `${installed}/`);
  const args = [program, ...withPin, '--dir', 'pki', '--log', 'log'];
  const { status, stderr } = await run(process.execPath, args, { cwd: scene.folder, env: scene.env });
  t.is(status, 3);
  t.regex(stderr, /node-webcrypto-p11.* \[TOKEN_MODULE_UNUSABLE\]\n.*hint: .*npm install node-webcrypto-p11/);
});
