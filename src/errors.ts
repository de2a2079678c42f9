/**
 * The one error class of the project and the one table of its codes.
 *
 * @module
 */

interface ErrorEntry {
  /** Exit status of the program: 1 bug, 2 usage, 3 refused, 5 PKI directory, 6 some host failed, 130 interrupted. */
  readonly exitStatus: 1 | 2 | 3 | 5 | 6 | 130;
  /** What the code means, in a sentence. */
  readonly meaning: string;
}

/** Every code that an {@link OvsPkiError} can carry. docs/errors.md is made from this table. */
export const errorTable = {
  USAGE: { exitStatus: 2, meaning: 'The command line or a call of the library does not have the form it must have.' },
  PROMPT_IMPOSSIBLE: {
    exitStatus: 2,
    meaning: 'A question must be answered, and there is no terminal to ask it on.',
  },
  NAME_INVALID: {
    exitStatus: 3,
    meaning: 'A name cannot be a common name that Open vSwitch and the IKE daemons read correctly.',
  },
  KEY_TYPE_UNSUPPORTED: { exitStatus: 3, meaning: 'Keys of this type are not made, signed or used.' },
  KEY_SIZE_REFUSED: { exitStatus: 3, meaning: 'The key is too small to be safe or too large to be used.' },
  KEY_INVALID: { exitStatus: 3, meaning: 'A private key file cannot be read as a key.' },
  KEY_ENCRYPTED: { exitStatus: 3, meaning: 'A private key file is encrypted with a passphrase.' },
  PASSPHRASE_WRONG: { exitStatus: 3, meaning: 'A passphrase or PIN does not open what it was given for.' },
  PASSPHRASE_INVALID: {
    exitStatus: 3,
    meaning: 'What was given cannot be a passphrase: it is too short, too long, or not one line of text.',
  },
  PASSPHRASE_EXPOSED: {
    exitStatus: 3,
    meaning: 'Users other than its owner can read a file with a passphrase; it was not used.',
  },
  ENCRYPTION_UNSUPPORTED: {
    exitStatus: 3,
    meaning: 'A file is encrypted with an algorithm that is not supported: an old one, such as RC2, or an unknown one.',
  },
  KEY_IN_TOKEN: {
    exitStatus: 3,
    meaning: 'The private key is in a PKCS #11 token, and what was asked for needs the key itself.',
  },
  TOKEN_MODULE_UNUSABLE: {
    exitStatus: 3,
    meaning: 'A PKCS #11 module, or the package node-webcrypto-p11, is not there or cannot be used.',
  },
  TOKEN_NOT_FOUND: { exitStatus: 3, meaning: 'No PKCS #11 token, or more than one, matches the URI.' },
  TOKEN_KEY_NOT_FOUND: {
    exitStatus: 3,
    meaning: 'A PKCS #11 token does not have the key, or several keys match the URI.',
  },
  TOKEN_PIN_LOCKED: { exitStatus: 3, meaning: 'A PKCS #11 token has locked its PIN.' },
  TOKEN_FAILED: { exitStatus: 3, meaning: 'A PKCS #11 token refuses an operation; details.answer says how.' },
  KEY_MISMATCH: { exitStatus: 3, meaning: 'A private key does not belong to the request or certificate beside it.' },
  FILE_EXISTS: { exitStatus: 3, meaning: 'A file that would be written exists already.' },
  FILE_NOT_FOUND: { exitStatus: 3, meaning: 'A file that is needed does not exist.' },
  FILE_UNREADABLE: {
    exitStatus: 3,
    meaning: 'A file exists but cannot be read, or is too large.',
  },
  FILE_UNWRITABLE: { exitStatus: 3, meaning: 'A file or folder cannot be written; nothing half written is left.' },
  LOG_UNWRITABLE: { exitStatus: 3, meaning: 'The log file that was asked for cannot be written.' },
  PEM_INVALID: {
    exitStatus: 3,
    meaning: 'A file does not contain the expected PEM block, or the block is damaged.',
  },
  DER_INVALID: { exitStatus: 3, meaning: 'The ASN.1 inside a PEM block is damaged or is not strict DER.' },
  REQUEST_REFUSED: {
    exitStatus: 3,
    meaning: 'A certification request breaks one or more rules; details.reasons lists all of them.',
  },
  REQUEST_CHANGED: { exitStatus: 3, meaning: 'The request on disk is not the one whose fingerprint was confirmed.' },
  FINGERPRINT_REJECTED: { exitStatus: 3, meaning: 'The operator said that the fingerprint does not match.' },
  LINT_FAILED: {
    exitStatus: 3,
    meaning: 'The certificate or CRL that would be signed breaks a rule; it was not signed.',
  },
  CERTIFICATE_UNKNOWN: {
    exitStatus: 3,
    meaning: 'The CA has no certificate with this name or serial number to which this applies.',
  },
  CERTIFICATE_REVOKED: {
    exitStatus: 3,
    meaning: 'A certificate to renew or to bring to a host is revoked.',
  },
  REVOCATION_REFUSED: {
    exitStatus: 3,
    meaning: 'A certificate is revoked already, for another reason, or it is that of the CA itself.',
  },
  ROLLOVER_STATE: {
    exitStatus: 3,
    meaning: 'A step of a rollover does not follow the step that was done last.',
  },
  ROLLOVER_LAGS: {
    exitStatus: 3,
    meaning:
      'The rollover cannot continue: some hosts or certificates have not completed the previous step; details.lagging lists them.',
  },
  CA_EXPIRED: { exitStatus: 3, meaning: 'The CA certificate is not valid now, so nothing it signs would be accepted.' },
  VALIDITY_REFUSED: {
    exitStatus: 3,
    meaning: 'The end that was given for a certificate has passed, or is after that of the CA.',
  },
  RUN_AFTER_FAILED: {
    exitStatus: 3,
    meaning:
      'What was asked for is done; the program that --run-after names failed or could not be started. details.exitStatus is its exit status.',
  },
  CA_REVOKED: {
    exitStatus: 3,
    meaning: 'The CA certificate, or one above it, is revoked by the CRL of its issuer, so nothing it signs is valid.',
  },
  CA_UNFIT: {
    exitStatus: 3,
    meaning: 'A certificate is not fit to be a CA here; details.reasons lists all reasons.',
  },
  ISSUER_NOT_FOUND: { exitStatus: 3, meaning: 'The issuer of a certificate was not found.' },
  INVENTORY_INVALID: {
    exitStatus: 3,
    meaning: 'The inventory of the fleet breaks one or more rules; details.faults lists all of them, with their lines.',
  },
  PKI_EXISTS: { exitStatus: 3, meaning: 'The PKI directory exists already.' },
  PKI_NOT_FOUND: { exitStatus: 5, meaning: 'There is no PKI directory, or no CA in it, at the given place.' },
  PKI_CORRUPT: { exitStatus: 5, meaning: 'A file of the PKI directory is damaged or does not match the others.' },
  PROFILE_INVALID: {
    exitStatus: 5,
    meaning: 'profile.conf of the PKI directory does not have the form that it must have; nothing was made.',
  },
  PKI_CONTRADICTORY: {
    exitStatus: 5,
    meaning:
      'Parts of the PKI directory contradict each other, so that a CRL could forget a revocation; details.contradictions lists them.',
  },
  PKI_LOCKED: { exitStatus: 5, meaning: 'Another process holds the lock of the CA, and the wait for it timed out.' },
  HOST_UNREACHABLE: { exitStatus: 6, meaning: 'A host cannot be reached, or ssh cannot be started.' },
  HOST_KEY_UNKNOWN: { exitStatus: 6, meaning: 'The SSH host key is unknown, or has changed.' },
  HOST_LOGIN_REFUSED: { exitStatus: 6, meaning: 'A host refused the SSH login.' },
  HOST_SUDO_REFUSED: {
    exitStatus: 6,
    meaning: 'An ordinary user logged in, and sudo, or what become names, asks for a password or refuses.',
  },
  HOST_CONNECTION_LOST: {
    exitStatus: 6,
    meaning: 'The connection to a host was lost; the host has its old or its new identity.',
  },
  HOST_TIMEOUT: { exitStatus: 6, meaning: 'A host took too long for a step.' },
  HOST_LOCKED: { exitStatus: 6, meaning: 'Another run of ovs-pki-ts is at work on the host.' },
  HOST_UNFIT: { exitStatus: 6, meaning: 'A host lacks what the step needs: a program, a service, an address.' },
  HOST_STEP_FAILED: { exitStatus: 6, meaning: 'A step failed on a host, and the host was rolled back.' },
  HOST_FACT_UNKNOWN: {
    exitStatus: 6,
    meaning: 'A fact that the plan depends on could not be read on a host; nothing was changed there.',
  },
  HOST_ANSWER_INVALID: {
    exitStatus: 6,
    meaning: 'A host answered what such a host cannot answer; nothing is decided from it.',
  },
  INTERNAL_ERROR: {
    exitStatus: 1,
    meaning: 'A bug of ovs-pki-ts, which showed at one host; the other hosts were finished. details.stack says where.',
  },
  HOST_PROOF_FAILED: {
    exitStatus: 6,
    meaning: 'A tunnel did not come up as it must; the host was rolled back.',
  },
  PLAN_STALE: { exitStatus: 3, meaning: 'The hosts are not as they were when the plan was made.' },
  PLAN_INVALID: { exitStatus: 3, meaning: 'A plan file does not hold a plan of this version.' },
  IDENTITY_AMBIGUOUS: { exitStatus: 3, meaning: 'Several certificates could be the identity of a host.' },
  IDENTITY_UNFIT: {
    exitStatus: 3,
    meaning: 'A certificate cannot be the identity of a host: its name, validity, key or CA is not right.',
  },
  AUTH_METHODS_MIXED: {
    exitStatus: 3,
    meaning: 'PSKs and certificates would be used on one host, which ovs-monitor-ipsec does not allow.',
  },
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

/** A refusal: what was asked for cannot be done, and why. Anything else that is thrown is a bug; INTERNAL_ERROR is one. */
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

/** A refusal is a result; anything else is a bug and goes on. */
export function asRefusal(error: unknown): OvsPkiError {
  if (error instanceof OvsPkiError) return error;
  throw error;
}

/** The `code` of a Node system error (`ENOENT`, …), or undefined. */
export function systemErrorCode(error: unknown): string | undefined {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}
