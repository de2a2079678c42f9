/**
 * The second opinion of path validation: pkijs, which reads and checks with code that shares nothing with ours.
 * Loaded only when a path is validated.
 *
 * @module
 */

import { createPublicKey, verify } from 'node:crypto';
import type { CertificateRevocationList, CryptoEngine, Certificate as ParsedCertificate } from 'pkijs';
import type { Certificate } from '../certificate.js';
import type { Crl } from '../crl.js';
import { providerOf } from '../engine.js';
import { oid } from '../oid.js';
import { requireModestStructure } from '../work.js';

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
  teachOthers(cryptoEngine);
  const { result, resultMessage } = await engine.verify({}, cryptoEngine);
  return result ? undefined : resultMessage || 'without a reason';
}

/** Kinds of signatures that stand in chains, and that WebCrypto and so pkijs do not know. */
function teachOthers(engine: CryptoEngine): void {
  const others = engine.verifyWithPublicKey.bind(engine);
  engine.verifyWithPublicKey = async (data, signature, publicKey, algorithm, hash) => {
    const digest = otherDigests.get(algorithm.algorithmId);
    if (digest === undefined) return others(data, signature, publicKey, algorithm, hash);
    const spki = Buffer.from(publicKey.toSchema().toBER());
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return verify(digest, new Uint8Array(data as ArrayBuffer), key, signature.valueBlock.valueHexView);
  };
}

const otherDigests: ReadonlyMap<string, string | null> = new Map([
  [oid.ed25519, null],
  [oid.ed448, null],
  ['1.2.840.113549.1.1.4', 'md5'],
  ['1.2.840.113549.1.1.14', 'sha224'],
  ['1.2.840.10045.4.3.1', 'sha224'],
]);

/** What many paths have in common is read once: a list can be long. */
const anchors = new WeakMap<Certificate, ParsedCertificate>();
const lists = new WeakMap<Crl, CertificateRevocationList>();

function once<Key extends object, Value>(known: WeakMap<Key, Value>, key: Key, make: (key: Key) => Value): Value {
  const value = known.get(key) ?? make(key);
  known.set(key, value);
  return value;
}
