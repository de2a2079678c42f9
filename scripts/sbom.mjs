// Writes sbom.cdx.json, which goes with the package: what is installed with it, with versions, licences and hashes, as
// the lock file has them (CycloneDX). `npm pack` and `npm publish` run this before.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
const sbom = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }));
// With --omit dev npm leaves out what a tool of development needs too.
const needed = new Set(
  Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, found]) => `${path.replace(/^.*node_modules\//, '')}@${found.version}`),
);
const own = `${name}@${version}`;
// npm takes the name of the folder for that of the package.
sbom.metadata.component.name = name;
sbom.components = sbom.components.filter((component) => needed.has(component['bom-ref']));
sbom.dependencies = sbom.dependencies
  .filter(({ ref }) => ref === own || needed.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => needed.has(other)) }));
writeFileSync('sbom.cdx.json', `${JSON.stringify(sbom, undefined, 2)}\n`);
