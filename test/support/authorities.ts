/** CAs as a company may have them: a root and what stands below it, made by hand. */

import { createHash } from 'node:crypto';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextTag } from '../../src/pki/der.js';
import { encode, encodeOctetString, encodeSequence, encodeText } from '../../src/pki/der-encode.js';
import { oid } from '../../src/pki/oid.js';
import { rsaKeyFile } from './keys.js';
import {
  type Attribute,
  basicConstraints,
  buildCertificate,
  type CertificateParts,
  certificatePem,
  extension,
  fixtureKey,
  keyUsage,
  name,
  spkiOf,
} from './x509.js';

/** One CA; all but its name has a default that is in order. */
export interface Level {
  readonly subject: readonly Attribute[];
  /** The number of its key; two CAs of a hierarchy have different ones. */
  readonly key: number;
  readonly pathLength?: number;
  /** In place of basicConstraints and keyUsage. */
  readonly extensions?: readonly Uint8Array[];
  readonly hasKeyIdentifier?: false;
  readonly more?: readonly Uint8Array[];
  readonly parts?: Partial<CertificateParts>;
}

/** From the root down, each signed by the one before it. */
export function hierarchy(levels: readonly Level[]): Uint8Array[] {
  return levels.map((level, index) => {
    const { subject, key, pathLength, more = [], parts = {} } = level;
    const above = levels[index - 1] ?? level;
    const spki = spkiOf(fixtureKey(key));
    return buildCertificate({
      subject: name(...subject),
      issuer: name(...above.subject),
      spki,
      signKey: fixtureKey(above.key),
      extensions: [
        ...(level.extensions ?? [basicConstraints(true, pathLength), keyUsage(5, 6)]),
        ...(level.hasKeyIdentifier === false ? [] : [subjectKeyIdentifier(spki)]),
        ...(above === level ? [] : [authorityKeyIdentifier(spkiOf(fixtureKey(above.key)))]),
        ...more,
      ],
      ...parts,
    });
  });
}

/** Writes `ca.pem` and `ca.key`, the lowest CA, and `chain.pem`, those above it, the root first. */
export function writeAuthority(folder: string, levels: readonly Level[]): void {
  const certificates = hierarchy(levels).map(certificatePem);
  writeFileSync(join(folder, 'ca.pem'), certificates.at(-1) ?? '');
  writeFileSync(join(folder, 'chain.pem'), certificates.slice(0, -1).join(''));
  copyFileSync(rsaKeyFile(levels.at(-1)?.key ?? 1), join(folder, 'ca.key'));
}

export const importArguments = ['--ca-cert', 'ca.pem', '--ca-key', 'ca.key', '--chain', 'chain.pem'] as const;

/** nameConstraints, critical; names of the kind of dNSName unless told otherwise. */
export function nameConstraints(permitted: readonly string[], excluded: readonly string[], kind = 2): Uint8Array {
  const subtrees = (number: number, bases: readonly string[]): Uint8Array[] =>
    bases.length === 0
      ? []
      : [
          encode(
            contextTag(number, true),
            ...bases.map((base) => encodeSequence(encodeText(contextTag(kind, false), base))),
          ),
        ];
  return extension(oid.nameConstraints, encodeSequence(...subtrees(0, permitted), ...subtrees(1, excluded)), true);
}

function subjectKeyIdentifier(spki: Uint8Array): Uint8Array {
  return extension(oid.subjectKeyIdentifier, encodeOctetString(identifierOf(spki)));
}

function authorityKeyIdentifier(spki: Uint8Array): Uint8Array {
  return extension(oid.authorityKeyIdentifier, encodeSequence(encode(contextTag(0, false), identifierOf(spki))));
}

/** Any function of the key will do. */
function identifierOf(spki: Uint8Array): Uint8Array {
  return createHash('sha1').update(spki).digest();
}
