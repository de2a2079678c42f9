/**
 * What must be true of every CRL before it is signed.
 *
 * @module
 */

import { type Certificate, decodeExtensions, type Extension } from '../certificate.js';
import type { CrlFrame } from '../crl.js';
import { type DerElement, eachChild, equalBytes, readDer, sequenceOf, tag, toHex } from '../der.js';
import { oid } from '../oid.js';
import { type Rule, unless } from './rule.js';

/** What the CRL is meant to be. */
export interface CrlContext {
  readonly issuerCertificate: Certificate;
  /** The highest number that a CRL of the issuer is known to have had. */
  readonly lastNumber: bigint | undefined;
  /** What has to be in the list: the contents of the INTEGERs, in hexadecimal. */
  readonly revoked: ReadonlySet<string>;
}

/** A CRL as it would be signed, and its entries in one reading: there can be 100,000. */
export interface CrlToSign extends CrlFrame {
  /** The serial numbers in their order, as in {@link CrlContext.revoked}. */
  readonly serialNumbers: readonly string[];
  /** The different crlEntryExtensions that entries have. */
  readonly details: readonly (readonly Extension[])[];
}

type CrlRule = Rule<CrlToSign, CrlContext>;

/** Reads the entries. Throws DER_INVALID. */
export function readEntries(frame: CrlFrame): CrlToSign {
  const serialNumbers: string[] = [];
  const details = new Map<string, readonly Extension[]>();
  for (const entry of frame.entries === undefined ? [] : eachChild(frame.entries)) {
    const [serialNumber, , extensions] = sequenceOf(entry, 'an entry of the CRL');
    serialNumbers.push(toHex(serialNumber?.content ?? new Uint8Array()));
    if (extensions === undefined) continue;
    const key = toHex(extensions.bytes);
    if (!details.has(key)) details.set(key, decodeExtensions(extensions));
  }
  return { ...frame, serialNumbers, details: [...details.values()] };
}

