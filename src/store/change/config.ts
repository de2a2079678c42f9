/**
 * The file with which `openssl ca` and ovs-pki work in the folder of a CA: ca.cnf.
 *
 * @module
 */

import type { Certificate } from '../../pki/certificate.js';
import { encodeOid, encodeSequence, encodeText, tag } from '../../pki/der.js';
import { signatureAlgorithmFor } from '../../pki/engine.js';
import type { KeySpec } from '../../pki/key.js';
import { attributeValues, maximumCommonName } from '../../pki/name.js';
import { oid } from '../../pki/oid.js';
import { type CertificateType, organization } from '../../pki/profile.js';
import { fillTemplate } from '../../platform/templates.js';

/** What of a CA is in its file. */
export interface Configured {
  readonly type: CertificateType;
  /** How long `openssl ca` makes certificates valid. */
  readonly days: number;
  readonly keySpec: KeySpec;
  readonly certificate: Certificate;
}

export function configText({ type, days, keySpec, certificate }: Configured): string {
  const commonName = attributeValues(certificate.subject, oid.commonName)[0] ?? `${type}ca`;
  // openssl compares bytes, and a request of ovs-pki has just this organization.
  const own = encodeSequence(encodeOid(oid.organizationName), encodeText(tag.utf8String, organization));
  return fillTemplate('ca.cnf', {
    ca: `${type}ca`,
    // Where the name comes from elsewhere, it could have what openssl reads as a variable or the end of the line.
    common_name: commonName.replaceAll(/[^A-Za-z0-9 ().:_-]/g, '.').slice(0, maximumCommonName),
    days: String(days),
    digest: signatureAlgorithmFor(keySpec).hash.toLowerCase().replace('-', ''),
    organization_policy: Buffer.from(certificate.subject.der).includes(Buffer.from(own)) ? 'match' : 'optional',
  });
}
