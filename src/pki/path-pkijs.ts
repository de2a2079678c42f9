/**
 * The second opinion of path validation: pkijs, which reads and checks with code that shares nothing with ours.
 * Loaded only when a path is validated.
 *
 * @module
 */

import type { CertificateRevocationList, Certificate as ParsedCertificate } from 'pkijs';
import type { Certificate } from './certificate.js';
import type { Crl } from './crl.js';
import { providerOf } from './engine.js';
import { requireModestStructure } from './work.js';

interface SecondOpinionInput {
  /** From the certificate to the trust anchor. */
  readonly path: readonly Certificate[];
  readonly crls: readonly Crl[];
  readonly at: Date;
}

/** Why pkijs refuses the path; undefined where it accepts it. */
export async function pkijsRefusal(input: SecondOpinionInput): Promise<string | undefined> {
  const { path, crls, at } = input;
  for (const { der } of path) requireModestStructure(der);
  const pkijs = await import('pkijs');
  const read = ({ der }: Certificate) => pkijs.Certificate.fromBER(new Uint8Array(der));
  const readList = ({ der }: Crl) => pkijs.CertificateRevocationList.fromBER(new Uint8Array(der));
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [once(anchors, path.at(-1) as Certificate, read)],
    // The engine validates the last of these.
    certs: path.slice(0, -1).reverse().map(read),
    crls: crls.map((crl) => once(lists, crl, readList)),
    checkDate: at,
  });
  const crypto = providerOf(undefined);
  const cryptoEngine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const { result, resultMessage } = await engine.verify({}, cryptoEngine);
  return result ? undefined : resultMessage || 'without a reason';
}

/** What many paths have in common is read once: a list can be long. */
const anchors = new WeakMap<Certificate, ParsedCertificate>();
const lists = new WeakMap<Crl, CertificateRevocationList>();

function once<Key extends object, Value>(known: WeakMap<Key, Value>, key: Key, make: (key: Key) => Value): Value {
  const value = known.get(key) ?? make(key);
  known.set(key, value);
  return value;
}
