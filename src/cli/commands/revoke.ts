import { OvsPkiError } from '../../errors.js';
import { type Revoked, revoke } from '../../usecases/certificate/revoke.js';
import { type CertificateType, parseReason, parseTime } from '../../usecases/inputs.js';
import { namesAndTypeOf, typeOf } from '../options/names.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { outcomeOf } from '../outcome/results.js';
import { dayText } from '../render/text.js';

export async function run(context: CommandContext<'revoke'>): Promise<Outcome> {
  const { platform, options } = context;
  // What a delta CRL would say of it (RFC 5280, section 5.3.1).
  const isRelease = options.reason?.toLowerCase() === 'removefromcrl';
  const what = options.serial === undefined ? await namesAndTypeOf(context) : serialsOf(context, options.serial);
  const results = await revoke(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    names: [],
    serialNumbers: [],
    ...what,
    reason: isRelease || options.reason === undefined ? undefined : parseReason(options.reason),
    release: isRelease || options.release === true,
    invalidityDate: options.at === undefined ? undefined : parseTime(options.at),
  });
  const outcome = outcomeOf<Revoked>(results, (result) => `${revokedLine(result)}\n`);
  const waiting = results.some((result) => 'waitsForRetire' in result);
  return { ...outcome, warnings: waiting ? [waitingText] : [] };
}

const waitingText =
  'a rollover is under way, and hosts keep the list of the old key: they refuse what is revoked of the new key from "rollover retire" on';

/** The list of serial numbers takes a type that stands behind it, too. */
function serialsOf(
  { operands, options }: CommandContext<'revoke'>,
  list: readonly string[],
): { serialNumbers: string[]; type: CertificateType } {
  const words = [...list, ...operands];
  const type = typeOf(words.at(-1));
  const serialNumbers = [...new Set(type === undefined ? words : words.slice(0, -1))];
  if (options.names !== undefined || serialNumbers.length === 0 || operands.length > (type === undefined ? 0 : 1)) {
    throw new OvsPkiError('USAGE', 'revoke takes names or serial numbers, not both', {
      hint: 'ovs-pki-ts revoke --serial NUMBER... switch',
    });
  }
  return { serialNumbers, type: type ?? 'switch' };
}

/** `host_1: revoked, serial 5F…`, and where it is more than one certificate all of them. */
function revokedLine({ name, outcome, certificates }: Revoked): string {
  const serials = certificates.map(({ serialNumber }) => serialNumber);
  const list = `${serials.length > 1 ? `${serials.length} certificates, serials` : 'serial'} ${serials.join(', ')}`;
  const last = certificates.at(-1);
  if (outcome === 'released') return `${name}: released ${list}; the next CRL is without it`;
  if (outcome === 'revoked' || last === undefined) return `${name}: revoked ${list}`;
  return `${name}: already revoked on ${dayText(last.revokedAt)} (${last.reason}), ${list}`;
}