export const crlRules: readonly CrlRule[] = [
  {
    id: 'version',
    citation: 'RFC 5280, section 5.1.2.1',
    check: ({ version }) => unless(version === 2, `the version is ${version}, not 2`),
  },
  {
    id: 'signature-algorithm',
    citation: 'RFC 5280, section 5.1.1.2',
    check: ({ signatureAlgorithm, innerSignatureAlgorithm }) =>
      unless(
        signatureAlgorithm === innerSignatureAlgorithm,
        'the signature algorithms inside and outside of the signed part differ',
      ),
  },
  {
    id: 'issuer-name',
    citation: 'RFC 5280, sections 5.1.2.3 and 6.3.3 (b); NSS compares the bytes',
    check: ({ issuer }, { issuerCertificate: { subject } }) =>
      unless(
        equalBytes(issuer.der, subject.der) && issuer.attributes.length > 0,
        'the issuer name is not the subject of the CA certificate',
      ),
  },
  {
    id: 'issuer-signs-crls',
    citation: 'RFC 5280, sections 4.2.1.3 and 6.3.3 (f)',
    check: (_, { issuerCertificate }) => crlSignFault(issuerCertificate),
  },
  {
    id: 'update-order',
    citation: 'RFC 5280, sections 5.1.2.4 and 5.1.2.5: nextUpdate is mandatory',
    check: ({ thisUpdate, nextUpdate }) =>
      unless(nextUpdate !== undefined && thisUpdate < nextUpdate, 'nextUpdate is missing, or not after thisUpdate'),
  },
  {
    id: 'update-within-issuer',
    citation: 'a CRL that outlives its CA certificate cannot be verified to its end',
    check: ({ nextUpdate }, { issuerCertificate: { notAfter } }) =>
      unless(nextUpdate === undefined || nextUpdate <= notAfter, 'nextUpdate is after the end of the CA certificate'),
  },
  {
    id: 'crl-number',
    citation: 'RFC 5280, section 5.2.3: at most 20 octets, not critical, and it never goes back',
    check: ({ crlNumber, extensions }, { lastNumber = -1n }) => {
      if (crlNumber === undefined || extensions.some(({ type, critical }) => type === oid.crlNumber && critical))
        return 'the CRL number is missing, or critical';
      return unless(
        crlNumber > lastNumber && crlNumber < 1n << 159n,
        `the CRL number ${crlNumber} is not above that of an earlier CRL (${lastNumber}), or has more than 20 octets`,
      );
    },
  },
  {
    id: 'authority-key-identifier',
    citation: 'RFC 5280, section 5.2.1; strongSwan ignores a CRL without it',
    check: ({ authorityKeyIdentifier: found }, { issuerCertificate: { subjectKeyIdentifier: wanted } }) =>
      unless(
        found !== undefined && (wanted === undefined || equalBytes(found, wanted)),
        'authorityKeyIdentifier is missing, or not the key identifier of the CA certificate',
      ),
  },
  {
    id: 'extensions-known',
    citation: 'RFC 5280, section 5.2: a CRL with an unknown critical extension must not be used',
    check: ({ extensions }) => {
      const foreign = extensions.find(
        ({ type, critical }) => type !== oid.crlNumber && (critical || type !== oid.authorityKeyIdentifier),
      );
      return foreign && `the extension ${foreign.type} is critical, or does not belong into a complete CRL`;
    },
  },
  {
    id: 'entries-absent',
    citation: 'RFC 5280, section 5.1.2.6: where nothing is revoked the list of entries must be absent',
    check: ({ entries, serialNumbers }) =>
      unless(entries === undefined || serialNumbers.length > 0, 'the list of entries is empty instead of absent'),
  },
  {
    id: 'entries-unique',
    citation: 'RFC 5280, section 5.3: one entry for one certificate',
    check: ({ serialNumbers }) => {
      if (new Set(serialNumbers).size === serialNumbers.length) return undefined;
      const twice = serialNumbers.find((serial, position) => serialNumbers.indexOf(serial) !== position);
      return `the serial number ${twice} is there twice`;
    },
  },
  {
    id: 'entry-extensions',
    citation: 'RFC 5280, section 5.3: reasonCode and invalidityDate, not critical; removeFromCRL in delta CRLs only',
    check: ({ details }) => {
      const bad = details.flat().find((extension) => !isEntryExtension(extension));
      return (
        bad &&
        `an entry has the extension ${bad.type} critical, unknown, or with a value that a complete CRL does not have`
      );
    },
  },
  {
    id: 'nothing-forgotten',
    citation: 'RFC 5280, section 5: a certificate stays on the CRL until it has expired; a hold until it is released',
    check: ({ serialNumbers }, { revoked }) => {
      const here = new Set(serialNumbers);
      const missing = [...revoked].find((serial) => !here.has(serial));
      return missing && `it does not have the serial number ${missing}, which is revoked`;
    },
  },
];

/** What keeps this CA from signing CRLs. */
export function crlSignFault({ keyUsage }: Certificate): string | undefined {
  return unless(
    keyUsage?.includes('cRLSign') !== false,
    'the CA certificate does not allow its key to sign CRLs (keyUsage)',
  );
}

/** The reason codes of a complete CRL: not 0 (better left out), not 7 (unused), not 8 (removeFromCRL). */
const reasonCodesOfCompleteCrls: ReadonlySet<number | undefined> = new Set([1, 2, 3, 4, 5, 6, 9, 10]);

function isEntryExtension({ type, critical, value }: Extension): boolean {
  if (critical) return false;
  const content: DerElement = readDer(value);
  if (type === oid.reasonCode)
    return (
      content.tag === tag.enumerated &&
      content.content.length === 1 &&
      reasonCodesOfCompleteCrls.has(content.content[0])
    );
  return type === oid.invalidityDate && content.tag === tag.generalizedTime;
}
