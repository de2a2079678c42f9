/**
 * The commands with their operands and options, as data.
 *
 * @module
 */

import type { OptionName } from './specs.js';

export interface CommandSpec {
  readonly name: string;
  readonly operands: string;
  readonly description: string;
  /** The options that do something here; the others of ovs-pki are taken and change nothing, as ovs-pki has it. */
  readonly options: readonly OptionName[];
}

const keyOptions = ['key', 'bits'] as const;
const commonOptions = ['dir', 'log', 'json'] as const;
const passphraseOptions = ['passphrase-file', 'passphrase-fd'] as const;
const applyOptions = ['skip-proof', 'timeout', ...passphraseOptions] as const;

export const commandSpecs = [
  {
    name: 'init',
    operands: '',
    description: 'initialize the PKI: make the directory and its two CAs',
    options: [
      ...keyOptions,
      'days',
      'force',
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
    description: 'make NAME-privkey.pem and NAME-req.pem, a private key and a request',
    options: ['unique', ...keyOptions, 'force', 'names', ...commonOptions],
  },
  {
    name: 'sign',
    operands: '[NAME...] [TYPE]',
    description: 'sign NAME-req.pem, making NAME-cert.pem',
    options: ['batch', 'days', 'force', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'req+sign',
    operands: '[NAME...] [TYPE]',
    description: 'both of the above, making all three files',
    options: ['unique', ...keyOptions, 'days', 'force', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'self-sign',
    operands: '[NAME...]',
    description: 'sign NAME-req.pem with NAME-privkey.pem, making NAME-cert.pem',
    options: ['days', 'force', 'names', ...commonOptions],
  },
  {
    name: 'verify',
    operands: '[NAME...] [TYPE]',
    description: 'check that NAME-cert.pem is a valid TYPE certificate',
    options: ['names', ...commonOptions],
  },
  {
    name: 'fingerprint',
    operands: '[FILE...]',
    description: 'print the fingerprint of FILE',
    options: [...commonOptions],
  },
  {
    name: 'passphrase',
    operands: '[TYPE]',
    description: 'give the key of a CA a passphrase, another one, or none',
    options: ['remove', ...passphraseOptions, 'new-passphrase-file', 'new-passphrase-fd', ...commonOptions],
  },
  {
    name: 'export',
    operands: 'NAME',
    description: 'put a certificate with its CA, and for p12 its key, into one file for other programs',
    options: ['format', 'out', ...passphraseOptions, 'force', ...commonOptions],
  },
  {
    name: 'import',
    operands: 'TYPE',
    description: 'make an existing CA, such as an intermediate of your company, the CA for TYPE',
    options: ['ca-cert', 'ca-key', 'chain', ...passphraseOptions, 'force', ...commonOptions],
  },
  {
    name: 'renew',
    operands: '[NAME... | --due] [TYPE]',
    description: 'make a new NAME-cert.pem for the same name, and the same key',
    options: ['due', 'before', 'rekey', ...keyOptions, 'days', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'revoke',
    operands: '[NAME... | --serial NUMBER...] [TYPE]',
    description: 'revoke the certificates of NAME; "apply" and "distribute" tell the hosts',
    options: ['serial', 'reason', 'at', 'names', ...commonOptions],
  },
  {
    name: 'crl',
    operands: '[TYPE]',
    description: 'make the list of revoked certificates, crl.pem of the CA',
    options: ['days', 'out', 'outform', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'rollover',
    operands: 'prepare|distribute|switch|back|retire|status [TYPE] [FILE]',
    description: 'give a CA another key under the same name, without a moment in which hosts trust neither',
    options: [...keyOptions, 'days', 'offline-root', 'pki-only', 'force', ...applyOptions, ...commonOptions],
  },
  {
    name: 'setup',
    operands: '[NAME...] [TYPE]',
    description: 'from nothing to signed host certificates, asking what it needs to know',
    options: ['batch', ...keyOptions, 'days', 'names', ...passphraseOptions, ...commonOptions],
  },
  {
    name: 'list',
    operands: '[TYPE]',
    description: 'list the certificates of the CAs',
    options: ['state', 'name', 'expires-before', ...commonOptions],
  },
  {
    name: 'show',
    operands: 'FILE|NAME|-...',
    description: 'show what is in certificates, requests, CRLs, keys, PKCS #12 and CMS files',
    options: ['passphrase-file', 'passphrase-fd', ...commonOptions],
  },
  {
    name: 'check',
    operands: '[TYPE | FILE...]',
    description: 'find what is due or wrong: expiry, CRLs, weak keys, files that do not match',
    options: ['warn', 'critical', 'nagios', 'prometheus', ...commonOptions],
  },
  {
    name: 'connect',
    operands: 'NAME=HOST NAME=HOST',
    description: 'make an encrypted tunnel between two hosts, from nothing to proof',
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
      'days',
      ...applyOptions,
      ...commonOptions,
    ],
  },
  {
    name: 'distribute',
    operands: '[NAME] --to HOST...',
    description: 'take a certificate, its key and the CA to hosts, and point Open vSwitch to them',
    options: ['to', ...keyOptions, 'days', ...applyOptions, ...commonOptions],
  },
  {
    name: 'inventory',
    operands: 'init [FILE]',
    description: 'write an inventory of a fleet to be filled in (default: fleet.yaml)',
    options: [...commonOptions],
  },
  {
    name: 'plan',
    operands: '[FILE]',
    description: 'show what apply would do to the hosts of an inventory (default: fleet.yaml)',
    options: ['out', 'skip-proof', ...commonOptions],
  },
  {
    name: 'apply',
    operands: '[FILE]',
    description: 'make the hosts of an inventory, or of a plan, what they should be',
    options: [...applyOptions, ...commonOptions],
  },
  {
    name: 'remove',
    operands: '[FILE] | --to HOST...',
    description: 'take tunnels and identities away from hosts',
    options: ['to', 'port', 'identity', ...commonOptions],
  },
  {
    name: 'status',
    operands: '[FILE | --to HOST...]',
    description: 'show what hosts and their tunnels are now (default: fleet.yaml, or else this machine)',
    options: ['to', ...commonOptions],
  },
  {
    name: 'doctor',
    operands: '[FILE | --to HOST...]',
    description: 'find what is wrong with hosts and their tunnels, and what cures it',
    options: ['to', ...commonOptions],
  },
] as const satisfies readonly CommandSpec[];

export type CommandName = (typeof commandSpecs)[number]['name'];
