/**
 * What a PKCS #11 library answers, as an error of ours.
 *
 * @module
 */

import { type ErrorCode, OvsPkiError } from '../errors.js';

/** What a token answers with is a refusal of it; anything else is a bug and goes on. */
export function tokenError(label: string, error: unknown): unknown {
  const answer = error instanceof Error ? /\bCKR_[A-Z0-9_]+/.exec(error.message)?.[0] : undefined;
  if (answer === undefined || error instanceof OvsPkiError) return error;
  const [code, fault, hint] = answers[answer] ?? ['TOKEN_FAILED', `answers ${answer}`, 'see the log of its library'];
  return new OvsPkiError(code, `the token ${JSON.stringify(label)} ${fault}`, {
    hint,
    details: { token: label, answer },
    cause: error,
  });
}

const wrongPin = [
  'PASSPHRASE_WRONG',
  'does not take this PIN',
  'be sure of it before you try again: tokens lock their PIN after a few wrong ones',
] as const;

const answers: Readonly<Record<string, readonly [ErrorCode, string, string]>> = {
  CKR_PIN_INCORRECT: wrongPin,
  CKR_PIN_INVALID: wrongPin,
  CKR_PIN_LEN_RANGE: wrongPin,
  CKR_PIN_LOCKED: [
    'TOKEN_PIN_LOCKED',
    'has locked its PIN after too many wrong ones',
    'its security officer can set a new one, with the tool of the token',
  ],
  CKR_TOKEN_WRITE_PROTECTED: ['TOKEN_FAILED', 'is write-protected', 'keys cannot be made there'],
  CKR_TOKEN_NOT_PRESENT: ['TOKEN_NOT_FOUND', 'was taken out', 'put it back and run the command again'],
  CKR_DEVICE_REMOVED: ['TOKEN_NOT_FOUND', 'was taken out', 'put it back and run the command again'],
};

export function unusableModule(modulePath: string, cause: Error): OvsPkiError {
  const isOther = cause.message.includes('C_GetFunctionList');
  const fault = isOther ? 'it is a library, but none of PKCS #11' : cause.message.replace(`${modulePath}: `, '');
  return new OvsPkiError('TOKEN_MODULE_UNUSABLE', `${modulePath} cannot be used as a PKCS #11 module: ${fault}`, {
    hint: 'is it the library that the maker of the token calls its PKCS #11 module, for this machine?',
    details: { modulePath },
    cause,
  });
}
