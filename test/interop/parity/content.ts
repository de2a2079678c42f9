/** What is in a file, as OpenSSL reads it, with what must differ from run to run made equal. */

import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run, runWell } from '../../support/programs.js';

type Fields = Record<string, string>;

export async function describeContent(folder: string, name: string): Promise<Fields> {
  const file = join(folder, name);
  const text = readFileSync(file, 'latin1');
  if (text.includes('-BEGIN CERTIFICATE REQUEST-')) return describeRequest(file, text);
  if (text.includes('-BEGIN CERTIFICATE-')) return describeCertificate(folder, file, text);
  if (text.includes('PRIVATE KEY-')) return describeKey(file, text);
  switch (basename(name).replace(/\.old$/, '')) {
    case 'index.txt':
      return { rows: maskTimes(maskUuid(text)).replaceAll(/\t[0-9A-F]+\tunknown/g, '\t<serial>\tunknown') };
    case 'serial':
      return { form: /^([0-9A-F]{2})+\n$/.test(text) ? 'a serial number' : text };
    case 'ca.cnf':
    case 'index.txt.attr':
    case 'crlnumber':
      return { text: maskTimes(text) };
    default:
      return {};
  }
}

async function describeRequest(file: string, pem: string): Promise<Fields> {
  const { stdout: text, stderr } = await run('openssl', [
    ...['req', '-in', file, '-noout', '-verify', '-text', '-nameopt', 'RFC2253'],
  ]);
  return {
    form: formOf(pem, 'Certificate Request:'),
    signature: /verify OK/.test(stderr) ? labelled(text, 'Signature Algorithm') : 'wrong',
    subject: maskTimes(maskUuid(labelled(text, 'Subject'))),
    key: keyOf(text),
    ...extensionsOf(text),
  };
}

async function describeCertificate(folder: string, file: string, pem: string): Promise<Fields> {
  const text = await runWell('openssl', ['x509', '-in', file, '-noout', '-text', '-nameopt', 'RFC2253']);
  const issuer = labelled(text, 'Issuer');
  const notAfter = Date.parse(labelled(text, 'Not After '));
  return {
    form: formOf(pem, 'Certificate:'),
    version: labelled(text, 'Version'),
    'serial number': serialLength(text) >= 8 ? 'random' : 'a small number',
    signature: labelled(text, 'Signature Algorithm'),
    issuer: maskTimes(maskUuid(issuer)),
    subject: maskTimes(maskUuid(labelled(text, 'Subject'))),
    begins: beginning(Date.parse(labelled(text, 'Not Before'))),
    ends: `${Math.round((notAfter - Date.now()) / 86_400_000)} days from now${afterCa(folder, issuer, notAfter)}`,
    key: keyOf(text),
    ...extensionsOf(text),
  };
}

async function describeKey(file: string, pem: string): Promise<Fields> {
  const { stdout } = await run('openssl', ['pkey', '-in', file, '-noout', '-text']);
  const [, label = ''] = /-----BEGIN (.*)-----/.exec(pem) ?? [];
  return { form: label, key: stdout.slice(0, stdout.indexOf('\n')) };
}

function labelled(text: string, label: string): string {
  return new RegExp(`^ *${label}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
}

function keyOf(text: string): string {
  return `${labelled(text, 'Public Key Algorithm')} ${labelled(text, 'Public-Key')}`;
}

function formOf(pem: string, textBegins: string): string {
  return pem.startsWith('-----BEGIN') ? 'PEM' : pem.startsWith(textBegins) ? 'text and PEM' : 'other';
}

/** In bytes. */
function serialLength(text: string): number {
  const long = /Serial Number:\n +([0-9a-f:]+)$/m.exec(text)?.[1];
  return long === undefined ? 1 : long.split(':').length;
}

function beginning(notBefore: number): string {
  const ageS = (Date.now() - notBefore) / 1000;
  if (ageS >= -1 && ageS < 900) return 'now';
  return ageS >= 3600 && ageS < 4500 ? 'an hour ago' : new Date(notBefore).toISOString();
}

/** Whether a certificate outlives the CA of the folder that has issued it. */
function afterCa(folder: string, issuer: string, notAfter: number): string {
  const [, type] = /OU=(switch|controller)ca/.exec(issuer) ?? [];
  if (type === undefined) return '';
  const ca = join(folder, 'pki', `${type}ca`, 'cacert.pem');
  if (!existsSync(ca)) return '';
  return notAfter > Date.parse(new X509Certificate(readFileSync(ca)).validTo) ? ', later than its CA' : '';
}

function extensionsOf(text: string): Fields {
  const fields: Fields = {};
  const pattern = /^( {12}| {16})(X509v3 [A-Za-z ]+|[\d.]+): *(critical)?\s*\n\1 {4}(.*)$/gm;
  for (const [, , name = '', critical = '', value = ''] of text.matchAll(pattern)) {
    const masked = name.endsWith('Key Identifier') ? '<hash>' : maskUuid(value);
    fields[`extension ${name}`] = `${critical} ${masked}`.trim();
  }
  return fields;
}

function maskUuid(text: string): string {
  return text.replaceAll(/\bid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'id:<uuid>');
}

function maskTimes(text: string): string {
  return text
    .replaceAll(/\b\d{4} [A-Z][a-z]{2} \d{2} \d\d:\d\d:\d\d\b/g, '<time>')
    .replaceAll(/\b\d{12}Z\b/g, '<time>');
}
