import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openToken } from '../../src/platform/token.js';
import { scratchFolder } from '../support/scratch.js';

/** What is done to a library at `FOLDER/place/p11.so`, and why it is not loaded; `loaded` where that is tried. */
const libraries: readonly (readonly [title: string, change: (file: string, folder: string) => void, fault: RegExp])[] =
  [
    ['that all can write', (file) => chmodSync(file, 0o666), /others could have written .*p11\.so/],
    ['that a group can write', (file) => chmodSync(file, 0o664), /others could have written .*p11\.so/],
    [
      'in a folder that is open to all',
      (_, folder) => chmodSync(join(folder, 'place'), 0o777),
      /all can write to .*place/,
    ],
    ['below a folder that is open to all', (_, folder) => chmodSync(folder, 0o757), /all can write to /],
    ['that is ours', () => undefined, /cannot be used as a PKCS #11 module|not usable/],
    [
      'in a folder like /tmp',
      (_, folder) => chmodSync(folder, 0o1777),
      /cannot be used as a PKCS #11 module|not usable/,
    ],
  ];

for (const [title, change, fault] of libraries) {
  for (const name of ['p11.so', 'link.so']) {
    test(`a library ${title}, as ${name}, is loaded only where nobody else can have put it there`, async (t) => {
      const folder = scratchFolder(t);
      mkdirSync(join(folder, 'place'), { mode: 0o755 });
      const file = join(folder, 'place/p11.so');
      writeFileSync(file, 'no library', { mode: 0o644 });
      symlinkSync('place/p11.so', join(folder, 'link.so'));
      change(file, folder);
      const modulePath = name === 'p11.so' ? file : join(folder, name);
      const error = await t.throwsAsync(
        openToken({ modulePath, token: {} }, async () => 'p'),
        { message: fault },
      );
      t.like(error, { code: 'TOKEN_MODULE_UNUSABLE' });
    });
  }
}

(process.getuid?.() === 0 ? test : test.skip)('a library of another user is not loaded', async (t) => {
  const folder = scratchFolder(t);
  const modulePath = join(folder, 'p11.so');
  writeFileSync(modulePath, 'no library', { mode: 0o644 });
  chownSync(modulePath, 12_345, 12_345);
  await t.throwsAsync(
    openToken({ modulePath, token: {} }, async () => 'p'),
    { message: /others could have written/, code: 'TOKEN_MODULE_UNUSABLE' },
  );
});
