/**
 * Which keys are made: RSA of a length, or EC on a curve.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';

/** The curves of EC keys that are made and signed. */
export type Curve = 'P-256' | 'P-384';

/** The same, as a list. */
export const curves = ['P-256', 'P-384'] as const satisfies readonly Curve[];

/** What kind of key to make. */
export type KeySpec = { readonly type: 'rsa'; readonly bits: number } | { readonly type: 'ec'; readonly curve: Curve };

/** Since Open vSwitch 3.5 ovs-pki makes RSA keys of 3072 bits and takes none below 2048. */
export const defaultKeySpec = { type: 'rsa', bits: 3072 } as const satisfies KeySpec;

export const minimumRsaBits = 2048;

/** Larger keys make every handshake slow and no connection safer. */
export const maximumRsaBits = 8192;

/** Checks what was asked for with --key and --bits. Throws KEY_TYPE_UNSUPPORTED, KEY_SIZE_REFUSED or USAGE. */
export function parseKeySpec(type: string, bits: string | undefined): KeySpec {
  const number = bits === undefined ? undefined : /^[0-9]{1,6}$/.test(bits) ? Number(bits) : Number.NaN;
  if (Number.isNaN(number)) throw new OvsPkiError('USAGE', `--bits takes a number, not ${JSON.stringify(bits)}`);
  switch (type) {
    case 'rsa':
      return { type, bits: checkedRsaBits(number ?? defaultKeySpec.bits) };
    case 'ec':
      if (number !== undefined && number !== 256 && number !== 384) {
        throw new OvsPkiError('KEY_SIZE_REFUSED', `EC keys have 256 or 384 bits, not ${number}`, {
          hint: 'give --bits 256 for P-256 or --bits 384 for P-384',
        });
      }
      return { type, curve: number === 384 ? 'P-384' : 'P-256' };
    case 'dsa':
      throw new OvsPkiError(
        'KEY_TYPE_UNSUPPORTED',
        'DSA keys are not made: OpenSSL has dropped them from TLS, and ovs-monitor-ipsec cannot use them',
        { hint: 'leave --key away for RSA, which every part of Open vSwitch takes' },
      );
    default:
      throw new OvsPkiError('USAGE', `--key takes rsa or ec, not ${JSON.stringify(type)}`);
  }
}

/**
 * The same for a caller of the library: nothing is made of what is no kind of key. Throws KEY_TYPE_UNSUPPORTED or
 * KEY_SIZE_REFUSED.
 */
export function requireKeySpec(spec: KeySpec): void {
  if (spec?.type === 'rsa') checkedRsaBits(spec.bits);
  else if (spec?.type !== 'ec' || !curves.includes(spec.curve)) {
    throw new OvsPkiError('KEY_TYPE_UNSUPPORTED', `this is no kind of key that is made: ${JSON.stringify(spec)}`, {
      hint: "give { type: 'rsa', bits: 3072 }, or { type: 'ec', curve: 'P-256' } or 'P-384'",
    });
  }
}

function checkedRsaBits(bits: number): number {
  if (!Number.isInteger(bits) || bits < minimumRsaBits || bits > maximumRsaBits) {
    throw new OvsPkiError(
      'KEY_SIZE_REFUSED',
      `RSA keys have ${minimumRsaBits} to ${maximumRsaBits} bits here, not ${bits}`,
      {
        hint:
          bits === 256 || bits === 384
            ? `for an EC key of ${bits} bits, say so: --key ec --bits ${bits}`
            : `leave --bits away for ${defaultKeySpec.bits}, or give --bits ${minimumRsaBits}`,
      },
    );
  }
  return bits;
}
