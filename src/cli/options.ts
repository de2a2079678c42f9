/**
 * The options and commands of the program, as data, and the reading of a command line as ovs-pki reads it: options
 * and operands in any order, long options in any abbreviation that is clear.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { defaultLogFile } from '../platform/log.js';

export interface OptionSpec {
  readonly long: string;
  readonly short?: string;
  /** The name of its argument, for options that take one. */
  readonly argument?: string;
  /** It takes all that follows up to the next option, and can be given again: its values are joined with commas. */
  readonly isList?: true;
  /** Refused by commands that do not use it; those of ovs-pki are taken everywhere, as ovs-pki has it. */
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
  { long: 'bits', short: 'B', argument: 'NBITS', description: 'bits of the keys (default: 3072 for rsa, 256 for ec)' },
  { long: 'dsaparam', short: 'D', argument: 'FILE', description: 'taken for compatibility; DSA keys are not made' },
  { long: 'batch', short: 'b', description: 'ask nothing: sign without confirmation of the fingerprint' },
  { long: 'dir', short: 'd', argument: 'DIR', description: 'the PKI directory (default: /var/lib/openvswitch/pki)' },
  { long: 'force', short: 'f', description: 'continue even if a file or directory exists' },
  { long: 'log', short: 'l', argument: 'FILE', description: `log what is done to FILE (default: ${defaultLogFile})` },
  { long: 'unique', short: 'u', description: 'NAME is unique: take it as it is (needed for IPsec)' },
  { long: 'days', argument: 'DAYS', description: 'days that what is signed is valid (default: 3650; a CRL: 30)' },
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
      'hosts to work on: destinations of ssh, or IP addresses; an address of this machine is handled without ssh',
  },
  {
    long: 'type',
    isOwn: true,
    argument: 'TUNNEL',
    description: 'type of the tunnel: gre (default), geneve, vxlan, stt',
  },
  { long: 'auth', isOwn: true, argument: 'METHOD', description: 'ca-signed (default), self-signed or psk' },
  { long: 'bridge', isOwn: true, argument: 'NAME', description: 'bridge that gets the tunnel (default: br-ipsec)' },
  { long: 'port', isOwn: true, argument: 'NAME', isList: true, description: 'port of the tunnel (default: tun)' },
  { long: 'identity', isOwn: true, description: 'take away the certificate, its key and the CA' },
  {
    long: 'tunnel-address',
    isOwn: true,
    argument: 'NAME=ADDRESS',
    isList: true,
    description: 'where the tunnel of host NAME ends, if that is not the address of its ssh destination',
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
    description: 'unencrypted tunnel packets: drop-unencrypted (default), drop-marked, allow-unencrypted or keep',
  },
  { long: 'ike-daemon', isOwn: true, argument: 'DAEMON', description: 'strongswan, libreswan or auto (default)' },
  {
    long: 'out',
    isOwn: true,
    argument: 'FILE',
    description: 'write to FILE: a plan for "apply FILE", what is exported, or a copy of the CRL',
  },
  { long: 'outform', isOwn: true, argument: 'FORM', description: 'PEM (default) or DER' },
  { long: 'due', isOwn: true, description: 'renew what expires soon among the certificates in this folder' },
  {
    long: 'before',
    isOwn: true,
    argument: 'TIME',
    description: 'with --due: how long before its end a certificate is due, such as 30d (default) or 12h',
  },
  { long: 'rekey', isOwn: true, description: 'make a new key, too, where NAME-privkey.pem is here' },
  {
    long: 'serial',
    isOwn: true,
    argument: 'NUMBER',
    isList: true,
    description: 'revoke the certificates with these serial numbers, and not those of names',
  },
  {
    long: 'reason',
    isOwn: true,
    argument: 'REASON',
    description:
      'keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold or unspecified',
  },
  { long: 'at', isOwn: true, argument: 'TIME', description: 'with a compromise: since when the key is in other hands' },
  {
    long: 'skip-proof',
    isOwn: true,
    description: 'do not wait until the tunnels are encrypted, nor demand that the daemons run',
  },
  {
    long: 'timeout',
    isOwn: true,
    argument: 'SECONDS',
    description: 'how long tunnels may take to come up (default: 90)',
  },
  { long: 'format', isOwn: true, argument: 'p12|p7b|chain', description: 'what is exported (default: p12)' },
  { long: 'ca-cert', isOwn: true, argument: 'FILE', description: 'the certificate of the CA' },
  { long: 'ca-key', isOwn: true, argument: 'FILE', description: 'the private key of the CA' },
  { long: 'chain', isOwn: true, argument: 'FILE', description: 'the certificates above that of the CA, up to a root' },
  {
    long: 'offline-root',
    isOwn: true,
    argument: 'DIR',
    description: 'make a root in DIR, such as a USB stick, and the CAs as intermediates below it',
  },
  { long: 'encrypt-key', isOwn: true, description: 'encrypt the keys of the CAs with a passphrase' },
  {
    long: 'state',
    isOwn: true,
    argument: 'STATE',
    isList: true,
    description: 'only certificates that are valid, revoked, expired or due (valid, and end within 30 days)',
  },
  { long: 'name', isOwn: true, argument: 'GLOB', description: 'only certificates of names such as "edge_*"' },
  {
    long: 'expires-before',
    isOwn: true,
    argument: 'TIME',
    description: 'only certificates that end before a date, or within a period such as 30d',
  },
  {
    long: 'passphrase-file',
    isOwn: true,
    argument: 'FILE',
    description: 'read the passphrase from FILE, which only its owner can read',
  },
  { long: 'passphrase-fd', isOwn: true, argument: 'N', description: 'read the passphrase from the open descriptor N' },
  {
    long: 'new-passphrase-file',
    isOwn: true,
    argument: 'FILE',
    description: 'read the new passphrase from FILE, which only its owner can read',
  },
  {
    long: 'new-passphrase-fd',
    isOwn: true,
    argument: 'N',
    description: 'read the new passphrase from the open descriptor N',
  },
  { long: 'remove', isOwn: true, description: 'take the passphrase away: the key becomes a plain file' },
  {
    long: 'warn',
    isOwn: true,
    argument: 'PERIOD',
    description: 'so long before its end a certificate is told of (default: 30d)',
  },
  {
    long: 'critical',
    isOwn: true,
    argument: 'PERIOD',
    description: 'so long before its end that is critical (default: 7d)',
  },
  { long: 'nagios', isOwn: true, description: 'answer as a plugin of Nagios: one line, and 0, 1, 2 or 3' },
  {
    long: 'prometheus',
    isOwn: true,
    argument: 'FILE',
    description: 'write metrics to FILE for the textfile collector',
  },
] as const satisfies readonly OptionSpec[];

