// dist/: the library as modules with their types, and the program as a bundle that starts quickly.
// With --program, only the program.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const program = resolve('dist/program');

/** Libraries that only some commands need: each is a file of its own that is loaded when it is. */
const lazyLibraries = [
  'reflect-metadata',
  '@peculiar/x509',
  '@peculiar/webcrypto',
  'pkijs',
  'inquirer',
  'cli-progress',
  'yaml',
  'valibot',
];
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
  // Only there where somebody has installed it.
  external: ['node-webcrypto-p11'],
};

const startQuickly = {
  name: 'start-quickly',
  setup({ onResolve, onLoad }) {
    // The parser of command lines could start programs, but does not here: 3 ms for what is never used.
    onResolve({ filter: /^(node:)?child_process$/ }, ({ path, importer }) =>
      importer.includes('/commander/') ? { path, namespace: 'unused' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      lazyLibraries.includes(path) ? { path: `./${lazyFile(path)}`, external: true } : undefined,
    );
  },
};

const onlyProgram = process.argv.includes('--program');
rmSync(onlyProgram ? program : 'dist', { recursive: true, force: true });
if (!onlyProgram) execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({
  ...common,
  entryPoints: ['src/cli/main.ts'],
  outfile: join(program, 'main.cjs'),
  define: { 'import.meta.url': 'moduleUrl' },
  // The wrapper that Node puts around a CommonJS module, here because bin/ compiles the file itself.
  banner: {
    js: "(function(exports,require,module,__filename,__dirname){const moduleUrl=require('node:url').pathToFileURL(__filename).href;",
  },
  footer: { js: '})' },
  plugins: [startQuickly],
});
for (const library of lazyLibraries) {
  await build({ ...common, entryPoints: [library], outfile: join(program, lazyFile(library)) });
}

const scratch = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-build-'));
const run = (...args) => execFileSync(process.execPath, args, { cwd: scratch, stdio: 'pipe' });
try {
  for (const command of [['init'], ['req', '-u', 'host']]) {
    run(resolve('bin/ovs-pki-ts.cjs'), ...command, '-k', 'ec', '--dir', 'pki', '--log', 'log');
  }
  run(resolve('scripts/make-cache.cjs'));
} finally {
  rmSync(scratch, { recursive: true });
}
