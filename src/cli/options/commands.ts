/**
 * The commands with their operands and options, as data.
 *
 * @module
 */

import type { OptionName, Options } from './specs.js';

/** The headings of --help, in their order. */
export const commandGroups = ['PKI', 'Certificates', 'Tunnels and hosts', 'Inventory', 'Shell'] as const;

type CommandGroup = (typeof commandGroups)[number];

export interface CommandSpec {
  readonly name: string;
  readonly operands: string;
  readonly group: CommandGroup;
  /** One line of --help: at most 64 characters. */
  readonly description: string;
  /** Fixed words among its operands, besides TYPE. */
  readonly operandWords?: readonly string[];
  /** What the help of the command says besides. */
  readonly details?: string;
  /** The options that do something here; the others of ovs-pki are taken and change nothing, as in ovs-pki. */
  readonly options: readonly OptionName[];
}

const keyOptions = ['key', 'bits'] as const;
const lifeOptions = ['days', 'valid-for', 'not-after'] as const;
const commonOptions = ['dir', 'log', 'json'] as const;
const passphraseOptions = ['passphrase-file', 'passphrase-fd'] as const;
const sshOptions = ['parallel', 'per-jump-host'] as const;
const applyOptions = ['skip-proof', 'timeout', ...passphraseOptions, ...sshOptions] as const;

