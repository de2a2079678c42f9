/**
 * PKCS #11 tokens, through node-webcrypto-p11, which is there only where somebody has installed it and is loaded only
 * where a key is in a token.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { requireOwnLibrary } from './own-library.js';
import { tokenError, unusableModule } from './token-errors.js';

/** Which token, of those that a library speaks to. */
export interface TokenPlace {
  readonly modulePath: string;
  /** By the names of RFC 7512; what is left out fits every token. */
  readonly token: Readonly<Partial<Record<'token' | 'serial' | 'model' | 'manufacturer', string>>>;
}

/** A private key in a token. */
export interface TokenKey {
  readonly id: Uint8Array;
  readonly label: string;
  readonly key: CryptoKey;
}

/** A token that is open, with its user logged in, until the process ends. */
export interface Token {
  readonly label: string;
  /** Does something with its WebCrypto, and nothing else meanwhile: a session can do one thing at a time. */
  readonly use: <T>(work: (crypto: Crypto) => Promise<T>) => Promise<T>;
  /** Makes a key pair that stays there; its CKA_ID is made of its SubjectPublicKeyInfo. */
  readonly generate: (
    parameters: KeyParameters,
    label: string,
    idOf: (spki: Uint8Array) => Uint8Array,
  ) => Promise<CryptoKeyPair & { readonly spki: Uint8Array }>;
  /** The private keys with this CKA_ID and label, as keys of a WebCrypto algorithm. */
  readonly find: (wanted: { id?: Uint8Array; object?: string }, parameters: KeyParameters) => Promise<TokenKey[]>;
  /** Destroys the keys, private and public, with this CKA_ID. */
  readonly destroy: (id: Uint8Array) => Promise<void>;
}

export type KeyParameters = RsaHashedKeyGenParams | RsaHashedImportParams | EcKeyGenParams;

type Library = typeof import('node-webcrypto-p11');

type TokenCrypto = InstanceType<Library['Crypto']>;

const tokens = new Map<string, Promise<Token>>();

/**
 * Opens a token, once for each process.
 *
 * @throws TOKEN_MODULE_UNUSABLE, TOKEN_NOT_FOUND, TOKEN_PIN_LOCKED, TOKEN_FAILED, PASSPHRASE_WRONG
 */
export function openToken(place: TokenPlace, pinOf: (label: string) => Promise<string>): Promise<Token> {
  const key = JSON.stringify(place);
  const known = tokens.get(key);
  if (known !== undefined) return known;
  const token = open(place, pinOf);
  tokens.set(key, token);
  token.catch(() => tokens.delete(key));
  return token;
}

async function open(place: TokenPlace, pinOf: (label: string) => Promise<string>): Promise<Token> {
  requireOwnLibrary(place.modulePath);
  const crypto = findToken(await loadLibrary(), place);
  const { label } = crypto.token;
  try {
    if (crypto.isLoginRequired) crypto.login(await pinOf(label));
  } catch (error) {
    crypto.session.close();
    throw tokenError(label, error);
  }
  process.once('exit', () => closeQuietly(crypto));
  return tokenOf(crypto, label);
}

async function loadLibrary(): Promise<Library> {
  try {
    return await import('node-webcrypto-p11');
  } catch (error) {
    throw new OvsPkiError(
      'TOKEN_MODULE_UNUSABLE',
      'the npm package node-webcrypto-p11, which tokens need, is not usable',
      {
        hint: 'install it beside ovs-pki-ts: npm install node-webcrypto-p11 (with -g, if ovs-pki-ts was installed so)',
        cause: error,
      },
    );
  }
}

/** Goes through the slots: what is in them is known only after a session was opened. */
function findToken({ Crypto }: Library, { modulePath, token: wanted }: TokenPlace): TokenCrypto {
  const fitting: TokenCrypto[] = [];
  const labels: string[] = [];
  for (let slot = 0; ; slot++) {
    let crypto: TokenCrypto;
    try {
      crypto = new Crypto({ library: modulePath, slot, readWrite: true });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.message.startsWith('Slot by index')) break;
      // A token that was never initialized, or is broken, is not the one that is looked for.
      if ('method' in error && (error.method === 'C_OpenSession' || error.method === 'C_GetTokenInfo')) continue;
      throw unusableModule(modulePath, error);
    }
    const { label, serialNumber, model, manufacturerID } = crypto.token;
    const has = { token: label, serial: serialNumber, model, manufacturer: manufacturerID };
    labels.push(label);
    if (Object.entries(wanted).every(([name, value]) => has[name as keyof typeof has] === value)) fitting.push(crypto);
    else crypto.session.close();
  }
  const [found, ...others] = fitting;
  if (found !== undefined && others.length === 0) return found;
  for (const { session } of fitting) session.close();
  const there = labels.length === 0 ? 'it has none' : `it has: ${labels.join(', ')}`;
  const number = found === undefined ? 'no token' : 'more than one token';
  throw new OvsPkiError('TOKEN_NOT_FOUND', `${number} of ${modulePath} is like the one in the URI; ${there}`, {
    hint: 'see which tokens it has: pkcs11-tool --list-token-slots --module FILE; a URI tells one by token=, serial=',
    details: { modulePath, wanted, labels },
  });
}

function tokenOf(crypto: TokenCrypto, label: string): Token {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work).catch((error: unknown) => {
      throw tokenError(label, error);
    });
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    label,
    use: (work) => inTurn(() => work(crypto as unknown as Crypto)),
    generate: (parameters, keyLabel, idOf) => inTurn(() => generate(crypto, parameters, keyLabel, idOf)),
    find: (wanted, parameters) => inTurn(() => find(crypto, wanted, parameters)),
    destroy: (id) =>
      inTurn(async () => {
        for (const name of await namesOf(crypto, id)) await crypto.keyStorage.removeItem(name);
      }),
  };
}

async function generate(
  crypto: TokenCrypto,
  parameters: KeyParameters,
  label: string,
  idOf: (spki: Uint8Array) => Uint8Array,
): Promise<CryptoKeyPair & { readonly spki: Uint8Array }> {
  const inToken = { ...parameters, label, token: true, sensitive: true };
  const pair = (await crypto.subtle.generateKey(inToken, false, ['sign', 'verify'])) as CryptoKeyPair;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const id = Buffer.from(idOf(spki));
  for (const key of [pair.privateKey, pair.publicKey]) (key as InstanceType<Library['CryptoKey']>).key.id = id;
  return { ...pair, spki };
}

async function find(
  crypto: TokenCrypto,
  { id, object }: { id?: Uint8Array; object?: string },
  parameters: KeyParameters,
): Promise<TokenKey[]> {
  const found: TokenKey[] = [];
  for (const name of (await namesOf(crypto, id)).filter((one) => one.startsWith('private-'))) {
    const key = await crypto.keyStorage.getItem(name, parameters, false, ['sign']);
    const { label } = key.algorithm;
    if (object === undefined || object === label) found.push({ id: key.key.id, label, key });
  }
  return found;
}

/** The library calls keys KIND-HANDLE-ID. */
async function namesOf(crypto: TokenCrypto, id: Uint8Array | undefined): Promise<string[]> {
  const names = await crypto.keyStorage.keys();
  return id === undefined ? names : names.filter((name) => name.endsWith(`-${Buffer.from(id).toString('hex')}`));
}

/** Nothing is left to be told to anybody then. */
function closeQuietly(crypto: TokenCrypto): void {
  try {
    crypto.close();
  } catch {
    // Closed by another token of the same library.
  }
}
