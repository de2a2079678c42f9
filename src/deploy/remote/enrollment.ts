/**
 * Enrollment: a host makes its own key, and only what is public comes back.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { type Certificate, decodeCertificatePem } from '../../pki/certificate.js';
import { type CertificationRequest, decodeCertificationRequestPem } from '../../pki/certification-request.js';
import { keyHash } from '../../pki/key-identity.js';
import type { KeySpec } from '../../pki/key-spec.js';
import { selfSignedFindings } from '../../pki/lint/leaf-rules.js';
import { nameLines } from '../../pki/openssl-config.js';
import { requestSubject, type SubjectBase } from '../../pki/profile.js';
import { shellNumber, shellWord } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import { invalidAnswer } from '../answer/answer.js';
import { parseSections } from '../answer/sections.js';
import type { Action } from '../plan/action.js';
import { privateKeyFileFor } from '../plan/identity-files.js';
import { placeFunctions } from './scripts.js';

export type Enrollment =
  | { readonly keyFile: string; readonly request: CertificationRequest }
  | { readonly keyFile: string; readonly certificate: Certificate };

type Enroll = Extract<Action, { readonly kind: 'enroll' }>;

/** The script, and the mark that its answer bears. @param days for what signs itself */
export function enrollScript(action: Enroll, days: number): { readonly script: string; readonly mark: string } {
  const { name, method, keySpec, folder, existingKey, subject } = action;
  const mark = globalThis.crypto.randomUUID().replaceAll('-', '');
  const script = fillTemplate('remote/enroll.sh', {
    folder: shellWord(folder),
    name: shellWord(name),
    existing: shellWord(existingKey ?? ''),
    bits: shellNumber(bitsOf(keySpec)),
    mark,
    config: shellWord(requestConfig(name, subject)),
    options: method === 'self-signed' ? `-x509 -extensions self_signed -days ${shellNumber(days)}` : '',
  });
  return { script: placeFunctions() + script, mark };
}

/**
 * What the host answers goes to its peers, or to the CA, which has rules of its own: a certificate that signs itself is that of
 * the host and of no other.
 *
 * @throws PEM_INVALID, DER_INVALID, HOST_ANSWER_INVALID, IDENTITY_UNFIT
 */
export function readEnrollment(stdout: string, mark: string, action: Enroll): Enrollment {
  const { name, method } = action;
  const sections = parseSections(stdout, mark);
  const text = sections.get('request')?.text ?? '';
  const from = `the answer of ${name}`;
  if (method === 'ca-signed') {
    const request = decodeCertificationRequestPem(text, from);
    return { keyFile: keyFileIn(sections, action, keyHash(request.publicKey)), request };
  }
  const certificate = decodeCertificatePem(text, from);
  const because = selfSignedFindings(certificate, name).map(({ message }) => message);
  if (because.length > 0) {
    throw new OvsPkiError(
      'IDENTITY_UNFIT',
      `${name} answers with a certificate that cannot be its own: ${because.join('; ')}`,
      {
        hint: `look at that host before it is connected to others; it is not who it should be, or its openssl is not in order`,
        details: { host: name, reasons: because },
      },
    );
  }
  return { keyFile: keyFileIn(sections, action, keyHash(certificate.publicKey)), certificate };
}

/** Where it has put the key: in the place that we have named, whatever it says. */
function keyFileIn(
  sections: ReturnType<typeof parseSections>,
  { name, folder, existingKey }: Enroll,
  hash: string,
): string {
  const said = sections.get('key')?.text ?? '';
  if (said === existingKey || said === privateKeyFileFor(folder, name, hash)) return said;
  throw invalidAnswer(name, `it says that it has put its key at ${said}`);
}

/** The IKE daemons under ovs-monitor-ipsec take RSA keys both; no other type is sure. */
function bitsOf(keySpec: KeySpec): number {
  return keySpec.type === 'rsa' ? keySpec.bits : 3072;
}

/** The subject of ovs-pki or of the profile of the CA, and for a certificate that signs itself the extensions of our profile. */
function requestConfig(name: string, base: SubjectBase): string {
  return `[req]
prompt = no
string_mask = utf8only
utf8 = yes
distinguished_name = subject
req_extensions = requested
[subject]
${nameLines(requestSubject(name, base))}[requested]
subjectAltName = DNS:${name}
[self_signed]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth, 1.3.6.1.5.5.7.3.17
subjectAltName = DNS:${name}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;
}
