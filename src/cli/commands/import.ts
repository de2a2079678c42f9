import { OvsPkiError } from '../../errors.js';
import { visible } from '../../platform/visible.js';
import { type Imported, importCa } from '../../usecases/authority/import.js';
import { type ImportedCrl, importCrls } from '../../usecases/authority/issuer-crl.js';
import { requestCa } from '../../usecases/authority/request.js';
import type { CommandOptions } from '../options/commands.js';
import { onlyTypeOf } from '../options/names.js';
import { passphraseFor } from '../options/passphrase.js';
import { keySpecOf, pkiDirectoryOf } from '../options/read.js';
import type { OptionName, Options } from '../options/specs.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { requestedOutcome, requestPlaceOf } from '../outcome/requested.js';
import { dayText } from '../render/text.js';

export async function run(context: CommandContext<'import'>): Promise<Outcome> {
  const { platform, options, operands } = context;
  const [certificateFile, privateKeyFile] = [options['ca-cert'], options['ca-key']];
  const chainFile = options.chain;
  if (options.request !== undefined && operands.length > 0) return requestOutcome(context);
  if (options.crl !== undefined && certificateFile === undefined && operands.length > 0)
    return crlOutcome(context, options.crl);
  if (operands.length === 0 || certificateFile === undefined) {
    throw new OvsPkiError('USAGE', 'import wants a type, and a certificate or a request to make', {
      hint: 'ovs-pki-ts import switch --ca-cert FILE --ca-key FILE [--chain FILE]',
    });
  }
  requireOptions(options, requestOnly, 'is for a request that is made: --request FILE');
  const result = await importCa(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: onlyTypeOf(context),
    certificateFile,
    ...(privateKeyFile === undefined ? {} : { privateKeyFile }),
    ...(chainFile === undefined ? {} : { chainFile }),
    force: options.force === true,
    ...pastOf(options),
  });
  const { folder, certificate, chain } = result;
  const above = chain.length === 0 ? 'signed by itself' : `below ${chain.at(-1)?.subject}`;
  return {
    exitStatus: 0,
    text: `${folder}: ${certificate.subject}, ${above}, valid until ${dayText(certificate.notAfter)}\n`,
    json: { ...result },
    errors: [],
    warnings: warningsOf(result),
  };
}

const requestOnly = ['subject', 'same-key', 'encrypt-key', 'pkcs11'] as const;
const certificateOnly = ['ca-cert', 'ca-key', 'chain', 'index', 'crl', 'certificates'] as const;

/** Throws USAGE for one that would be passed over. */
function requireOptions<Name extends OptionName>(options: Options<Name>, unused: readonly Name[], why: string): void {
  const given = unused.find((name) => options[name] !== undefined);
  if (given !== undefined) throw new OvsPkiError('USAGE', `--${given} ${why}`);
}

/** CRLs of the CAs above one that is here. */
async function crlOutcome(context: CommandContext<'import'>, crlFile: string): Promise<Outcome> {
  const { platform, options } = context;
  const alone = ['ca-key', 'chain', 'index', 'certificates', ...requestOnly] as const;
  requireOptions(
    options,
    alone,
    'goes with --ca-cert FILE: without that, --crl has the CRLs of the CAs above the one here',
  );
  const result = await importCrls(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: onlyTypeOf(context),
    crlFile,
  });
  const { type, crls, revokes } = result;
  return {
    exitStatus: 0,
    text: crls.map((crl) => `${visible(crlLine(crl))}\n`).join(''),
    json: { ...result },
    errors: [],
    warnings: [
      ...crls.filter(({ isExpired }) => isExpired).map(expiredLine),
      ...(revokes === undefined ? [] : [`${type}ca: ${revokes}: nothing that it signs is valid`]),
    ],
  };
}

function crlLine({ file, issuer, crlNumber, revoked, nextUpdate }: ImportedCrl): string {
  const number = crlNumber === undefined ? 'without a number' : `number ${crlNumber}`;
  const until = nextUpdate === undefined ? '' : `, next update ${dayText(nextUpdate)}`;
  return `${file}: CRL of ${issuer}, ${number}, ${revoked} revoked${until}`;
}

function expiredLine({ issuer, nextUpdate = '' }: ImportedCrl): string {
  return `the CRL of ${issuer} has expired on ${dayText(nextUpdate)}: verify refuses everything until there is a newer one`;
}

async function requestOutcome(context: CommandContext<'import'>): Promise<Outcome> {
  const { platform, options } = context;
  requireOptions(options, certificateOnly, 'is for a certificate that comes in, and --request for what goes out');
  const [subject, pkcs11] = [options.subject, options.pkcs11];
  const sameKey = options['same-key'] === true;
  const passphrase = sameKey ? undefined : await passphraseFor(options);
  let content: string | undefined;
  const requested = await requestCa(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: onlyTypeOf(context),
    out: requestPlaceOf(options, (text) => {
      content = text;
    }),
    force: options.force === true,
    sameKey,
    keySpec: keySpecOf(options),
    ...(subject === undefined ? {} : { subject }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(pkcs11 === undefined ? {} : { pkcs11 }),
  });
  const next = `import ${requested.type} --ca-cert FILE --chain FILE`;
  return requestedOutcome(requested, next, options, content);
}

function pastOf({ index: indexFile, crl: crlFile, certificates: certificatesFrom }: CommandOptions<'import'>) {
  return {
    ...(indexFile === undefined ? {} : { indexFile }),
    ...(crlFile === undefined ? {} : { crlFile }),
    ...(certificatesFrom === undefined ? {} : { certificatesFrom }),
  };
}

function warningsOf({ type, kept, renewed, keyMadeHere, past, sharedWith }: Imported): string[] {
  const unknown =
    'what this CA has issued and revoked elsewhere is not known here, and its first CRL from here lets revoked certificates ' +
    'in again: if it has a past, import it again with --index FILE --crl FILE --certificates FOLDER';
  return [
    ...kept.map((old) => `the CA that was there before is kept in ${old}`),
    ...(renewed || keyMadeHere || past !== undefined ? [] : [unknown]),
    ...(sharedWith === undefined ? [] : [`${type}ca and ${sharedWith}ca are one CA: what one revokes counts for both`]),
  ];
}
