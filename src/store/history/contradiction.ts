/**
 * Where the files of a CA do not agree, as a value.
 *
 * @module
 */

/** What can contradict. */
export type ContradictionKind =
  | 'revocation-lost'
  | 'release-lost'
  | 'certificate-lost'
  | 'number-missing'
  | 'config-missing'
  | 'config-behind'
  | 'profile-invalid'
  | 'crl-number-behind'
  | 'crl-older'
  | 'serial-used'
  | 'register-behind'
  | 'ca-certificate-older';

/** One contradiction. */
export interface Contradiction {
  readonly kind: ContradictionKind;
  /** A file. */
  readonly about: string;
  /** A sentence, without what it is about. */
  readonly message: string;
}
