/**
 * Where passphrases and PINs come from: a file, a descriptor, or a question on the terminal.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { readPassphraseDescriptor, readPassphraseFile } from '../../platform/passphrase.js';
import { lostPassphrase, passphraseFault } from '../../usecases/inputs.js';
import { askNewSecret, askSecret, hasTerminal } from './prompt.js';
import type { Options } from './specs.js';
import { standardStream } from './streams.js';

/** The options that answer a question for a passphrase. */
type Source = 'passphrase' | 'new-passphrase';
type SourceOptions<One extends Source> = Options<`${One}-file` | `${One}-fd`>;

/** Gives the passphrase of a key file when it is wanted; a person is asked once for each file. */
export function passphraseSource(options: SourceOptions<'passphrase'>): (keyFile: string) => Promise<string> {
  const answers = new Map<string, Promise<string>>();
  return (keyFile) => {
    const place = givenAt(options, 'passphrase') === undefined ? keyFile : '';
    const answer = answers.get(place) ?? passphraseOf(options, keyFile);
    answers.set(place, answer);
    return answer;
  };
}

async function passphraseOf(options: SourceOptions<'passphrase'>, keyFile: string): Promise<string> {
  const given = givenAt(options, 'passphrase');
  if (given !== undefined) return given();
  if (!hasTerminal()) {
    throw new OvsPkiError('KEY_ENCRYPTED', `${keyFile} is encrypted, and there is no terminal to ask its passphrase`, {
      hint: `give it with ${optionsOf('passphrase')}`,
      details: { file: keyFile },
    });
  }
  const typed = await askSecret(`Passphrase of ${keyFile}:`, optionsOf('passphrase'));
  if (typed !== '') return typed;
  throw new OvsPkiError('KEY_ENCRYPTED', `${keyFile} is encrypted, and no passphrase was given`, {
    hint: isCaKey(keyFile) ? lostPassphrase : `give it with ${optionsOf('passphrase')}`,
    details: { file: keyFile },
  });
}

/** Of the key of a host there is another way out than a new CA. */
function isCaKey(file: string): boolean {
  return file.endsWith('/cakey.pem');
}

/** Gives the PIN of a token: what the options for a passphrase say, or what a person types. */
export function pinSource(options: SourceOptions<'passphrase'>): (token: string) => Promise<string> {
  return async (token) => {
    const given = givenAt(options, 'passphrase');
    if (given !== undefined) return given();
    const typed = await askSecret(`PIN of the token ${token}:`, optionsOf('passphrase'));
    // A token would count it as a wrong one.
    if (typed !== '') return typed;
    throw new OvsPkiError('PASSPHRASE_WRONG', `the token ${token} wants a PIN, and none was given`);
  };
}

/** A passphrase that is going to be set, typed twice unless it comes from elsewhere. */
export async function newPassphraseOf<One extends Source>(
  options: SourceOptions<One>,
  source: One,
  what: string,
): Promise<string> {
  const given = givenAt(options, source);
  return given === undefined ? askNewSecret(`New passphrase ${what}`, optionsOf(source), passphraseFault) : given();
}

/** Of keys of CAs that are made. Throws USAGE for a passphrase that nothing would be encrypted with. */
export async function passphraseFor(
  options: SourceOptions<'passphrase'> & Options<'pkcs11' | 'encrypt-key'>,
): Promise<string | undefined> {
  if (options.pkcs11 !== undefined) {
    if (options['encrypt-key'] === undefined) return undefined;
    throw new OvsPkiError('USAGE', 'keys in a token are guarded by its PIN, not encrypted with a passphrase', {
      hint: 'leave --encrypt-key away',
    });
  }
  if (options['encrypt-key'] === true) return newPassphraseOf(options, 'passphrase', 'of the CA keys');
  if (options['passphrase-file'] === undefined && options['passphrase-fd'] === undefined) return undefined;
  throw new OvsPkiError('USAGE', 'a passphrase is given, and no key is to be encrypted', {
    hint: 'give --encrypt-key too',
  });
}

/** The reader of what an option names; undefined where there is none. */
function givenAt<One extends Source>(options: SourceOptions<One>, source: One): (() => string) | undefined {
  const { [`${source}-file` as const]: file, [`${source}-fd` as const]: descriptor } = options as Partial<
    SourceOptions<Source>
  >;
  if (file !== undefined) {
    if (descriptor !== undefined) throw new OvsPkiError('USAGE', `give one of ${optionsOf(source)}`);
    return () => (file === standardStream ? readPassphraseDescriptor(0) : readPassphraseFile(file));
  }
  if (descriptor === undefined) return undefined;
  if (!/^[0-9]{1,5}$/.test(descriptor)) {
    throw new OvsPkiError('USAGE', `--${source}-fd takes the number of an open descriptor, not ${descriptor}`);
  }
  return () => readPassphraseDescriptor(Number(descriptor));
}

function optionsOf(source: Source): string {
  return `--${source}-file FILE or --${source}-fd N`;
}
