/**
 * What certificates, certification requests and CRLs have in common: something signed, an algorithm, a signature.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { type DerElement, readDer, sequenceOf, toHex } from './der.js';
import { encodeNull } from './der-encode.js';
import { bitStringBytes, readOid } from './der-values.js';
import { signatureAlgorithms } from './signature-algorithm.js';

/** A structure `SEQUENCE { toBeSigned, algorithm, signature }`: certificates, requests and CRLs. */
export interface SignedStructure {
  readonly toBeSigned: DerElement;
  readonly signatureAlgorithm: string;
  /** The DER of its parameters, where it has any. */
  readonly signatureParameters: Uint8Array | undefined;
  readonly signature: Uint8Array;
}

/** Certificates and requests of the largest fleets have some hundred kilobytes less; only CRLs grow. */
const longestSigned = 256 * 1024;

export function decodeSigned(der: Uint8Array, what: 'certificate' | 'certification request' | 'CRL'): SignedStructure {
  if (what !== 'CRL' && der.length > longestSigned) {
    throw new OvsPkiError('DER_INVALID', `a ${what} of ${der.length} bytes: more than ${longestSigned} are not read`);
  }
  const [toBeSigned, algorithm, signature, ...more] = sequenceOf(readDer(der), what);
  if (toBeSigned === undefined) throw new OvsPkiError('DER_INVALID', `the ${what} is empty`);
  if (more.length > 0) throw new OvsPkiError('DER_INVALID', `the ${what} goes on behind its signature`);
  return {
    toBeSigned,
    ...readSignatureAlgorithm(sequenceOf(algorithm, 'signatureAlgorithm')),
    signature: bitStringBytes(signature, 'the signature'),
  };
}

/** Nobody has signed what stands here, so of an algorithm that we use it must be exactly what the algorithm has. */
function readSignatureAlgorithm([type, ...parameters]: readonly DerElement[]) {
  const algorithmOid = readOid(type, 'signatureAlgorithm');
  const known = signatureAlgorithms.find((algorithm) => algorithm.oid === algorithmOid);
  const found = parameters.map(({ bytes }) => toHex(bytes)).join();
  // RFC 4055, section 5: NULL with RSA, and readers take none for it; RFC 5758, section 3.2: none with ECDSA.
  if (known !== undefined && found !== '' && !(known.type === 'rsa' && found === toHex(encodeNull()))) {
    throw new OvsPkiError('DER_INVALID', 'the signature algorithm has parameters that it does not have');
  }
  return { signatureAlgorithm: algorithmOid, signatureParameters: parameters[0]?.bytes };
}