export const commandSpecs = [
  {
    name: 'init',
    operands: '',
    group: 'PKI',
    description: 'create the PKI directory and its two CAs',
    options: [
      ...keyOptions,
      ...lifeOptions,
      'force',
      'subject',
      'crl-url',
      'ca-url',
      'encrypt-key',
      'pkcs11',
      'offline-root',
      ...passphraseOptions,
      ...commonOptions,
    ],
  },
  {
    name: 'req',
    operands: '[NAME...]',
    group: 'Certificates',
    description: 'make a key and a request: NAME-privkey.pem, NAME-req.pem',
    options: ['unique', ...keyOptions, 'force', 'names', ...commonOptions],
  },
  {
    name: 'sign',
    operands: '[NAME... | FILE --as NAME] [TYPE]',
    group: 'Certificates',
    description: 'sign NAME-req.pem and write NAME-cert.pem',
    options: ['batch', 'as', 'key-only', ...lifeOptions, 'force', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'req+sign',
    operands: '[NAME...] [TYPE]',
    group: 'Certificates',
    description: 'req and sign in one step',
    options: ['unique', ...keyOptions, ...lifeOptions, 'force', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'self-sign',
    operands: '[NAME...]',
    group: 'Certificates',
    description: 'sign NAME-req.pem with NAME-privkey.pem, without a CA',
    options: [...lifeOptions, 'force', 'names', ...commonOptions],
  },
  {
    name: 'verify',
    operands: '[NAME...] [TYPE]',
    group: 'Certificates',
    description: 'check that NAME-cert.pem is a valid TYPE certificate',
    options: ['names', ...commonOptions],
  },
  {
    name: 'fingerprint',
    operands: '[FILE...]',
    group: 'Certificates',
    description: 'print the fingerprint of FILE',
    options: [...commonOptions],
  },
  {
    name: 'passphrase',
    operands: '[TYPE]',
    group: 'PKI',
    description: 'set, change or remove the passphrase of a CA key',
    options: ['remove', ...passphraseOptions, 'new-passphrase-file', 'new-passphrase-fd', ...commonOptions],
  },
  {
    name: 'export',
    operands: 'NAME',
    group: 'Certificates',
    description: 'write a certificate with its CA as PKCS#12, PKCS#7 or PEM',
    options: ['format', 'legacy', 'out', ...passphraseOptions, 'force', ...commonOptions],
  },
  {
    name: 'import',
    operands: 'TYPE',
    group: 'PKI',
    description: 'use an existing CA, such as an intermediate of your company',
    options: [
      'ca-cert',
      'ca-key',
      'chain',
      'request',
      'subject',
      'same-key',
      ...keyOptions,
      'encrypt-key',
      'pkcs11',
      'index',
      'crl',
      'certificates',
      ...passphraseOptions,
      'force',
      ...commonOptions,
    ],
  },
  {
    name: 'renew',
    operands: '[NAME... | --due] [TYPE]',
    group: 'Certificates',
    description: 'make a new certificate for the same name and key',
    options: [
      'due',
      'before',
      'rekey',
      'revoke-old',
      'run-after',
      ...keyOptions,
      ...lifeOptions,
      'names',
      ...passphraseOptions,
      ...commonOptions,
    ],
  },
  {
    name: 'revoke',
    operands: '[NAME|FILE... | --serial NUMBER...] [TYPE]',
    group: 'Certificates',
    description: 'revoke the certificates of NAME; "apply" tells the hosts',
    options: ['serial', 'reason', 'at', 'release', 'names', ...commonOptions],
  },
  {
    name: 'crl',
    operands: '[TYPE]',
    group: 'PKI',
    description: 'make the CRL of a CA, crl.pem',
    options: ['days', 'valid-for', 'out', 'outform', 'run-after', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'rollover',
    operands: 'STEP [TYPE] [FILE]',
    operandWords: ['prepare', 'distribute', 'switch', 'retire', 'back', 'status'],
    group: 'PKI',
    description: 'replace the key of a CA, step by step, without an outage',
    details: 'STEP is prepare, distribute, switch, retire, back or status.',
    options: [
      ...keyOptions,
      ...lifeOptions,
      'offline-root',
      'request',
      'ca-cert',
      'chain',
      'pki-only',
      'force',
      ...applyOptions,
      ...commonOptions,
    ],
  },
  {
    name: 'setup',
    operands: '[NAME...] [TYPE]',
    group: 'Certificates',
    description: 'from nothing to signed host certificates; asks what it needs',
    options: ['batch', ...keyOptions, ...lifeOptions, 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'list',
    operands: '[TYPE]',
    group: 'PKI',
    description: 'list the certificates of the CAs',
    options: ['state', 'name', 'expires-before', ...commonOptions],
  },
  {
    name: 'show',
    operands: 'FILE|NAME|-...',
    group: 'Certificates',
    description: 'show what is in certificates, requests, CRLs and keys',
    options: ['passphrase-file', 'passphrase-fd', ...commonOptions],
  },
  {
    name: 'check',
    operands: '[TYPE | FILE...]',
    group: 'PKI',
    description: 'report what is due or wrong: expiry, CRLs, weak keys, files',
    options: ['repair', 'inventory', 'warn', 'critical', 'nagios', 'prometheus', ...commonOptions],
  },
  {
    name: 'connect',
    operands: 'NAME=HOST NAME=HOST',
    group: 'Tunnels and hosts',
    description: 'make an encrypted tunnel between two hosts, and prove it',
    options: [
      'type',
      'auth',
      'bridge',
      'port',
      'tunnel-address',
      'bridge-address',
      'psk-file',
      'plaintext',
      'ike-daemon',
      'become',
      'days',
      'valid-for',
      'install-packages',
      ...applyOptions,
      ...commonOptions,
    ],
  },
  {
    name: 'distribute',
    operands: '[NAME] --to HOST...',
    group: 'Tunnels and hosts',
    description: 'take a certificate, its key and the CA to hosts',
    options: ['to', 'become', ...keyOptions, 'days', 'valid-for', ...applyOptions, ...commonOptions],
  },
  {
    name: 'inventory',
    operands: 'init [FILE]',
    operandWords: ['init'],
    group: 'Inventory',
    description: 'write an inventory of a fleet to fill in (default: fleet.yaml)',
    options: ['force', ...commonOptions],
  },
  {
    name: 'plan',
    operands: '[FILE]',
    group: 'Tunnels and hosts',
    description: 'show what apply would change (default: fleet.yaml)',
    options: ['host', 'out', 'plan-key', 'prune', 'skip-proof', ...sshOptions, ...commonOptions],
  },
  {
    name: 'apply',
    operands: '[FILE]',
    group: 'Tunnels and hosts',
    description: 'bring hosts to the state that an inventory or plan describes',
    options: ['host', 'plan-key', 'prune', 'install-packages', ...applyOptions, ...commonOptions],
  },
  {
    name: 'remove',
    operands: '[FILE] | --to HOST...',
    group: 'Tunnels and hosts',
    description: 'remove tunnels and identities from hosts',
    options: ['to', 'become', 'port', 'identity', ...sshOptions, ...commonOptions],
  },
  {
    name: 'status',
    operands: '[FILE | --to HOST...]',
    group: 'Tunnels and hosts',
    description: 'show the state of hosts and tunnels (default: fleet.yaml)',
    options: ['to', 'become', 'host', 'format', ...sshOptions, ...commonOptions],
  },
  {
    name: 'doctor',
    operands: '[FILE | --to HOST...]',
    group: 'Tunnels and hosts',
    description: 'report what is wrong with hosts and tunnels, and the cure',
    options: ['to', 'become', 'host', ...sshOptions, ...commonOptions],
  },
  {
    name: 'completion',
    operands: 'bash|zsh|fish',
    operandWords: ['bash', 'zsh', 'fish'],
    group: 'Shell',
    description: 'print completions for your shell',
    options: ['json', 'log'],
  },
] as const satisfies readonly CommandSpec[];

type Spec = (typeof commandSpecs)[number];
export type CommandName = Spec['name'];

/** What a command can read: the options that it declares, and no other. */
export type CommandOptions<Name extends CommandName> = Options<
  Extract<Spec, { readonly name: Name }>['options'][number]
>;
