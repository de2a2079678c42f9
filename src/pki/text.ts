/**
 * Certificates and requests as `openssl x509 -text` and `openssl req -text` print them.
 *
 * @module
 */

import type { Certificate, Extension, GeneralName, KeyUsage } from './certificate.js';
import { decodeGeneralNames, keyUsageNames } from './certificate.js';
import type { CertificationRequest } from './certification-request.js';
import { contextTag, namedBits, readBoolean, readDer, readInteger, readOid, sequenceOf, tag, toHex } from './der.js';
import type { PublicKey } from './key.js';
import { formatName } from './name.js';
import { accessNames, extensionNames, oid, purposeNames, signatureNames } from './oid.js';
import { encodePem } from './pem.js';
import { decodeAccess, decodeDistributionPoints } from './places.js';
import { parseSerial } from './serial.js';

/** The content of a NAME-cert.pem: the text, then the PEM block. */
export function certificateFileText(certificate: Certificate): string {
  const text =
    fileTexts.get(certificate) ?? `${certificateText(certificate)}${encodePem('CERTIFICATE', certificate.der)}`;
  fileTexts.set(certificate, text);
  return text;
}

/** A certificate is written twice, for the CA and for its owner. */
const fileTexts = new WeakMap<Certificate, string>();

/** The content of a NAME-req.pem. */
export function requestFileText(request: CertificationRequest): string {
  return `${requestText(request)}${encodePem('CERTIFICATE REQUEST', request.der)}`;
}

export function certificateText(certificate: Certificate): string {
  return [
    'Certificate:',
    '    Data:',
    `        Version: ${certificate.version} (0x${certificate.version - 1})`,
    ...serialLines(certificate.serialNumber),
    `        Signature Algorithm: ${signatureName(certificate.innerSignatureAlgorithm)}`,
    `        Issuer: ${formatName(certificate.issuer)}`,
    '        Validity',
    `            Not Before: ${formatTime(certificate.notBefore)}`,
    `            Not After : ${formatTime(certificate.notAfter)}`,
    `        Subject: ${formatName(certificate.subject)}`,
    ...publicKeyLines(certificate.publicKey),
    ...(certificate.extensions.length > 0 ? ['        X509v3 extensions:'] : []),
    ...certificate.extensions.flatMap((extension) => extensionLines(extension, 12)),
    ...signatureLines(certificate),
  ].join('\n');
}

export function requestText(request: CertificationRequest): string {
  const hasAttributes = request.attributeTypes.length > 0;
  return [
    'Certificate Request:',
    '    Data:',
    `        Version: ${request.version} (0x${request.version - 1})`,
    `        Subject: ${formatName(request.subject, ' = ')}`,
    ...publicKeyLines(request.publicKey),
    '        Attributes:',
    ...(hasAttributes ? [] : ['            (none)']),
    ...(request.extensions.length > 0 ? ['            Requested Extensions:'] : []),
    ...request.extensions.flatMap((extension) => extensionLines(extension, 16)),
    ...signatureLines(request),
  ].join('\n');
}

