/**
 * Object identifiers and the names that OpenSSL gives them.
 *
 * @module
 */

export const oid = {
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  sha384WithRsa: '1.2.840.113549.1.1.12',
  sha512WithRsa: '1.2.840.113549.1.1.13',
  ecPublicKey: '1.2.840.10045.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  ecdsaWithSha384: '1.2.840.10045.4.3.3',
  ecdsaWithSha512: '1.2.840.10045.4.3.4',
  p256: '1.2.840.10045.3.1.7',
  p384: '1.3.132.0.34',
  p521: '1.3.132.0.35',
  dsa: '1.2.840.10040.4.1',
  ed25519: '1.3.101.112',
  ed448: '1.3.101.113',
  rsaPss: '1.2.840.113549.1.1.10',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  pkcs7Data: '1.2.840.113549.1.7.1',
  pkcs7SignedData: '1.2.840.113549.1.7.2',
  pkcs7EncryptedData: '1.2.840.113549.1.7.6',
  pbeWithSha1AndTripleDes: '1.2.840.113549.1.12.1.3',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  sha1: '1.3.14.3.2.26',
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  pkcs8ShroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  countryName: '2.5.4.6',
  stateOrProvinceName: '2.5.4.8',
  localityName: '2.5.4.7',
  organizationName: '2.5.4.10',
  organizationalUnitName: '2.5.4.11',
  commonName: '2.5.4.3',
  serialNumber: '2.5.4.5',
  emailAddress: '1.2.840.113549.1.9.1',
  domainComponent: '0.9.2342.19200300.100.1.25',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  policyConstraints: '2.5.29.36',
  inhibitAnyPolicy: '2.5.29.54',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ipsecIke: '1.3.6.1.5.5.7.3.17',
  anyExtendedKeyUsage: '2.5.29.37.0',
  crlDistributionPoints: '2.5.29.31',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
  caIssuers: '1.3.6.1.5.5.7.48.2',
  ocsp: '1.3.6.1.5.5.7.48.1',
} as const;

/** Short names of attribute types, as OpenSSL writes them in names. */
export const attributeShortNames: ReadonlyMap<string, string> = new Map([
  [oid.countryName, 'C'],
  [oid.stateOrProvinceName, 'ST'],
  [oid.localityName, 'L'],
  [oid.organizationName, 'O'],
  [oid.organizationalUnitName, 'OU'],
  [oid.commonName, 'CN'],
  [oid.emailAddress, 'emailAddress'],
  [oid.serialNumber, 'serialNumber'],
  ['2.5.4.4', 'SN'],
  ['2.5.4.42', 'GN'],
  ['2.5.4.12', 'title'],
  [oid.domainComponent, 'DC'],
  ['0.9.2342.19200300.100.1.1', 'UID'],
]);

/** Names of signature algorithms, as OpenSSL prints them. */
export const signatureNames: ReadonlyMap<string, string> = new Map([
  ['1.2.840.113549.1.1.4', 'md5WithRSAEncryption'],
  ['1.2.840.113549.1.1.5', 'sha1WithRSAEncryption'],
  [oid.sha256WithRsa, 'sha256WithRSAEncryption'],
  [oid.sha384WithRsa, 'sha384WithRSAEncryption'],
  [oid.sha512WithRsa, 'sha512WithRSAEncryption'],
  [oid.rsaPss, 'rsassaPss'],
  ['1.2.840.10045.4.1', 'ecdsa-with-SHA1'],
  [oid.ecdsaWithSha256, 'ecdsa-with-SHA256'],
  [oid.ecdsaWithSha384, 'ecdsa-with-SHA384'],
  [oid.ecdsaWithSha512, 'ecdsa-with-SHA512'],
  ['1.2.840.10040.4.3', 'dsa-with-SHA1'],
  ['2.16.840.1.101.3.4.3.2', 'dsa_with_SHA256'],
  [oid.ed25519, 'ED25519'],
  [oid.ed448, 'ED448'],
]);

/** Names of extensions, as OpenSSL prints them. */
export const extensionNames: ReadonlyMap<string, string> = new Map([
  [oid.subjectKeyIdentifier, 'X509v3 Subject Key Identifier'],
  [oid.keyUsage, 'X509v3 Key Usage'],
  [oid.subjectAltName, 'X509v3 Subject Alternative Name'],
  [oid.basicConstraints, 'X509v3 Basic Constraints'],
  [oid.nameConstraints, 'X509v3 Name Constraints'],
  [oid.authorityKeyIdentifier, 'X509v3 Authority Key Identifier'],
  [oid.extKeyUsage, 'X509v3 Extended Key Usage'],
  [oid.crlDistributionPoints, 'X509v3 CRL Distribution Points'],
  [oid.certificatePolicies, 'X509v3 Certificate Policies'],
  [oid.policyMappings, 'X509v3 Policy Mappings'],
  [oid.policyConstraints, 'X509v3 Policy Constraints'],
  [oid.inhibitAnyPolicy, 'X509v3 Inhibit Any Policy'],
  [oid.authorityInfoAccess, 'Authority Information Access'],
  ['2.16.840.1.113730.1.1', 'Netscape Cert Type'],
  ['2.16.840.1.113730.1.13', 'Netscape Comment'],
]);

/** Names of what authorityInfoAccess leads to, as OpenSSL prints them. */
export const accessNames: ReadonlyMap<string, string> = new Map([
  [oid.caIssuers, 'CA Issuers'],
  [oid.ocsp, 'OCSP'],
]);

/** Names of purposes of extKeyUsage, as OpenSSL prints them. */
export const purposeNames: ReadonlyMap<string, string> = new Map([
  [oid.serverAuth, 'TLS Web Server Authentication'],
  [oid.clientAuth, 'TLS Web Client Authentication'],
  ['1.3.6.1.5.5.7.3.3', 'Code Signing'],
  ['1.3.6.1.5.5.7.3.4', 'E-mail Protection'],
  ['1.3.6.1.5.5.7.3.8', 'Time Stamping'],
  ['1.3.6.1.5.5.7.3.9', 'OCSP Signing'],
  [oid.ipsecIke, 'ipsec Internet Key Exchange'],
  [oid.anyExtendedKeyUsage, 'Any Extended Key Usage'],
]);
