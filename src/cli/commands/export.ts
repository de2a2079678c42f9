import { OvsPkiError } from '../../errors.js';
import {
  type Exported,
  type ExportFormat,
  exportCertificate,
  exportFormats,
} from '../../usecases/certificate/export.js';
import { newPassphraseOf } from '../options/passphrase.js';
import { pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';

export async function run({ platform, options, operands }: CommandContext<'export'>): Promise<Outcome> {
  const [name, ...more] = operands;
  if (name === undefined || more.length > 0) {
    throw new OvsPkiError('USAGE', `export takes one name, not ${operands.length}`, {
      hint: 'ovs-pki-ts export host_1',
    });
  }
  const format = formatOf(options.format ?? 'p12');
  if (format !== 'p12' && (options['passphrase-file'] ?? options['passphrase-fd']) !== undefined) {
    throw new OvsPkiError('USAGE', `a file of format ${format} has no passphrase: it holds no key`);
  }
  if (format !== 'p12' && options.legacy === true) {
    throw new OvsPkiError('USAGE', `--legacy is for the format p12, and ${format} is not encrypted`);
  }
  const out = options.out;
  let content: Uint8Array | undefined;
  const toOutput = (bytes: Uint8Array): void => {
    content = bytes;
  };
  const exported = await exportCertificate(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    name,
    format,
    ...(out === undefined ? {} : { out: out === standardStream ? toOutput : out }),
    password: (file) => newPassphraseOf(options, 'passphrase', `of ${file}`),
    force: options.force === true,
    legacy: options.legacy === true,
  });
  return {
    exitStatus: 0,
    text: `${exportedLine(exported)}\n`,
    json: { results: [exported] },
    errors: [],
    ...(content === undefined ? {} : { content }),
    warnings: exported.isRevoked ? [`the certificate of ${name} is revoked`] : [],
  };
}

function formatOf(text: string): ExportFormat {
  const format = exportFormats.find((known) => known === text);
  if (format !== undefined) return format;
  throw new OvsPkiError('USAGE', `--format takes p12, p7b or chain, not ${JSON.stringify(text)}`);
}

/** `host_1.p12: the key and the certificate of host_1, and 1 CA certificate`. */
function exportedLine({ file, hasKey, name, certificates }: Exported): string {
  const above = certificates.length - 1;
  const what = hasKey ? 'the key and the certificate' : 'the certificate';
  return `${file}: ${what} of ${name}, and ${above} CA certificate${above === 1 ? '' : 's'}`;
}
