/**
 * The second opinion of path validation: pkijs, which reads and checks with code that shares nothing with ours.
 * Loaded only when a path is validated.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import type { Crl } from './crl.js';
import { providerOf } from './engine.js';

interface SecondOpinionInput {
  /** From the certificate to the trust anchor. */
  readonly path: readonly Certificate[];
  readonly crls: readonly Crl[];
  readonly at: Date;
}

/** Why pkijs refuses the path; undefined where it accepts it. */
export async function pkijsRefusal(input: SecondOpinionInput): Promise<string | undefined> {
  const { path, crls, at } = input;
  const pkijs = await import('pkijs');
  const read = ({ der }: { der: Uint8Array }) => pkijs.Certificate.fromBER(new Uint8Array(der));
  const engine = new pkijs.CertificateChainValidationEngine({
    trustedCerts: [read(path.at(-1) as Certificate)],
    // The engine validates the last of these.
    certs: path.slice(0, -1).reverse().map(read),
    crls: crls.map(({ der }) => pkijs.CertificateRevocationList.fromBER(new Uint8Array(der))),
    checkDate: at,
  });
  const crypto = providerOf(undefined);
  const cryptoEngine = new pkijs.CryptoEngine({ name: '', crypto, subtle: crypto.subtle });
  const { result, resultMessage } = await engine.verify({}, cryptoEngine);
  return result ? undefined : resultMessage || 'without a reason';
}
