// dist/: the library as modules with their types, and the program as a bundle that starts quickly.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const program = resolve('dist/program');

/** Libraries that only some commands need: each is a file of its own that is loaded when it is. */
const lazyLibraries = ['reflect-metadata', '@peculiar/x509', 'pkijs', 'inquirer', 'cli-progress'];
const lazyFile = (library) => `${library.replace('@peculiar/', '')}.cjs`;

const common = {
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  mainFields: ['module', 'main'],
  minify: true,
  charset: 'ascii',
  legalComments: 'none',
  supported: { 'dynamic-import': false },
};

const separateLazyLibraries = {
  name: 'separate-lazy-libraries',
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      lazyLibraries.includes(path) ? { path: `./${lazyFile(path)}`, external: true } : undefined,
    );
  },
};

rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: join(program, 'main.cjs'),
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl=require('node:url').pathToFileURL(__filename).href;" },
  plugins: [separateLazyLibraries],
});
for (const library of lazyLibraries) {
  await build({ ...common, entryPoints: [library], outfile: join(program, lazyFile(library)) });
}
copyFileSync('scripts/load.cjs', join(program, 'load.cjs'));

const scratch = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-build-'));
try {
  execFileSync(process.execPath, [resolve('scripts/make-cache.cjs'), program], { cwd: scratch, stdio: 'pipe' });
} finally {
  rmSync(scratch, { recursive: true });
}
