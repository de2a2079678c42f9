/** The requests that lie ready in the folder of a parity case, as ovs-pki would make them unless told otherwise. */

export interface ReadyRequest {
  /** What the files are called; a folder may stand before. */
  readonly name: string;
  /** Number of the RSA key under test/fixtures/keys, or what else the key is. */
  readonly key: number | 'rsa-1024' | 'ec-p256';
  /** The name unless told. */
  readonly commonName?: string;
  readonly organization?: string;
  /** Lines of an OpenSSL configuration; `subjectAltName = DNS:<common name>` unless told. */
  readonly extensions?: readonly string[];
  /** A certificate of this type has been signed for it. */
  readonly signedAs?: 'switch' | 'controller';
  /** The request lies beside the key of another name. */
  readonly privateKey?: number;
}

export const readyRequests: readonly ReadyRequest[] = [
  { name: 'host_1', key: 1 },
  { name: 'host_2', key: 2, commonName: 'host_2 id:0b7ffc33-3b4b-4f64-a0cb-2a2f4e1cb1c3' },
  { name: 'signed_1', key: 3, signedAs: 'switch' },
  { name: 'ctl_1', key: 4, signedAs: 'controller' },
  { name: 'sub/host_3', key: 5, commonName: 'host_3' },
  { name: 'sub/host_4', key: 6 },
  { name: 'ec_1', key: 'ec-p256' },
  { name: 'no_san', key: 7, extensions: [] },
  { name: 'two_names', key: 8, extensions: ['subjectAltName = DNS:two_names, DNS:host_1'] },
  { name: 'wants_ca', key: 9, extensions: ['subjectAltName = DNS:wants_ca', 'keyUsage = keyCertSign'] },
  { name: 'wrong_cn', key: 10, commonName: 'host_1' },
  { name: 'same_key', key: 3 },
  { name: 'small_key', key: 'rsa-1024' },
  { name: 'other_o', key: 11, organization: 'Somebody else' },
  { name: 'host 5', key: 12 },
  { name: '10.0.0.1', key: 12 },
  { name: 'other_key', key: 12, privateKey: 11 },
];
