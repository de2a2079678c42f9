/**
 * The options of a tunnel's Interface that an inventory may set. `ipsec_*` options go word for word into ipsec.conf,
 * where one of them names a program that is run as root: so this is a list of what is allowed, each with the form of
 * its value.
 *
 * @see ipsec.conf(5) of strongSwan 5.9 and of libreswan 4.10, ovs-vswitchd.conf.db(5) "Tunnel Options"
 * @module
 */

import type { TunnelType } from '../desired/desired.js';
import type { IkeDaemonName } from '../ike/daemon.js';

export interface OptionRule {
  /** What a value must be, for a message. */
  readonly form: string;
  readonly pattern: RegExp;
  readonly example: string;
  /** The IKE daemons that know it; undefined where both do. libreswan loads no connection at all beside an unknown word. */
  readonly daemon?: IkeDaemonName;
  /** The types of tunnels that have it; undefined where all do. */
  readonly types?: readonly TunnelType[];
  /** It belongs to a tunnel, because both ends must agree on it, and not to a host. */
  readonly ofTunnel?: true;
}

const time = { form: 'a time such as 3600s, 30m, 8h or 1d', pattern: /^[1-9][0-9]{0,6}[smhd]?$/ };
const yesNo = { form: 'yes or no', pattern: /^(yes|no)$/, example: 'yes' };
const trueFalse = { form: 'true or false', pattern: /^(true|false)$/, example: 'true' };
const key = { form: 'a number from 0 on, or flow', pattern: /^(flow|0|[1-9][0-9]{0,19})$/, ofTunnel: true } as const;
const window = {
  form: 'a power of two from 32 to 4096',
  pattern: /^(32|64|128|256|512|1024|2048|4096)$/,
  example: '128',
};
const byteOrInherit = {
  form: 'inherit, or a number from 0 to 255',
  pattern: /^(inherit|[1-9]?[0-9]|1[0-9][0-9]|2[0-4][0-9]|25[0-5])$/,
};
/** `null` and GMAC would authenticate packets and leave them readable. */
const proposals = {
  form: 'proposals of the IKE daemon with encryption that is one (no null, no GMAC, no single DES)',
  pattern: /^(?!.*(null|gmac|(^|[^a-z0-9])des($|[^a-z0-9])))[a-z0-9][a-z0-9_+;,!-]{0,254}$/,
};

/** Every option that may be set, by its name. */
export const optionRules: Readonly<Record<string, OptionRule>> = {
  key: { ...key, example: '1001' },
  in_key: { ...key, example: 'flow' },
  out_key: { ...key, example: '1001' },
  tos: { ...byteOrInherit, example: 'inherit' },
  ttl: { ...byteOrInherit, example: '64' },
  df_default: trueFalse,
  csum: { ...trueFalse, types: ['gre', 'geneve', 'vxlan'] },
  seq: { ...trueFalse, types: ['gre'], ofTunnel: true },
  exts: { form: 'gbp or gpe', pattern: /^(gbp|gpe)$/, example: 'gbp', types: ['vxlan'], ofTunnel: true },
  packet_type: {
    form: 'legacy_l2, legacy_l3 or ptap',
    pattern: /^(legacy_l2|legacy_l3|ptap)$/,
    example: 'legacy_l2',
    types: ['gre', 'vxlan'],
    ofTunnel: true,
  },
  ipsec_encapsulation: {
    form: 'yes, no or auto',
    pattern: /^(yes|no|auto)$/,
    example: 'yes',
    daemon: 'libreswan',
  },
  ipsec_forceencaps: { ...yesNo, daemon: 'strongswan' },
  ipsec_ike: { ...proposals, example: 'aes256gcm16-sha256-ecp384' },
  ipsec_esp: { ...proposals, example: 'aes256gcm16-ecp384' },
  ipsec_phase2alg: { ...proposals, example: 'aes_gcm256', daemon: 'libreswan' },
  ipsec_pfs: { ...yesNo, daemon: 'libreswan' },
  ipsec_esn: { form: 'yes, no or either', pattern: /^(yes|no|either)$/, example: 'either', daemon: 'libreswan' },
  ipsec_ikelifetime: { ...time, example: '8h' },
  ipsec_lifetime: { ...time, example: '1h' },
  ipsec_keylife: { ...time, example: '1h' },
  ipsec_salifetime: { ...time, example: '1h', daemon: 'libreswan' },
  ipsec_rekeymargin: { ...time, example: '9m' },
  ipsec_margintime: { ...time, example: '9m', daemon: 'strongswan' },
  ipsec_rekeyfuzz: { form: 'a percentage', pattern: /^[0-9]{1,3}%$/, example: '100%' },
  ipsec_rekey: yesNo,
  ipsec_reauth: yesNo,
  ipsec_dpdaction: { form: 'clear, hold or restart', pattern: /^(clear|hold|restart)$/, example: 'restart' },
  ipsec_dpddelay: { ...time, example: '30s' },
  ipsec_dpdtimeout: { ...time, example: '120s' },
  ipsec_closeaction: {
    form: 'none, clear, hold or restart',
    pattern: /^(none|clear|hold|restart)$/,
    example: 'restart',
    daemon: 'strongswan',
  },
  ipsec_inactivity: { ...time, example: '1h', daemon: 'strongswan' },
  ipsec_mobike: yesNo,
  ipsec_fragmentation: { form: 'yes, no or force', pattern: /^(yes|no|force)$/, example: 'yes' },
  ipsec_replay_window: { ...window, daemon: 'strongswan' },
  'ipsec_replay-window': { ...window, daemon: 'libreswan' },
  'ipsec_nic-offload': { form: 'yes, no or auto', pattern: /^(yes|no|auto)$/, example: 'auto', daemon: 'libreswan' },
};

