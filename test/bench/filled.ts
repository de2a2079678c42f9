/** A CA as a long life leaves it: many rows in its index, and what goes with them. */

import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Rows of certificates, and the key register that goes with them. */
export function fillIndex(ca: string, count: number): void {
  mkdirSync(join(ca, 'keys'), { recursive: true });
  const buckets = new Map<string, string>();
  const rows: string[] = [];
  for (let number = 0; number < count; number++) {
    const serial = serialOf(number);
    const subject = `/C=US/ST=CA/O=Open vSwitch/OU=Open vSwitch certifier/CN=old_${number}`;
    rows.push(`V\t361119033336Z\t\t${serial}\tunknown\t${subject}\n`);
    const hash = (BigInt(number) * 0x9e3779b97f4a7c15n).toString(16).padStart(64, '0').slice(-64);
    const bucket = hash.slice(-2);
    buckets.set(bucket, `${buckets.get(bucket) ?? ''}${bucket}${hash.slice(2)} ${serial} old_${number}\n`);
  }
  appendFileSync(join(ca, 'index.txt'), rows.join(''));
  for (const [bucket, lines] of buckets) appendFileSync(join(ca, 'keys', bucket), lines);
}

/** For each of these rows a file of its own in newcerts/, with the content of the last that was really issued. */
export function fillCopies(ca: string, count: number): void {
  const folder = join(ca, 'newcerts');
  const contents = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const content = contents.sort((left, right) => right.length - left.length)[0];
  if (content === undefined) throw new Error('no certificate was issued');
  for (let number = 0; number < count; number++) writeFileSync(join(folder, `${serialOf(number)}.pem`), content);
}

function serialOf(number: number): string {
  return `41${number.toString(16).toUpperCase().padStart(30, '0')}`;
}
