/**
 * What must be true of a certification request before a certificate is made of it. A plain request of ovs-pki keeps
 * every rule.
 *
 * @module
 */

import type { CertificationRequest } from '../certification-request.js';
import type { PublicKey } from '../key.js';
import { nameFault, nameOfCommonName } from '../name.js';
import { attributeShortNames, extensionNames, oid } from '../oid.js';
import { organization } from '../profile.js';
import { judgeSignature, signatureName, weakHashOf } from '../signature.js';
import type { SignedStructure } from '../signed.js';
import { baseTypes } from '../subject.js';
import { keyFindings } from './key-rules.js';
import { type Finding, findingsOf, type Rule } from './rule.js';

/** What is known about a request besides its own bytes. */
export interface RequestContext {
  /** The name that was given with the command, when the CN must be that name (or `NAME id:…`). */
  readonly name: string | undefined;
  /** Whether the signature of the request was verified with its own key; of a certificate, with that of the CA. */
  readonly possessionProved: boolean;
  /** organizationName of the CA. */
  readonly caOrganization: string | undefined;
  /** That of the profile of the CA, where it has one. */
  readonly profileOrganization?: string | undefined;
  /** The common name of a certificate that this CA has given to the same key. */
  readonly keyCertifiedFor: string | undefined;
  /** The common name of a valid certificate of this CA that other programs take for one of the same name. */
  readonly namesake?: string | undefined;
  /** Why a certificate that this CA has given to the same key was revoked, where that speaks against the key. */
  readonly keyRevoked: string | undefined;
  /** Whether the key is the CA's own. */
  readonly isCaKey: boolean;
}

/** What a request and a certificate that is renewed have in common: whose key it is. */
export interface Applicant {
  readonly commonNames: readonly string[];
  readonly publicKey: PublicKey;
}

type RequestRule = Rule<CertificationRequest, RequestContext>;
type ApplicantRule = Rule<Applicant, RequestContext>;

const nameRules: readonly ApplicantRule[] = [
  {
    id: 'common-name',
    citation: 'ovs-monitor-ipsec, strongSwan and libreswan read names unquoted; RFC 5280, appendix A.1',
    check: ({ commonNames }) => {
      const [commonName, ...others] = commonNames;
      if (commonName === undefined) return 'the subject has no common name';
      if (others.length > 0) return 'the subject has more than one common name';
      if (nameOfCommonName(commonName) !== undefined) return undefined;
      const fault = nameFault(commonName) ?? 'only NAME, or NAME followed by " id:" and a unique text, is accepted';
      return `the common name ${JSON.stringify(commonName)}: ${fault}`;
    },
  },
  {
    id: 'name-matches',
    citation: 'the operator names what is signed; a request cannot name something else',
    check: ({ commonNames: [commonName] }, { name }) =>
      name === undefined || commonName === undefined || nameOfCommonName(commonName) === name
        ? undefined
        : `the common name is ${JSON.stringify(commonName)}, but the name that was to be signed is ${JSON.stringify(name)}`,
  },
];

const keyOwnerRules: readonly ApplicantRule[] = [
  {
    id: 'key-already-certified',
    citation: 'one key, one name: whoever has the key of one host could pose as the other',
    check: ({ commonNames: [commonName] }, { keyCertifiedFor }) =>
      keyCertifiedFor === undefined || keyCertifiedFor === commonName
        ? undefined
        : `this key is certified already, for ${JSON.stringify(keyCertifiedFor)}`,
  },
  {
    id: 'key-revoked',
    citation: 'RFC 5280, section 5.3.1; CA/Browser Forum Baseline Requirements, section 6.1.1.3',
    check: (_, { keyRevoked }) => keyRevoked && `a certificate of this key was revoked (${keyRevoked})`,
  },
  {
    id: 'ca-key',
    citation: 'the key of the CA is nobody else’s',
    check: (_, { isCaKey }) => (isCaKey ? 'the key is the key of the CA' : undefined),
  },
];

