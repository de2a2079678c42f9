/**
 * Why a certificate is not issued, and what to do instead.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import type { Finding } from '../../pki/lint/rule.js';
import { indexRows } from '../index/row.js';
import { wantsUniqueSubjects } from '../index/unique-subject.js';
import type { CaLayout } from '../layout.js';

/** The subjects that `openssl ca` wants once only, where index.txt.attr says so. */
export function uniqueSubjects(layout: CaLayout): Set<string> | undefined {
  if (!wantsUniqueSubjects(layout)) return undefined;
  const subjects = new Set<string>();
  for (const { state, subject } of indexRows(layout.index)) if (state === 'V') subjects.add(subject);
  return subjects;
}

export function notUnique({ indexAttributes, folder }: CaLayout, commonName: string): OvsPkiError {
  const message = `${indexAttributes} says unique_subject = yes, and ${commonName} has a certificate already: a second one would end "openssl ca" in ${folder}`;
  return new OvsPkiError('REQUEST_REFUSED', message, {
    hint: `have ${folder} take several, as ovs-pki does: echo 'unique_subject = no' >${indexAttributes}`,
    details: { file: indexAttributes, name: commonName },
  });
}

/** The refusal of a request, with all of its reasons. */
export function refusal(
  name: string,
  reasons: readonly Finding[],
  what: 'request' | 'renewal' = 'request',
): OvsPkiError {
  const list = reasons.map(({ message }) => message).join('; ');
  const isConstrained = reasons.some(({ rule }) => rule === 'name-constraints');
  return new OvsPkiError('REQUEST_REFUSED', `the ${what} of ${name} is refused: ${list}`, {
    hint: isConstrained
      ? 'choose a name that the CA may certify: openssl x509 -noout -ext nameConstraints -in cacert.pem'
      : refusalCure(name, reasons, what),
    details: { name, reasons },
  });
}

function refusalCure(name: string, reasons: readonly Finding[], what: 'request' | 'renewal'): string {
  if (what === 'renewal') return `have a new key made, too, where the key is: ovs-pki-ts renew --rekey ${name}`;
  return reasons.every(({ rule }) => isOfContent.has(rule))
    ? `take its key alone, and nothing else that it asks for: ovs-pki-ts sign ${name} --key-only`
    : `have a new one made where the key is: ovs-pki-ts req --unique --force ${name}`;
}

/** What a request asks for, and that of other programs always does: nothing is wrong with its key. */
const isOfContent: ReadonlySet<string> = new Set([
  'common-name',
  'name-matches',
  'subject-attributes',
  'organization',
  'subject-alt-name',
  'foreign-extensions',
]);
