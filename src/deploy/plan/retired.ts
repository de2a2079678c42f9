/**
 * What goes from a host once a rollover is over: CAs that nobody presents a certificate of any more, and their CRLs.
 *
 * @module
 */

import { posix } from 'node:path';
import type { Action } from './action.js';
import { authorityFileFor, crlFileFor, isOurAuthorityFile } from './identity-files.js';
import { daemonFor, fileAt, type HostInput, holdsCertificate, placesFor } from './input.js';

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
