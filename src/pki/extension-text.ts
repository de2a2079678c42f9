/**
 * Extensions of certificates and requests as OpenSSL prints them.
 *
 * @module
 */

import { decodeGeneralNames, type Extension, type GeneralName, type KeyUsage, keyUsageNames } from './certificate.js';
import { contextTag, readDer, sequenceOf, tag, toHex } from './der.js';
import { namedBits, readBoolean, readInteger, readOid } from './der-values.js';
import { accessNames, extensionNames, oid, purposeNames } from './oid.js';
import { decodeAccess, decodeDistributionPoints } from './places.js';

/** Bytes as `AB:CD:…`. */
export function colonHex(bytes: Uint8Array): string {
  return toHex(bytes).toUpperCase().match(/../g)?.join(':') ?? '';
}

export function extensionLines({ type, critical, value }: Extension, indent: number): string[] {
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
