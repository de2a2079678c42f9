/**
 * Certificates and requests as `openssl x509 -text` and `openssl req -text` print them.
 *
 * @module
 */

import type { Certificate } from './certificate.js';
import type { CertificationRequest } from './certification-request.js';
import { toHex } from './der.js';
import { colonHex, extensionLines } from './extension-text.js';
import type { PublicKey } from './key.js';
import { formatName } from './name.js';
import { signatureNames } from './oid.js';
import { encodePem } from './pem.js';
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
