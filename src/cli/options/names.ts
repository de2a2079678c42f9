/**
 * Operands: names, ranges of names, files of names, and the type of certificate behind them.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { readFile } from '../../platform/files.js';
import { readStandardInput } from '../../platform/standard-input.js';
import { type CertificateType, expandNames, parseNameFile } from '../../usecases/inputs.js';
import type { Context } from './context.js';

/** The names of a command that takes no type. Throws USAGE where there is none. */
export async function namesOf(context: Context<'names'>): Promise<string[]> {
  return expand(context, context.operands);
}

/** The names, and the type if the last operand is one; a switch otherwise, as ovs-pki has it. */
export async function namesAndTypeOf(context: Context<'names'>): Promise<{ names: string[]; type: CertificateType }> {
  const last = context.operands.at(-1);
  const atLeast = context.options.names === undefined ? 2 : 1;
  const type = context.operands.length >= atLeast ? typeOf(last) : undefined;
  if (type === undefined && context.operands.length >= atLeast && last !== undefined) refuseMisspeltType(last);
  const names = await expand(context, type === undefined ? context.operands : context.operands.slice(0, -1));
  return { names, type: type ?? 'switch' };
}

/** The one file of a command, which is no name and no range of names, and the type behind it. */
export async function fileAndTypeOf({ operands }: Context<never>): Promise<{ names: string[]; type: CertificateType }> {
  const type = operands.length > 1 ? typeOf(operands.at(-1)) : undefined;
  const names = type === undefined ? operands : operands.slice(0, -1);
  if (names.length > 0) return { names: [...names], type: type ?? 'switch' };
  throw new OvsPkiError('USAGE', 'there is no request to sign', {
    hint: 'ovs-pki-ts sign FILE --as host_1 --key-only',
  });
}

/** The type, of a command that takes no names. Throws USAGE. */
export function onlyTypeOf({ operands }: Pick<Context<never>, 'operands'>): CertificateType {
  const type = operands.length === 0 ? 'switch' : typeOf(operands[0]);
  if (type !== undefined && operands.length <= 1) return type;
  throw new OvsPkiError('USAGE', `the one operand is switch or controller, not ${JSON.stringify(operands.join(' '))}`);
}

/** A word that is a type. */
export function typeOf(word: string | undefined): CertificateType | undefined {
  return word === 'switch' || word === 'controller' ? word : undefined;
}

/** ovs-pki refuses every type that it does not know; here the word would become one more name. Throws USAGE. */
function refuseMisspeltType(word: string): void {
  if (!/^(contr[a-z]*|swi?t?che?s?|[sv]witch)$/i.test(word)) return;
  throw new OvsPkiError('USAGE', `the type of a certificate is switch or controller, not ${word}`, {
    hint: `if it is the name of a host, name it before the others, or in a file: --names FILE`,
  });
}

async function expand({ options }: Context<'names'>, operands: readonly string[]): Promise<string[]> {
  const file = options.names;
  const listed =
    file === undefined ? [] : parseNameFile(file === '-' ? await readStandardInput() : readFile(file).toString());
  const names = expandNames([...operands, ...listed]);
  if (names.length > 0) return names;
  throw new OvsPkiError('USAGE', 'there is no name to work on', {
    hint: 'give one or more names, a range such as "host_[1-5]", or --names FILE',
  });
}
