/**
 * What goes from a host last: the files of an earlier generation of its identity, and once a rollover is over the CAs that nobody
 * presents a certificate of any more, with their CRLs.
 *
 * @module
 */

import { posix } from 'node:path';
import { knownValue } from '../facts/fact.js';
import type { Action } from './action.js';
import { authorityFileFor, crlFileFor, type IdentityFiles, isOurAuthorityFile, isOurFile } from './identity-files.js';

import { daemonFor, fileAt, type HostInput, holdsCertificate, placesFor } from './input.js';

/** What an earlier generation of ours left, damaged or not, that nothing will point to any more. */
export function oldGeneration(input: HostInput, wanted: IdentityFiles): Action[] {
  const places = placesFor(input);
  const ours = [places.certs, places.private].map((folder) => `${folder}/${input.desired.name}-`);
  const used = new Set<string | undefined>([wanted.certificate, wanted.private_key]);
  for (const { options } of knownValue(input.facts.ovsdb)?.interfaces ?? []) used.add(options['remote_cert']);
  return [...input.facts.files]
    .filter(
      ([path, { state }]) => state !== 'absent' && isOurFile(path) && ours.some((start) => path.startsWith(start)),
    )
    .filter(([path]) => !used.has(path) && isOf(path, input.desired.name))
    .map(([path]): Action => ({ kind: 'remove-file', path }));
}

/** `host_1-…` is not a file of `host_1-a`. */
function isOf(path: string, name: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return /^[0-9a-f]{16}-(cert|privkey)\.pem$/.test(file.slice(name.length + 1));
}

/**
 * CAs that a rollover has replaced, and their lists, of which charon would take one for that of the CA that signs: these go
 * last, when no peer presents a certificate of theirs.
 */
export function retiredAuthorities(input: HostInput): Action[] {
  const { cacerts, crls } = placesFor(input);
  return input.retired.flatMap((authority): Action[] => {
    const [path, list] = [authorityFileFor(cacerts, authority), crlFileFor(crls, authority)];
    return [
      ...(holdsCertificate(input, path, authority) ? [path] : []),
      ...(fileAt(input, list)?.kind === 'crl' ? [list] : []),
    ].map((gone) => ({ kind: 'remove-file', path: gone }));
  });
}

/** charon trusts whatever lies in the folder; pluto, until it ends, what it has trusted. */
export function retiredWarnings(input: HostInput): string[] {
  const { cacerts } = placesFor(input);
  const { label, trustsFolder } = daemonFor(input);
  if (!trustsFolder) {
    const isTold = input.retired.some((item) => holdsCertificate(input, authorityFileFor(cacerts, item), item));
    const { name } = input.desired;
    return isTold ? [`${name}: ${label} trusts the retired CA, whose key is destroyed, until it is restarted`] : [];
  }
  return input.retired.flatMap((authority) =>
    [...input.facts.files.keys()]
      .filter((path) => posix.dirname(path) === cacerts && !isOurAuthorityFile(path) && !input.facts.links.has(path))
      .filter((path) => holdsCertificate(input, path, authority))
      .map((path) => `${input.desired.name}: ${path} lets ${label} trust a CA that was retired: take it away there`),
  );
}
