/**
 * The actions that give a host a key and a certificate of which nobody has seen anything yet.
 *
 * @module
 */

import { knownValue } from '../facts/fact.js';
import type { Action } from './action.js';
import { type IdentityFiles, identityLinks, keyHashOf, privateKeyFileFor } from './identity-files.js';
import { isRegular } from './identity-paths.js';
import { fileAt, type HostInput, placesFor } from './input.js';
import { oldGeneration, retiredAuthorities } from './retired.js';

/**
 * The key and the certificate are made when the plan is applied: their names are known only then. All else is here: a plan that is
 * made again once they are there holds nothing more.
 */
export function enrollment(input: HostInput): Action[] {
  const { desired, facts, subjectBase } = input;
  const places = placesFor(input);
  const { name, identity } = desired;
  if (identity === undefined) return [];
  const { method, keySpec } = identity;
  const now = knownValue(facts.ovsdb)?.otherConfig ?? {};
  const path = `${places.certs}/${name}-*-cert.pem`;
  const authority = `${places.cacerts}/ovs-ca-*.pem`;
  const placed = (role: 'ca' | 'certificate', to: string): Action => ({
    kind: 'place',
    role,
    path: to,
    content: undefined,
    source: undefined,
  });
  const other = (key: keyof IdentityFiles, to?: string): Action => ({ kind: 'other_config', key, from: now[key], to });
  const links = identityLinks(places, name);
  const linked = (key: keyof IdentityFiles, to: string): Action[] => {
    const [link, inUse] = [links[key], now[key] === links[key]];
    if (method === 'self-signed' || isRegular(facts, link)) return [other(key, to)];
    const action: Action = { kind: 'link', path: link, from: facts.links.get(link), to, inUse };
    return inUse ? [action] : [action, other(key, link)];
  };
  const existingKey = pendingKey(input);
  const withoutCa = now['ca_cert'] === undefined ? [] : [other('ca_cert')];
  return [
    {
      kind: 'enroll',
      name,
      method,
      keySpec,
      folder: places.private,
      ...(method === 'self-signed' || subjectBase === undefined ? {} : { subject: subjectBase }),
      existingKey,
      expires: expiryOf(input),
    },
    ...(method === 'ca-signed' ? [placed('ca', authority)] : []),
    placed('certificate', path),
    ...linked('certificate', path),
    ...linked('private_key', `${places.private}/${name}-*-privkey.pem`),
    ...(method === 'ca-signed' ? linked('ca_cert', authority) : withoutCa),
    ...oldGeneration(input, { certificate: path, private_key: existingKey ?? '', ca_cert: undefined }),
    ...retiredAuthorities(input),
  ];
}

/** Of the certificate in use, which is renewed. */
function expiryOf(input: HostInput): string | undefined {
  const file = fileAt(input, knownValue(input.facts.ovsdb)?.otherConfig['certificate']);
  return file?.kind === 'certificate' ? file.certificates[0].notAfter.toISOString().slice(0, 10) : undefined;
}

/** A key of this name that an earlier enrollment made on the host, and that no certificate there belongs to. */
function pendingKey(input: HostInput): string | undefined {
  const folder = placesFor(input).private;
  const prefix = `${folder}/${input.desired.name}-`;
  const certified = new Set(
    [...input.facts.files.values()].flatMap((fact) => {
      const file = knownValue(fact);
      return file?.kind === 'certificate' ? [keyHashOf(file.certificates[0])] : [];
    }),
  );
  return [...input.facts.files].find(([path, fact]) => {
    const file = knownValue(fact);
    if (file?.kind !== 'key' || file.keyHash === undefined || certified.has(file.keyHash)) return false;
    return path === privateKeyFileFor(folder, input.desired.name, file.keyHash) && path.startsWith(prefix);
  })?.[0];
}
