/**
 * The options, as data.
 *
 * @module
 */

import { defaultLogFile } from '../../platform/log.js';

export interface OptionSpec {
  readonly long: string;
  readonly short?: string;
  /** The name of its argument, for options that take one. */
  readonly argument?: string;
  /** What its argument can be, for completions. */
  readonly values?: readonly string[];
  /** It takes all that follows up to the next option, commas between, and can be given again. */
  readonly isList?: true;
  /** It can be given again, and takes one word, commas between. */
  readonly isMany?: true;
  /** Refused by commands that do not use it; those of ovs-pki are taken everywhere, as in ovs-pki. */
  readonly isOwn?: true;
  readonly description: string;
}

export const optionSpecs = [
  {
    long: 'key',
    short: 'k',
    argument: 'rsa|ec',
    description: 'type of keys to make (default: rsa); ec is for TLS only',
  },
  {
    long: 'bits',
    short: 'B',
    argument: 'NBITS',
    description: 'bits of the keys (rsa: 3072, ec: 256; rollover: as before; rekey: the same, rsa at least 3072)',
  },
  { long: 'dsaparam', short: 'D', argument: 'FILE', description: 'accepted for compatibility; DSA keys are not made' },
  { long: 'batch', short: 'b', description: 'do not ask: sign without confirming the fingerprint' },
  { long: 'dir', short: 'd', argument: 'DIR', description: 'the PKI directory (default: /var/lib/openvswitch/pki)' },
  { long: 'force', short: 'f', description: 'continue even if a file or directory exists' },
  { long: 'log', short: 'l', argument: 'FILE', description: `log to FILE (default: ${defaultLogFile})` },
  { long: 'unique', short: 'u', description: 'use NAME as it is, without a random identifier (needed for IPsec)' },
  { long: 'days', argument: 'DAYS', description: 'days of validity, such as 90 or 0.5 (default: 3650; a CRL: 30)' },
  {
    long: 'valid-for',
    isOwn: true,
    argument: 'PERIOD',
    description: 'validity as a period: 90m, 12h or 7d',
  },
  {
    long: 'not-after',
    isOwn: true,
    argument: 'TIME',
    description: 'the end of validity: 2027-01-31 (the whole day) or 2027-01-31T12:00Z',
  },
  {
    long: 'names',
    argument: 'FILE',
    description: 'read names from FILE, one or one range a line; - is standard input',
  },
  { long: 'json', description: 'print one JSON document' },
  {
    long: 'to',
    isOwn: true,
    argument: 'HOST',
    isList: true,
    description:
      'hosts to work on: [NAME=][user@]host[:port] as for ssh; an address of this machine is handled without ssh',
  },
  {
    long: 'host',
    isOwn: true,
    argument: 'HOST',
    isMany: true,
    description: 'show these hosts only, and each in full; NAME or a range such as "edge_[1-9]"',
  },
  {
    long: 'become',
    isOwn: true,
    argument: 'METHOD',
    description: 'how an ordinary user becomes root: sudo (default), doas, su, none, or the path of a program there',
  },
  {
    long: 'parallel',
    isOwn: true,
    argument: 'N',
    description: 'how many hosts are asked at once (default: 32)',
  },
  {
    long: 'per-jump-host',
    isOwn: true,
    argument: 'N',
    description: 'how many logins at once through one jump host or to one sshd (default: 8)',
  },
  {
    long: 'type',
    isOwn: true,
    argument: 'TUNNEL',
    values: ['gre', 'geneve', 'vxlan', 'stt'],
    description: 'type of the tunnel: gre (default), geneve, vxlan, stt',
  },
  {
    long: 'auth',
    isOwn: true,
    argument: 'METHOD',
    values: ['ca-signed', 'self-signed', 'psk'],
    description: 'ca-signed (default), self-signed or psk',
  },
  { long: 'bridge', isOwn: true, argument: 'NAME', description: 'bridge that gets the tunnel (default: br-ipsec)' },
  { long: 'port', isOwn: true, argument: 'NAME', isList: true, description: 'port of the tunnel (default: tun)' },
  { long: 'identity', isOwn: true, description: 'remove the certificate, its key and the CA' },
  {
    long: 'tunnel-address',
    isOwn: true,
    argument: 'NAME=ADDRESS',
    isList: true,
    description: 'the tunnel address of host NAME, if it is not that of its ssh destination',
  },
  {
    long: 'bridge-address',
    isOwn: true,
    argument: 'NAME=ADDRESS/PREFIX',
    isList: true,
    description: 'an address for the bridge of host NAME',
  },
  {
    long: 'psk-file',
    isOwn: true,
    argument: 'FILE',
    description: 'the pre-shared key, one line; - is standard input (default: one is made)',
  },
  {
    long: 'plaintext',
    isOwn: true,
    argument: 'POLICY',
    values: ['drop-unencrypted', 'drop-marked', 'allow-unencrypted', 'keep'],
    description: 'unencrypted tunnel packets: drop-unencrypted (default), drop-marked, allow-unencrypted or keep',
  },
  {
    long: 'ike-daemon',
    isOwn: true,
    argument: 'DAEMON',
    description: 'strongswan, libreswan or auto (default)',
  },
  {
    long: 'out',
    isOwn: true,
    argument: 'FILE',
    description: 'write to FILE: a plan for "apply FILE", what is exported, or a copy of the CRL',
  },
  { long: 'outform', isOwn: true, argument: 'FORM', values: ['PEM', 'DER'], description: 'PEM (default) or DER' },
  {
    long: 'plan-key',
    isOwn: true,
    argument: 'FILE',
    description: 'seal a written plan, or check its seal, with the key in FILE',
  },
  { long: 'due', isOwn: true, description: 'renew what expires soon among the certificates in this folder' },
  {
    long: 'before',
    isOwn: true,
    argument: 'TIME',
    description: 'with --due: renew what expires within TIME, such as 30d (default) or 12h',
  },
  {
    long: 'inventory',
    isOwn: true,
    argument: 'FILE',
    description: 'also report certificates of names that no host of the inventory FILE has',
  },
  { long: 'rekey', isOwn: true, description: 'also make a new key, if NAME-privkey.pem is in this folder' },
  {
    long: 'serial',
    isOwn: true,
    argument: 'NUMBER',
    isList: true,
    description: 'revoke the certificates with these serial numbers',
  },
  {
    long: 'reason',
    isOwn: true,
    argument: 'REASON',
    values: [
      'keyCompromise',
      'CACompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'certificateHold',
      'unspecified',
    ],
    description:
      'keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or unspecified',
  },
  {
    long: 'run-after',
    isOwn: true,
    argument: 'PROGRAM',
    description: 'run PROGRAM when something was made, with the facts in its environment (OVS_PKI_...)',
  },
  { long: 'release', isOwn: true, description: 'end a certificateHold: the certificates are valid again' },
  { long: 'revoke-old', isOwn: true, description: 'revoke the certificates that are renewed, as superseded' },
  {
    long: 'at',
    isOwn: true,
    argument: 'TIME',
    description: 'with --reason keyCompromise: when the key was compromised',
  },
  {
    long: 'skip-proof',
    isOwn: true,
    description: 'do not wait for encryption, and do not require running daemons',
  },
  {
    long: 'install-packages',
    isOwn: true,
    description: 'first install the packages that hosts lack for OVS IPsec',
  },
  {
    long: 'timeout',
    isOwn: true,
    argument: 'SECONDS',
    description: 'how long tunnels may take to come up (default: 90)',
  },
  {
    long: 'format',
    isOwn: true,
    argument: 'FORM',
    values: ['p12', 'p7b', 'chain', 'table', 'json', 'dot', 'mermaid', 'netjson', 'prometheus'],
    description:
      'export: p12 (default), p7b or chain; status: table (default), json, dot, mermaid, netjson or prometheus',
  },
  {
    long: 'legacy',
    isOwn: true,
    description: 'with --format p12: Triple DES and SHA-1, for old Windows and Java',
  },
  {
    long: 'as',
    isOwn: true,
    argument: 'NAME',
    description: 'the operand is a file with a request, PEM or DER, and - standard input; make NAME-cert.pem',
  },
  {
    long: 'key-only',
    isOwn: true,
    description: 'take the public key of the request and nothing else of it: for requests of other programs',
  },
  {
    long: 'request',
    isOwn: true,
    argument: 'FILE',
    description: 'make a key and a request for a CA certificate, which another CA signs',
  },
  {
    long: 'subject',
    isOwn: true,
    argument: 'NAME',
    description: 'names before the common name: "/C=DE/O=Company"; with --request: the whole name, with CN',
  },
  {
    long: 'crl-url',
    isOwn: true,
    argument: 'URL',
    description: 'say in certificates where the CRL is found (DER); {ca} stands for switchca or controllerca',
  },
  {
    long: 'ca-url',
    isOwn: true,
    argument: 'URL',
    description: 'say in certificates where the CA certificate is found (DER); {ca} as for --crl-url',
  },
  {
    long: 'same-key',
    isOwn: true,
    description: 'with --request: for the key that the CA has, to renew its certificate',
  },
  { long: 'ca-cert', isOwn: true, argument: 'FILE', description: 'the certificate of the CA' },
  { long: 'ca-key', isOwn: true, argument: 'FILE|URI', description: 'the private key of the CA, unless it waits here' },
  { long: 'index', isOwn: true, argument: 'FILE', description: 'the index.txt that the CA has had elsewhere' },
  { long: 'crl', isOwn: true, argument: 'FILE', description: 'the last CRL of the CA, or that of a CA above it' },
  {
    long: 'certificates',
    isOwn: true,
    argument: 'FOLDER',
    description: 'the certificates that the CA has issued elsewhere',
  },
  { long: 'repair', isOwn: true, description: 'put the folders of the CAs right from what is known' },
  { long: 'chain', isOwn: true, argument: 'FILE', description: "the CA's issuer certificates, up to the root" },
  {
    long: 'offline-root',
    isOwn: true,
    argument: 'DIR',
    description: 'make a root in DIR, such as a USB stick, and the CAs as intermediates below it',
  },
  { long: 'pki-only', isOwn: true, description: 'change the PKI directory only; you change the hosts by hand' },
  {
    long: 'pkcs11',
    isOwn: true,
    argument: 'URI',
    description: 'make the keys of the CAs in a token: pkcs11:token=LABEL?module-path=FILE',
  },
  { long: 'encrypt-key', isOwn: true, description: 'encrypt the keys of the CAs with a passphrase' },
  {
    long: 'state',
    isOwn: true,
    argument: 'STATE',
    isList: true,
    values: ['valid', 'revoked', 'expired', 'due'],
    description: 'only certificates that are valid, revoked, expired or due (valid, and expire within 30 days)',
  },
  { long: 'name', isOwn: true, argument: 'GLOB', description: 'only certificates of names such as "edge_*"' },
  {
    long: 'expires-before',
    isOwn: true,
    argument: 'TIME',
    description: 'only certificates that expire before a date, or within a period such as 30d',
  },
  {
    long: 'passphrase-file',
    isOwn: true,
    argument: 'FILE',
    description: 'read the passphrase or PIN from FILE; only its owner may read it',
  },
  {
    long: 'passphrase-fd',
    isOwn: true,
    argument: 'N',
    description: 'read the passphrase or PIN from the open descriptor N',
  },
  {
    long: 'new-passphrase-file',
    isOwn: true,
    argument: 'FILE',
    description: 'read the new passphrase from FILE; only its owner may read it',
  },
  {
    long: 'new-passphrase-fd',
    isOwn: true,
    argument: 'N',
    description: 'read the new passphrase from the open descriptor N',
  },
  { long: 'remove', isOwn: true, description: 'remove the passphrase: the key becomes a plain file' },
  {
    long: 'prune',
    isOwn: true,
    description: 'take away tunnels of ours that the inventory has no longer',
  },
  {
    long: 'warn',
    isOwn: true,
    argument: 'PERIOD',
    description: 'report certificates that expire within PERIOD (default: 30d)',
  },
  {
    long: 'critical',
    isOwn: true,
    argument: 'PERIOD',
    description: 'treat as critical within PERIOD (default: 7d)',
  },
  { long: 'nagios', isOwn: true, description: 'answer as a Nagios plugin: one line, exit status 0, 1, 2 or 3' },
  {
    long: 'prometheus',
    isOwn: true,
    argument: 'FILE',
    description: 'write metrics to FILE for the textfile collector',
  },
] as const satisfies readonly OptionSpec[];

type Spec = (typeof optionSpecs)[number];
export type OptionName = Spec['long'];

/** True for a flag, text for an option with an argument, texts for a list. */
type ValueOf<One extends Spec> = One extends { readonly isList: true } | { readonly isMany: true }
  ? readonly string[]
  : One extends { readonly argument: string }
    ? string
    : true;

/** The values of the options of one call; undefined where an option was not given. */
export type OptionValues = { readonly [One in Spec as One['long']]: ValueOf<One> | undefined };

/** Some of them: what a function reads is what its callers have to have declared. */
export type Options<Name extends OptionName> = Pick<OptionValues, Name>;