export type OptionName = (typeof optionSpecs)[number]['long'];

/** The values of the options of one call: true for a flag, text for an option with an argument. */
export type OptionValues = { readonly [Name in OptionName]?: string | true };

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
    options: [...keyOptions, 'days', 'force', 'encrypt-key', 'offline-root', ...passphraseOptions, ...commonOptions],
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
    description: 'revoke the certificates of NAME; "crl" tells the hosts',
    options: ['serial', 'reason', 'at', 'names', ...commonOptions],
  },
  {
    name: 'crl',
    operands: '[TYPE]',
    description: 'make the list of revoked certificates, crl.pem of the CA',
    options: ['days', 'out', 'outform', ...passphraseOptions, ...commonOptions],
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

const helpOptions = ['-h', '--help'];
const versionOptions = ['-V', '--version'];

/**
 * Puts a command line into the one order that the parser reads: the command, its options as `--name=value`, `--`, its
 * operands. Throws USAGE for an option that does not exist, an abbreviation that could be several, an argument that is
 * missing, and where there is no command.
 */
export function normalizeArguments(args: readonly string[]): string[] {
  const options: string[] = [];
  const operands: string[] = [];
  const queue = [...args];
  for (let token = queue.shift(); token !== undefined; token = queue.shift()) {
    // As with ovs-pki, help and version are given at once: what stands behind them is not looked at.
    if (versionOptions.includes(token)) return [token];
    if (helpOptions.includes(token)) return [...operands.slice(0, 1), token];
    if (token === '--') operands.push(...queue.splice(0));
    // A single hyphen is a file: standard input.
    else if (token === '-' || !token.startsWith('-')) operands.push(token);
    else options.push(normalizeOption(token, queue));
  }
  const [command, ...rest] = withoutEmpty(operands);
  if (command === undefined) throw usage('there is no command');
  // Behind "--" everything is an operand, and in front of the others the parser would take it for an option.
  if (command.startsWith('-')) throw usage(`there is no command ${command}`);
  return [command, ...options, '--', ...rest];
}

/** A script's `sign "$name" "$type"` with an empty variable: ovs-pki takes an empty text there for nothing at all. */
function withoutEmpty(operands: readonly string[]): readonly string[] {
  const [command, ...rest] = operands.slice(operands.findIndex((operand) => operand !== ''));
  if (command === undefined || command === '') return [];
  return [command, ...rest.slice(0, rest.findLastIndex((operand) => operand !== '') + 1)];
}

function normalizeOption(token: string, queue: string[]): string {
  const [, flag = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(token) ?? [];
  const spec = flag.startsWith('--') ? longOption(flag) : shortOption(flag, value);
  if (spec === undefined) throw usage(`there is no option ${token}`);
  if (spec.argument === undefined) {
    if (value !== undefined) throw usage(`the option ${flag} takes no argument`);
    return `--${spec.long}`;
  }
  const argument = value ?? queue.shift();
  if (argument === undefined) throw usage(`the option ${flag} needs an argument: ${spec.argument}`);
  if (spec.isList === true) return `--${spec.long}=${[argument, ...listOf(queue)].join(',')}`;
  return `--${spec.long}=${argument}`;
}

/** What stands behind an option that takes a list, up to the next option. */
function listOf(queue: string[]): string[] {
  const end = queue.findIndex((token) => token.startsWith('-'));
  return queue.splice(0, end < 0 ? queue.length : end);
}

function shortOption(flag: string, value: string | undefined): OptionSpec | undefined {
  return value === undefined ? specs.find(({ short }) => `-${short}` === flag) : undefined;
}

const specs: readonly OptionSpec[] = optionSpecs;

function longOption(flag: string): OptionSpec | undefined {
  const name = flag.slice(2);
  const exact = specs.find(({ long }) => long === name);
  if (exact !== undefined || name === '') return exact;
  const found = specs.filter(({ long }) => long.startsWith(name));
  if (found.length > 1) {
    const list = found.map(({ long }) => `--${long}`).join(', ');
    throw usage(`the option ${flag} could be any of ${list}`);
  }
  return found[0];
}

function usage(reason: string): OvsPkiError {
  return new OvsPkiError('USAGE', reason, { hint: 'ovs-pki-ts --help' });
}
