/**
 * The one error class of the project and the one table of its codes.
 *
 * @module
 */

interface ErrorEntry {
  /** Exit status of the command line program: 2 usage, 3 refused, 5 PKI directory, 130 interrupted. */
  readonly exitStatus: 2 | 3 | 5 | 130;
  /** What the code means, in a sentence. */
  readonly meaning: string;
}

/** Every code that an {@link OvsPkiError} can carry. docs/errors.md is made from this table. */
export const errorTable = {
  USAGE: { exitStatus: 2, meaning: 'The command line or a call of the library does not have the form it must have.' },
  PROMPT_IMPOSSIBLE: {
    exitStatus: 2,
    meaning: 'A question has to be answered, and there is no terminal to ask it on.',
  },
  NAME_INVALID: {
    exitStatus: 3,
    meaning: 'A name cannot be a common name that Open vSwitch and the IKE daemons read correctly.',
  },
  KEY_TYPE_UNSUPPORTED: { exitStatus: 3, meaning: 'Keys of this type are not made, signed or used.' },
  KEY_SIZE_REFUSED: { exitStatus: 3, meaning: 'The key is too small to be safe or too large to be used.' },
  KEY_INVALID: { exitStatus: 3, meaning: 'A private key file cannot be read as a key.' },
  KEY_ENCRYPTED: { exitStatus: 3, meaning: 'A private key file is encrypted with a passphrase.' },
  KEY_MISMATCH: { exitStatus: 3, meaning: 'A private key does not belong to the request or certificate beside it.' },
  FILE_EXISTS: { exitStatus: 3, meaning: 'A file that would be written exists already.' },
  FILE_NOT_FOUND: { exitStatus: 3, meaning: 'A file that is needed does not exist.' },
  FILE_UNREADABLE: {
    exitStatus: 3,
    meaning: 'A file exists but cannot be read, or is too large to be what it should be.',
  },
  FILE_UNWRITABLE: { exitStatus: 3, meaning: 'A file or folder cannot be written; nothing half written is left.' },
  LOG_UNWRITABLE: { exitStatus: 3, meaning: 'The log file that was asked for cannot be written.' },
  PEM_INVALID: {
    exitStatus: 3,
    meaning: 'A file does not hold the PEM block that was looked for, or the block is damaged.',
  },
  DER_INVALID: { exitStatus: 3, meaning: 'The ASN.1 inside a PEM block is damaged or is not strict DER.' },
  REQUEST_REFUSED: {
    exitStatus: 3,
    meaning: 'A certification request breaks one or more rules; details.reasons lists all of them.',
  },
  REQUEST_CHANGED: { exitStatus: 3, meaning: 'The request on disk is not the one whose fingerprint was confirmed.' },
  FINGERPRINT_REJECTED: { exitStatus: 3, meaning: 'The operator said that the fingerprint does not match.' },
  LINT_FAILED: { exitStatus: 3, meaning: 'The certificate that would be signed breaks a rule; it was not signed.' },
  CA_EXPIRED: { exitStatus: 3, meaning: 'The CA certificate is not valid now, so nothing it signs would be accepted.' },
  INVENTORY_INVALID: {
    exitStatus: 3,
    meaning: 'The inventory of the fleet breaks one or more rules; details.faults lists all of them, with their lines.',
  },
  PKI_EXISTS: { exitStatus: 3, meaning: 'The PKI directory exists already.' },
  PKI_NOT_FOUND: { exitStatus: 5, meaning: 'There is no PKI directory, or no CA in it, at the given place.' },
  PKI_CORRUPT: { exitStatus: 5, meaning: 'A file of the PKI directory does not hold what it must hold.' },
  PKI_LOCKED: { exitStatus: 5, meaning: 'Another process holds the lock of the CA for longer than we wait.' },
  INTERRUPTED: { exitStatus: 130, meaning: 'The operator interrupted the command at a question.' },
} as const satisfies Record<string, ErrorEntry>;

/** One of the codes of {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable;

/** What an {@link OvsPkiError} carries besides its code and its sentence. */
export interface ErrorOptions {
  /** What to do next; where that is a command, one that can be typed. */
  readonly hint?: string;
  /** Values a program would look at; JSON-safe, and never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A refusal: what was asked for cannot be done, and why. Anything else that is thrown is a bug. */
export class OvsPkiError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OvsPkiError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
  }

  /** The exit status of the command line program for this error. */
  get exitStatus(): number {
    return errorTable[this.code].exitStatus;
  }
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
