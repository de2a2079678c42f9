/**
 * The certificate and key files of a host. Of a private key only its public half is known here.
 *
 * @module
 */

import { posix } from 'node:path';
import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatesPem } from '../../pki/certificate.js';
import { type Crl, decodeCrlsPem } from '../../pki/crl.js';
import { readDer } from '../../pki/der.js';
import { decodePublicKey } from '../../pki/key.js';
import { keyHash } from '../../pki/key-identity.js';
import { decodePemOf } from '../../pki/pem.js';
import type { Section } from '../answer/sections.js';
import { absent, type Fact, known, unknown } from './fact.js';

export type FileFact =
  | {
      readonly kind: 'certificate';
      readonly mode: string;
      readonly certificates: readonly [Certificate, ...Certificate[]];
    }
  | {
      readonly kind: 'key';
      readonly mode: string;
      /** Of its public half, as {@link keyHash} has it; undefined where openssl could not read the key. */
      readonly keyHash: string | undefined;
      /** What stands behind BEGIN, such as `ENCRYPTED PRIVATE KEY`. */
      readonly label: string;
    }
  | { readonly kind: 'crl'; readonly mode: string; readonly crl: Crl }
  | { readonly kind: 'other'; readonly mode: string };

const prefix = 'file:';
const linkPrefix = 'link:';

/** Where the symbolic links among the files lead, as absolute paths. */
export function linksIn(sections: ReadonlyMap<string, Section>): ReadonlyMap<string, string> {
  return new Map(
    [...sections].flatMap(([name, { text }]) => {
      if (!name.startsWith(linkPrefix)) return [];
      const link = name.slice(linkPrefix.length);
      return [[link, posix.resolve(posix.dirname(link), text.trim())] as const];
    }),
  );
}

/** The files that the script looked at, by their paths. */
export function filesIn(sections: ReadonlyMap<string, Section>): ReadonlyMap<string, Fact<FileFact>> {
  const found = new Map<string, Fact<FileFact>>();
  for (const [name, section] of sections) {
    if (name.startsWith(prefix)) found.set(name.slice(prefix.length), fileFact(name.slice(prefix.length), section));
  }
  return found;
}

function fileFact(path: string, { status, text }: Section): Fact<FileFact> {
  if (status === 1) return absent(`${path} does not exist`);
  if (status !== 0) return unknown(text);
  const [, kind, mode = '', label = ''] = /^(\S+) ?(\d* ?\w*) ?(\S*)/.exec(text) ?? [];
  const body = text.slice(text.indexOf('\n') + 1);
  try {
    if (kind === 'certificate') return known({ kind, mode, certificates: decodeCertificatesPem(body, path) });
    if (kind === 'crl') return known({ kind, mode, crl: decodeCrlsPem(body, path)[0] });
    if (kind === 'unreadable-key')
      return known({ kind: 'key', mode, keyHash: undefined, label: label.replaceAll('-', ' ') });
    if (kind !== 'key') return known({ kind: 'other', mode });
    const [block] = decodePemOf(['PUBLIC KEY'], body, path);
    return known({
      kind,
      mode,
      keyHash: keyHash(decodePublicKey(readDer(block.bytes))),
      label: label.replaceAll('-', ' '),
    });
  } catch (error) {
    if (!(error instanceof OvsPkiError)) throw error;
    return unknown(error.message);
  }
}