/** `Nov 22 02:52:21 2026 GMT`: a time as OpenSSL prints it. */
export function formatTime(date: Date): string {
  const [, day = '', month, year, time] = date.toUTCString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${time} ${Number(year)} GMT`;
}

/** Bytes as `AB:CD:…`. */
export function colonHex(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase().match(/../g)?.join(':') ?? '';
}

function serialLines(serialNumber: string): string[] {
  const value = parseSerial(serialNumber);
  if (value >= 0n && value < 1n << 63n) return [`        Serial Number: ${value} (0x${value.toString(16)})`];
  const bytes = colonHex(Buffer.from(serialNumber.replace('-', ''), 'hex')).toLowerCase();
  return ['        Serial Number:', `            ${value < 0n ? ' (Negative)' : ''}${bytes}`];
}

function publicKeyLines(key: PublicKey): string[] {
  const lines = ['        Subject Public Key Info:'];
  switch (key.type) {
    case 'rsa':
      return [
        ...lines,
        '            Public Key Algorithm: rsaEncryption',
        `                Public-Key: (${key.bits} bit)`,
        '                Modulus:',
        ...hexLines(signedBytes(key.modulus), 20, 15),
        ...exponentLines(key.exponent),
      ];
    case 'ec':
      return [
        ...lines,
        '            Public Key Algorithm: id-ecPublicKey',
        `                Public-Key: (${key.curve === 'P-256' ? 256 : 384} bit)`,
        '                pub:',
        ...hexLines(key.keyBits, 20, 15),
        `                ASN1 OID: ${key.curve === 'P-256' ? 'prime256v1' : 'secp384r1'}`,
        `                NIST CURVE: ${key.curve}`,
      ];
    case 'other':
      return [...lines, `            Public Key Algorithm: ${key.name}`];
  }
}

/** In decimal as long as it fits into a word. */
function exponentLines(exponent: bigint): string[] {
  if (exponent >= 1n << 64n) return ['                Exponent:', ...hexLines(signedBytes(exponent), 20, 15)];
  return [`                Exponent: ${exponent} (0x${exponent.toString(16)})`];
}

function signedBytes(value: bigint): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return (bytes[0] as number) & 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

function signatureLines({ signatureAlgorithm, signature }: Certificate | CertificationRequest): string[] {
  return [
    `    Signature Algorithm: ${signatureName(signatureAlgorithm)}`,
    '    Signature Value:',
    ...hexLines(signature, 8, 18),
    '',
  ];
}

function signatureName(algorithm: string): string {
  return signatureNames.get(algorithm) ?? algorithm;
}

/** Lines of lower case `ab:cd:` with a colon between lines too, as OpenSSL breaks them. */
function hexLines(bytes: Uint8Array, indent: number, perLine: number): string[] {
  const pairs = toHex(bytes).match(/../g) ?? [];
  const lines: string[] = [];
  for (let index = 0; index < pairs.length; index += perLine) {
    const end = index + perLine < pairs.length ? ':' : '';
    lines.push(' '.repeat(indent) + pairs.slice(index, index + perLine).join(':') + end);
  }
  return lines;
}

function extensionLines({ type, critical, value }: Extension, indent: number): string[] {
  const head = `${' '.repeat(indent)}${extensionNames.get(type) ?? type}: ${critical ? 'critical' : ''}`;
  return [
    head,
    ...extensionText(type, value)
      .split('\n')
      .map((line) => ' '.repeat(indent + 4) + line),
  ];
}

function extensionText(type: string, value: Uint8Array): string {
  try {
    switch (type) {
      case oid.basicConstraints:
        return basicConstraintsText(value);
      case oid.keyUsage:
        return keyUsageText(value);
      case oid.extKeyUsage:
        return sequenceOf(readDer(value), 'extKeyUsage')
          .map((purpose) => readOid(purpose, 'extKeyUsage'))
          .map((purpose) => purposeNames.get(purpose) ?? purpose)
          .join(', ');
      case oid.subjectAltName:
        return decodeGeneralNames(value).map(generalNameText).join(', ');
      case oid.subjectKeyIdentifier:
        return colonHex(readDer(value).content);
      case oid.authorityKeyIdentifier: {
        const parts = sequenceOf(readDer(value), 'authorityKeyIdentifier');
        return colonHex(parts.find((part) => part.tag === contextTag(0, false))?.content ?? Uint8Array.of());
      }
      case oid.crlDistributionPoints:
        return pointsText(value) ?? colonHex(value);
      case oid.authorityInfoAccess:
        return decodeAccess(value)
          .map(({ method, name }) => `${accessNames.get(method) ?? method} - ${generalNameText(name)}`)
          .join('\n');
    }
  } catch {
    // A value that cannot be read is shown as its bytes.
  }
  return colonHex(value);
}

function basicConstraintsText(value: Uint8Array): string {
  const parts = sequenceOf(readDer(value), 'basicConstraints');
  const ca = parts[0]?.tag === tag.boolean && readBoolean(parts[0], 'cA');
  const length = parts.find((part) => part.tag === tag.integer);
  return `CA:${ca ? 'TRUE' : 'FALSE'}${length === undefined ? '' : `, pathlen:${readInteger(length, 'pathLen')}`}`;
}

function pointsText(value: Uint8Array): string | undefined {
  return decodeDistributionPoints(value)
    ?.map((names) => ['Full Name:', ...names.map((name) => `  ${generalNameText(name)}`)].join('\n'))
    .join('\n');
}

function keyUsageText(value: Uint8Array): string {
  const bits = namedBits(readDer(value), 'keyUsage');
  return keyUsageNames
    .filter((_, bit) => bits[bit] === true)
    .map((usage) => keyUsageTexts[usage])
    .join(', ');
}

/** `DNS:host_1`. */
export function generalNameText({ kind, text, content }: GeneralName): string {
  if (kind === 1) return `email:${text}`;
  if (kind === 2) return `DNS:${text}`;
  if (kind === 6) return `URI:${text}`;
  if (kind === 7 && content.length === 4) return `IP Address:${[...content].join('.')}`;
  if (kind === 7 && content.length === 16) return `IP Address:${ipv6Text(content)}`;
  return `othername:<unsupported>`;
}

function ipv6Text(content: Uint8Array): string {
  const groups = toHex(content).match(/.{4}/g) ?? [];
  return groups.map((group) => Number.parseInt(group, 16).toString(16).toUpperCase()).join(':');
}

const keyUsageTexts: Readonly<Record<KeyUsage, string>> = {
  digitalSignature: 'Digital Signature',
  nonRepudiation: 'Non Repudiation',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Certificate Sign',
  cRLSign: 'CRL Sign',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
};
