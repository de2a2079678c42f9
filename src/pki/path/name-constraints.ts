/**
 * Name constraints of CAs (RFC 5280, section 4.2.1.10): those on DNS names and on subjects are applied. Any other kind is
 * refused only where there is a name of that kind, which certificates of ours never have.
 *
 * @module
 */

import { type Certificate, type GeneralName, generalName } from '../certificate.js';
import { children, contextTag, type DerElement, readDer, sequenceOf } from '../der.js';
import { readOid, readText } from '../der-values.js';
import { type DistinguishedName, decodeName } from '../name.js';
import { oid } from '../oid.js';

/** The names that stand below a CA. */
export interface NamesBelow {
  /** Of the subjectAltName of the end entity. */
  readonly alternative: readonly Pick<GeneralName, 'kind' | 'text'>[];
  readonly subjects: readonly DistinguishedName[];
}

/** Kinds of names that are compared here: dNSName and directoryName. */
const kinds = { email: 1, dns: 2, directory: 4 } as const;
const emailAddress = '1.2.840.113549.1.9.1';

/** What is wrong with the names, in a sentence without its beginning; undefined where the CA allows them. */
export function nameConstraintFault({ extensions }: Certificate, names: NamesBelow): string | undefined {
  const extension = extensions.find(({ type }) => type === oid.nameConstraints);
  if (extension === undefined) return undefined;
  const subtrees = (number: number): DerElement[] =>
    children(readDer(extension.value))
      .filter((part) => part.tag === contextTag(number, true))
      .flatMap(children);
  const baseOf = (subtree: DerElement): DerElement => children(subtree)[0] ?? subtree;
  const [permitted, excluded] = [subtrees(0).map(baseOf), subtrees(1).map(baseOf)];
  return (
    otherKindFault([...permitted, ...excluded], names) ??
    depthFault([...subtrees(0), ...subtrees(1)], names) ??
    dnsFault(permitted.map(generalName), excluded.map(generalName), names) ??
    subjectFault(permitted, excluded, names)
  );
}

function otherKindFault(subtrees: readonly DerElement[], { alternative, subjects }: NamesBelow): string | undefined {
  const hasEmail = subjects.some(({ attributes }) => attributes.some(({ type }) => type === emailAddress));
  const present = new Set([...alternative.map(({ kind }) => kind), ...(hasEmail ? [kinds.email] : [])]);
  const found = subtrees
    .map((subtree) => generalName(subtree).kind)
    .find((kind) => kind !== kinds.dns && kind !== kinds.directory && present.has(kind));
  return found === undefined ? undefined : `constrains names of type ${found}, which is not supported`;
}

/** Section 4.2.1.10: minimum is 0, which DER leaves out, and there is no maximum. What another one means nobody applies. */
function depthFault(subtrees: readonly DerElement[], { alternative, subjects }: NamesBelow): string | undefined {
  const present = new Set([...alternative.map(({ kind }) => kind), ...(subjects.length > 0 ? [kinds.directory] : [])]);
  const bounded = subtrees.some((subtree) => {
    const [base, ...bounds] = children(subtree);
    return base !== undefined && bounds.length > 0 && present.has(generalName(base).kind);
  });
  return bounded ? 'constrains names by their depth, which is not supported' : undefined;
}

function dnsFault(
  permitted: readonly GeneralName[],
  excluded: readonly GeneralName[],
  { alternative }: NamesBelow,
): string | undefined {
  // OpenSSL gives up at the same product.
  if (alternative.length * (permitted.length + excluded.length) > 1 << 20)
    return 'constrains more names than are compared';
  const isDns = ({ kind }: Pick<GeneralName, 'kind'>): boolean => kind === kinds.dns;
  const [inside, out] = [permitted.filter(isDns), excluded.filter(isDns)];
  const outside = alternative
    .filter(isDns)
    .find(
      ({ text: name }) =>
        (inside.length > 0 && !inside.some(({ text }) => isWithin(name, text))) ||
        out.some(({ text }) => isWithin(name, text)),
    );
  return outside && `does not allow the name ${outside.text}`;
}

/** Whether a name lies under a constraint; one that begins with a dot does not hold the domain itself. */
function isWithin(name: string, constraint: string): boolean {
  const [left, right] = [name.toLowerCase(), constraint.toLowerCase()];
  if (right === '' || left === right) return true;
  return left.endsWith(right.startsWith('.') ? right : `.${right}`);
}

function subjectFault(
  permitted: readonly DerElement[],
  excluded: readonly DerElement[],
  { subjects }: NamesBelow,
): string | undefined {
  const directories = (subtrees: readonly DerElement[]): string[][] =>
    subtrees
      .filter((subtree) => generalName(subtree).kind === kinds.directory)
      .map((subtree) => foldedRdns(decodeName(children(subtree)[0] ?? subtree, 'a name constraint')));
  const [inside, out] = [directories(permitted), directories(excluded)];
  const bad = subjects.find((subject) => {
    const rdns = foldedRdns(subject);
    const isBelow = (base: readonly string[]): boolean => base.every((rdn, index) => rdns[index] === rdn);
    return rdns.length > 0 && ((inside.length > 0 && !inside.some(isBelow)) || out.some(isBelow));
  });
  if (bad === undefined) return undefined;
  return `does not allow the subject ${bad.attributes.map(({ value }) => value).join(', ')}`;
}

/** Each relative distinguished name as a text that can be compared, whatever the type of its strings. */
function foldedRdns({ der }: DistinguishedName): string[] {
  return sequenceOf(readDer(der), 'a name').map((rdn) =>
    children(rdn)
      .map((pair) => {
        const [type, value] = sequenceOf(pair, 'a name');
        return `${readOid(type, 'a name')}=${value === undefined ? '' : foldText(readText(value, 'a name'))}`;
      })
      .sort()
      .join('+'),
  );
}

/** Text as RFC 5280, section 7.1, compares it, and OpenSSL: the case of ASCII letters and the amount of white space do not count. */
export function foldText(text: string): string {
  return text
    .replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replaceAll(/[ \t\n\v\f\r]+/g, ' ')
    .replaceAll(/^ | $/g, '');
}