/** Why an option is not in {@link optionRules}, in a sentence, for those that are asked for in good faith. */
export function whyRefused(name: string): string | undefined {
  const reason = refusals[name];
  if (reason !== undefined && Object.hasOwn(refusals, name)) return reason;
  return name.startsWith('ipsec_')
    ? 'most settings of ipsec.conf could switch authentication or encryption off, or run programs as root'
    : undefined;
}

/** What an option is for those who write an inventory. */
export function optionDescription({ form, types, daemon }: OptionRule): string {
  const tunnels = types === undefined ? '' : ` Tunnels: ${types.join(', ')}.`;
  return `Takes ${form}.${tunnels}${daemon === undefined ? '' : ` Only ${daemon} knows it.`}`;
}

/** The text that OVSDB holds for a value as YAML has it: `true` is `yes` where the option is one of ipsec.conf. */
export function optionText(name: string, value: string | number | boolean): string {
  if (typeof value !== 'boolean' || !name.startsWith('ipsec_')) return String(value);
  return value ? 'yes' : 'no';
}

/** What is wrong with the options of one end, given its type and, where it is known, its IKE daemon. */
export function optionFaults(
  options: Readonly<Record<string, string>>,
  type: TunnelType,
  daemon: IkeDaemonName | 'auto',
): { readonly option: string; readonly message: string }[] {
  const faults = Object.keys(options).flatMap((option) => {
    const rule = optionRules[option];
    const message = rule === undefined ? 'is not an option that can be set' : unfit(rule, type, daemon);
    return message === undefined ? [] : [{ option, message }];
  });
  return [...faults, ...keyFaults(options, type)];
}

function unfit(
  { types, daemon: only }: OptionRule,
  type: TunnelType,
  daemon: IkeDaemonName | 'auto',
): string | undefined {
  if (types !== undefined && !types.includes(type))
    return `is an option of ${types.join(', ')} tunnels, not of ${type}`;
  if (only === undefined || daemon === 'auto' || daemon === only) return undefined;
  return `is known to ${only} only, and this host has ${daemon}; set it at the hosts that have ${only}`;
}

/** Keys as wide as the header of the type has room for, and the same at both ends. */
function keyFaults(options: Readonly<Record<string, string>>, type: TunnelType) {
  const { key, in_key: inKey, out_key: outKey } = options;
  const bits = keyBits[type];
  const tooLarge = (['key', 'in_key', 'out_key'] as const).flatMap((option) => {
    const value = options[option];
    const fits = value === undefined || value === 'flow' || BigInt(value) < 1n << BigInt(bits);
    return fits ? [] : [{ option, message: `a key of a ${type} tunnel has at most ${bits} bits` }];
  });
  if (inKey === undefined && outKey === undefined) return tooLarge;
  const option = inKey === undefined ? 'out_key' : 'in_key';
  if (key !== undefined) return [...tooLarge, { option, message: 'key sets in_key and out_key already' }];
  if (inKey === outKey || (inKey === 'flow' && outKey !== undefined) || (outKey === 'flow' && inKey !== undefined)) {
    return tooLarge;
  }
  return [
    ...tooLarge,
    { option, message: 'in_key and out_key must be the same, for what one end sends the other receives; use key' },
  ];
}

const keyBits: Readonly<Record<TunnelType, number>> = { gre: 32, geneve: 24, vxlan: 24, stt: 64 };

const refusals: Readonly<Record<string, string>> = {
  remote_ip: 'the addresses of a tunnel are those of its hosts: hosts.NAME.address',
  local_ip: 'the addresses of a tunnel are those of its hosts: hosts.NAME.address',
  remote_name: 'it is set from the name of the host at the other end',
  remote_cert: 'it is set where auth is self-signed',
  psk: 'a secret does not belong into this file; psk_file names the file that has it',
  dst_port:
    'the policies of ovs-monitor-ipsec are for the standard port, so packets to another one would not be encrypted',
  egress_pkt_mark: 'packets with a mark get past the policy that drops what is not encrypted',
};