const requestRules: readonly RequestRule[] = [
  {
    id: 'version',
    citation: 'RFC 2986, section 4.1',
    check: ({ version }) => (version === 1 ? undefined : `the version of the request is ${version}, not 1`),
  },
  {
    id: 'signature-algorithm',
    citation: 'RFC 8603 and RFC 9155: no SHA-1, no MD5',
    check: (request) => {
      const hash = weakHashOf(request);
      return hash && `the request is signed with ${hash} (${signatureName(request)}), which is not accepted`;
    },
  },
  {
    id: 'proof-of-possession',
    citation: 'RFC 2986, section 3; RFC 4211, section 4',
    check: (request, context) => possessionFault(request.publicKey, request, context),
  },
  ...nameRules,
  {
    id: 'namesake',
    citation:
      'RFC 4343 and RFC 1034, section 3.1: names differ neither by case nor by a dot at their end; strongSwan, libreswan, NSS',
    check: ({ commonNames: [commonName = ''] }, { namesake }) => {
      if (namesake !== undefined) {
        return `${JSON.stringify(namesake)} has a valid certificate, and to the IKE daemons ${JSON.stringify(commonName)} is the same name`;
      }
      const name = nameOfCommonName(commonName);
      return name?.endsWith('.') === true
        ? `the name ${JSON.stringify(name)} ends with a dot, which other programs leave out`
        : undefined;
    },
  },
  {
    id: 'subject-attributes',
    citation: 'RFC 5280, section 4.1.2.6; the policy of an ovs-pki CA',
    check: ({ subject }) => {
      if (subject.multiValued) return 'the subject has a multi-valued part';
      const foreign = subject.attributes.find(({ type }) => !subjectTypes.has(type));
      return foreign && `the subject has an attribute ${attributeShortNames.get(foreign.type) ?? foreign.type}`;
    },
  },
  {
    id: 'organization',
    citation: 'ovs-pki ca.cnf: organizationName = match; a CA of another organization gives its own to all',
    check: ({ subject }, { caOrganization, profileOrganization }) => {
      const taken = [caOrganization, profileOrganization, organization];
      const other = subject.attributes.find(
        ({ type, value }) => type === oid.organizationName && !taken.includes(value),
      );
      return other && `the organization is ${JSON.stringify(other.value)}, not that of the CA`;
    },
  },
  {
    id: 'subject-alt-name',
    citation: 'a subjectAltName other than the common name would certify a second name',
    check: ({ subjectAltName, commonNames: [commonName] }) => {
      if (subjectAltName === undefined) return undefined;
      const [name, ...others] = subjectAltName;
      if (name?.kind === 2 && name.text === commonName && others.length === 0) return undefined;
      const asked = subjectAltName.map(({ kind, text }) => (kind === 2 ? `DNS:${text}` : `type ${kind}`)).join(', ');
      return `subjectAltName asks for ${JSON.stringify(asked)}, not for the common name alone`;
    },
  },
  {
    id: 'foreign-extensions',
    citation: 'the CA decides the extensions',
    check: ({ extensions }) => {
      // keytool always puts in a subjectKeyIdentifier, which says nothing that the key does not.
      const foreign = extensions.filter(({ type }) => type !== oid.subjectAltName && type !== oid.subjectKeyIdentifier);
      if (foreign.length === 0) return undefined;
      return `it asks for extensions of its own: ${foreign.map(({ type }) => extensionNames.get(type) ?? type).join(', ')}`;
    },
  },
  ...keyOwnerRules,
];

const subjectTypes: ReadonlySet<string> = new Set([...baseTypes, oid.commonName]);

const renewalRules: readonly ApplicantRule[] = [
  {
    id: 'issued-by-ca',
    citation: 'a renewal rests on what the CA has found out before',
    check: (_, { possessionProved }) =>
      possessionProved ? undefined : 'the certificate that is to be renewed was not issued by this CA',
  },
  ...nameRules,
  ...keyOwnerRules,
];

/** Every reason not to certify once more what a certificate says; none for a good one. */
export function renewalFindings(applicant: Applicant, context: RequestContext): Finding[] {
  return [...findingsOf(renewalRules, applicant, context), ...keyFindings(applicant.publicKey)];
}

/** Every reason not to certify the key of a request for a name that somebody else has said; none for a good one. */
export function keyOnlyFindings(applicant: Applicant, signed: SignedStructure, context: RequestContext): Finding[] {
  const message = possessionFault(applicant.publicKey, signed, context);
  return [
    ...(message === undefined ? [] : [{ ...proofOfPossession, message }]),
    ...findingsOf([...nameRules, ...keyOwnerRules], applicant, context),
    ...keyFindings(applicant.publicKey),
  ];
}

const proofOfPossession = { rule: 'proof-of-possession', citation: 'RFC 2986, section 3; RFC 4211, section 4' };

function possessionFault(
  publicKey: PublicKey,
  signed: SignedStructure,
  { possessionProved }: RequestContext,
): string | undefined {
  if (possessionProved) return undefined;
  return judgeSignature(publicKey, signed) === 'unknown'
    ? `whether the sender has the private key cannot be checked: the signature algorithm ${signatureName(signed)} is not known`
    : 'the signature does not prove that the sender has the private key';
}

/** Every reason to refuse a request; none for a good one. */
export function requestFindings(request: CertificationRequest, context: RequestContext): Finding[] {
  return [...findingsOf(requestRules, request, context), ...keyFindings(request.publicKey)];
}
