// Is the package that would be published a good one? It is packed, installed into an empty project and used from there:
// the program, the library, its types and the manual page.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const project = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-package-'));

try {
  run(process.execPath, ['scripts/sbom.mjs'], process.cwd());
  // The lifecycle scripts would build dist/ anew under the feet of whoever uses it now.
  run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], process.cwd());
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${name}-${version}.tgz`]);
  checkFiles();
  checkSbom();
  checkProgram();
  checkLibrary();
  checkTypes();
  process.stdout.write(`${name}-${version}.tgz: installed; program, library, types and manual page are good\n`);
} finally {
  rmSync(project, { recursive: true, force: true });
}

function checkFiles() {
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md', 'docs/ovs-pki-ts.8', 'templates/ca.cnf']) {
    if (statSync(join(project, 'node_modules', name, file)).size === 0) throw new Error(`${file} is empty`);
  }
}

/** The list of components is what was installed: no more, no less, each with its hash. */
function checkSbom() {
  const read = (file) => JSON.parse(readFileSync(join(project, file), 'utf8'));
  const { bomFormat, metadata, components } = read(join('node_modules', name, 'sbom.cdx.json'));
  equal(`${bomFormat} ${metadata.component.name} ${metadata.component.version}`, `CycloneDX ${name} ${version}`);
  const bare = components.filter(({ hashes }) => (hashes ?? []).length === 0).map((component) => component.name);
  equal(bare.join(), '');
  const installed = Object.entries(read('node_modules/.package-lock.json').packages).filter(
    ([path]) => !path.endsWith(`/${name}`),
  );
  const names = installed.map(([path]) => path.replace(/^.*node_modules\//, ''));
  const listed = new Set(components.map((component) => component.name));
  equal(names.filter((found) => !listed.has(found)).join(), '');
  const scripts = installed.filter(([, found]) => found.hasInstallScript === true).map(([path]) => path);
  equal(scripts.join(), '');
}

function checkProgram() {
  const program = join(project, 'node_modules/.bin', name);
  equal(run(program, ['--version']), `${name} ${version}\n`);
  run(program, ['--dir', 'pki', 'init', '--key', 'ec']);
  run(program, ['--dir', 'pki', 'req+sign', '--unique', '--key', 'ec', 'host_1']);
  equal(run(program, ['--dir', 'pki', 'verify', 'host_1']), 'host_1-cert.pem: OK\n');
}

function checkLibrary() {
  for (const [imported, platform] of [
    [`import { nodePlatform, verify } from '${name}';`, 'nodePlatform()'],
    [`import { verify } from '${name}'; import { peculiarPlatform } from '${name}/peculiar';`, 'peculiarPlatform()'],
  ]) {
    const text = `${imported}
      const asked = { pkiDirectory: 'pki', names: ['host_1'], type: 'switch' };
      for (const { outcome } of await verify(${platform}, asked)) console.log(outcome);`;
    equal(run(process.execPath, ['--input-type=module', '--eval', text]), 'valid\n');
  }
}

/** As a consumer with the strictest settings sees the types. */
function checkTypes() {
  writeFileSync(
    join(project, 'use.mts'),
    `import { type ErrorCode, init, nodePlatform, verify } from '${name}';
     import { peculiarPlatform } from '${name}/peculiar';
     const code: ErrorCode = 'FILE_EXISTS';
     const results = await verify(nodePlatform(), { pkiDirectory: code, names: [], type: 'controller' });
     export const outcomes: ('valid' | 'invalid' | 'refused')[] = results.map(({ outcome }) => outcome);
     // @ts-expect-error a request is not empty
     await init(peculiarPlatform(), {});\n`,
  );
  run(process.execPath, [tsc, '--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023', 'use.mts']);
}

function run(command, args, cwd = project) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')} failed\n${error.stdout}\n${error.stderr}`);
  }
}

function equal(actual, wanted) {
  if (actual !== wanted) throw new Error(`got ${JSON.stringify(actual)} and not ${JSON.stringify(wanted)}`);
}
