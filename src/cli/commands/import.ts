import { OvsPkiError } from '../../errors.js';
import { type Imported, importCa } from '../../usecases/authority/import.js';
import { textOf } from '../options/fleet.js';
import { onlyTypeOf } from '../options/names.js';
import { pkiDirectoryOf } from '../options/read.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { dayText } from '../render/text.js';

export async function run(context: CommandContext): Promise<Outcome> {
  const { platform, options, operands } = context;
  const [certificateFile, privateKeyFile] = [textOf(options, 'ca-cert'), textOf(options, 'ca-key')];
  const chainFile = textOf(options, 'chain');
  if (operands.length === 0 || certificateFile === undefined || privateKeyFile === undefined) {
    throw new OvsPkiError('USAGE', 'import wants a type, a certificate and its key', {
      hint: 'ovs-pki-ts import switch --ca-cert FILE --ca-key FILE [--chain FILE]',
    });
  }
  const result = await importCa(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: onlyTypeOf(context),
    certificateFile,
    privateKeyFile,
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

function pastOf(options: CommandContext['options']) {
  const [indexFile, crlFile, certificatesFrom] = (['index', 'crl', 'certificates'] as const).map((name) =>
    textOf(options, name),
  );
  return {
    ...(indexFile === undefined ? {} : { indexFile }),
    ...(crlFile === undefined ? {} : { crlFile }),
    ...(certificatesFrom === undefined ? {} : { certificatesFrom }),
  };
}

function warningsOf({ type, kept, renewed, past, sharedWith }: Imported): string[] {
  const unknown =
    'what this CA has issued and revoked elsewhere is not known here, and its first CRL from here lets revoked certificates ' +
    'in again: if it has a past, import it again with --force --index FILE --crl FILE --certificates FOLDER';
  return [
    ...kept.map((old) => `the CA that was there before is kept in ${old}`),
    ...(renewed || past !== undefined ? [] : [unknown]),
    ...(sharedWith === undefined ? [] : [`${type}ca and ${sharedWith}ca are one CA: what one revokes counts for both`]),
  ];
}
