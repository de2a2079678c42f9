/**
 * Making a certificate: prepare, lint, sign. Only the linter makes the value that can be signed.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Certificate } from '../certificate.js';
import { contextTag } from '../der.js';
import { encode, encodeBitString, encodeInteger, encodeSequence, encodeTime } from '../der-encode.js';
import { keyIdentifier, type SigningKey, verifySignature } from '../engine.js';
import type { PublicKey } from '../key.js';
import { type LintedCertificate, type LintedCrl, lintCertificate } from '../lint/lint.js';
import type { DistinguishedName } from '../name.js';
import { noPlaces, type Places } from '../places.js';
import { encodeExtensions, type Profile } from '../profile.js';
import { parseSerial, type SerialNumber } from '../serial.js';
import { encodeSignatureAlgorithm } from '../signature-algorithm.js';
import type { Validity } from '../validity.js';

/** Who signs. For a self-signed certificate: the subject itself. */
export interface Issuer {
  /** The bytes of the name as the CA certificate has them: some verifiers compare bytes. */
  readonly name: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly keyIdentifier: Uint8Array;
  readonly signingKey: SigningKey;
  /** Absent for a self-signed certificate. */
  readonly certificate: Certificate | undefined;
}

export interface CertificateInput {
  readonly profile: Profile;
  readonly subject: DistinguishedName;
  /** For end entities: the common name, which becomes the one dNSName too. */
  readonly commonName: string | undefined;
  readonly publicKey: PublicKey;
  readonly serialNumber: SerialNumber;
  readonly validity: Validity;
  /** Where the CRL and the certificate of the CA are found. Default: it is not said. */
  readonly places?: Places;
}

/**
 * Makes a certificate.
 *
 * @throws LINT_FAILED with every rule that it would break; nothing is signed then.
 * @throws KEY_MISMATCH where the key of the issuer is not the one in its certificate.
 */
export async function issueCertificate(issuer: Issuer, input: CertificateInput): Promise<Certificate> {
  const toBeSigned = prepareCertificate(issuer, input);
  const linted = lintCertificate(toBeSigned, encodeSignatureAlgorithm(issuer.signingKey.algorithm), {
    ...input,
    issuerCertificate: issuer.certificate,
  });
  return signLinted(issuer, linted);
}

/** The TBSCertificate (RFC 5280, section 4.1.2), not linted yet. */
export function prepareCertificate(issuer: Issuer, input: CertificateInput): Uint8Array {
  const version3 = encode(contextTag(0, true), encodeInteger(2));
  return encodeSequence(
    version3,
    encodeInteger(parseSerial(input.serialNumber)),
    encodeSignatureAlgorithm(issuer.signingKey.algorithm),
    issuer.name.der,
    encodeSequence(encodeTime(input.validity.notBefore), encodeTime(input.validity.notAfter)),
    input.subject.der,
    input.publicKey.spki,
    encode(
      contextTag(3, true),
      encodeExtensions({
        profile: input.profile,
        publicKey: input.publicKey,
        dnsName: input.commonName,
        subjectKeyIdentifier: keyIdentifier(input.publicKey),
        authorityKeyIdentifier: issuer.keyIdentifier,
        places: input.places ?? noPlaces,
      }),
    ),
  );
}

async function signLinted(issuer: Issuer, linted: LintedCertificate): Promise<Certificate> {
  return { ...linted.certificate, ...(await signedBy(issuer, linted, 'issuer')) };
}

/**
 * Signs what has been linted, and looks at the signature.
 *
 * @param who the signer, as an error names it
 * @throws KEY_MISMATCH where the key is not the one in the certificate of the signer
 */
export async function signedBy(
  { signingKey: { algorithm, sign }, publicKey }: Issuer,
  linted: LintedCertificate | LintedCrl,
  who: 'issuer' | 'CA',
): Promise<{ readonly der: Uint8Array; readonly signature: Uint8Array }> {
  const toBeSigned = 'certificate' in linted ? linted.certificate.toBeSigned.bytes : linted.toBeSigned;
  const signature = await sign(toBeSigned);
  // A wrong key, or a signature damaged while it was computed (which could give an RSA key away), never leaves.
  if (!verifySignature(publicKey, algorithm.oid, toBeSigned, signature)) {
    throw new OvsPkiError('KEY_MISMATCH', `the private key does not belong to the certificate of the ${who}`, {
      hint: 'compare the two: openssl pkey -pubout -in KEY; openssl x509 -pubkey -noout -in CERTIFICATE',
    });
  }
  const der = encodeSequence(toBeSigned, encodeSignatureAlgorithm(algorithm), encodeBitString(signature));
  return { der, signature };
}
