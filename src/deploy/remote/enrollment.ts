/**
 * Enrollment: a host makes its own key, and only what is public comes back.
 *
 * @module
 */

import { type Certificate, decodeCertificatePem } from '../../pki/certificate.js';
import { type CertificationRequest, decodeCertificationRequestPem } from '../../pki/certification-request.js';
import type { KeySpec } from '../../pki/key.js';
import { shellWord } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import { parseSections } from '../facts/sections.js';
import type { Action } from '../plan/action.js';
import { placeFunctions } from './scripts.js';

export type Enrollment =
  | { readonly keyFile: string; readonly request: CertificationRequest }
  | { readonly keyFile: string; readonly certificate: Certificate };

type Enroll = Extract<Action, { readonly kind: 'enroll' }>;

/** The script, and the mark that its answer bears. @param days for what signs itself */
export function enrollScript(action: Enroll, days: number): { readonly script: string; readonly mark: string } {
  const { name, method, keySpec, folder, existingKey } = action;
  const mark = globalThis.crypto.randomUUID().replaceAll('-', '');
  const script = fillTemplate('remote/enroll.sh', {
    folder: shellWord(folder),
    name: shellWord(name),
    existing: shellWord(existingKey ?? ''),
    bits: String(bitsOf(keySpec)),
    mark,
    config: shellWord(requestConfig(name)),
    options: method === 'self-signed' ? `-x509 -extensions self_signed -days ${days}` : '',
  });
  return { script: placeFunctions() + script, mark };
}

/** @throws PEM_INVALID, DER_INVALID */
export function readEnrollment(stdout: string, mark: string, { name, method }: Enroll): Enrollment {
  const sections = parseSections(stdout, mark);
  const keyFile = sections.get('key')?.text ?? '';
  const text = sections.get('request')?.text ?? '';
  const from = `the answer of ${name}`;
  return method === 'self-signed'
    ? { keyFile, certificate: decodeCertificatePem(text, from) }
    : { keyFile, request: decodeCertificationRequestPem(text, from) };
}

/** The IKE daemons under ovs-monitor-ipsec take RSA keys both; no other type is sure. */
function bitsOf(keySpec: KeySpec): number {
  return keySpec.type === 'rsa' ? keySpec.bits : 3072;
}

/** The subject of ovs-pki, and for a certificate that signs itself the extensions of our profile. */
function requestConfig(name: string): string {
  return `[req]
prompt = no
string_mask = utf8only
utf8 = yes
distinguished_name = subject
req_extensions = requested
[subject]
C = US
ST = CA
L = Palo Alto
O = Open vSwitch
OU = Open vSwitch certifier
CN = ${name}
[requested]
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
