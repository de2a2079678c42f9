import { OvsPkiError } from '../../errors.js';
import { absolutePath } from '../../platform/files.js';
import { type CrlRequest, crl, defaultCrlDays } from '../../usecases/authority/crl.js';
import type { CommandOptions } from '../options/commands.js';
import { onlyTypeOf } from '../options/names.js';
import { lifeOf, pkiDirectoryOf } from '../options/read.js';
import { standardStream } from '../options/streams.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { afterwards, programAfter } from '../outcome/run-after.js';
import { endText } from '../render/text.js';

/** Of a list for a week the day is enough. */
const crlShortMs = 2 * 86_400_000;

export async function run(context: CommandContext<'crl'>): Promise<Outcome> {
  const { platform, options } = context;
  const program = programAfter(context);
  let content: Uint8Array | undefined;
  const made = await crl(platform, {
    pkiDirectory: pkiDirectoryOf(options),
    type: onlyTypeOf(context),
    days: lifeOf(context, defaultCrlDays).days,
    out: outOf(options, (bytes) => {
      content = bytes;
    }),
  });
  const { crlNumber, revoked, thisUpdate, nextUpdate } = made;
  const next = endText({ notBefore: thisUpdate, notAfter: nextUpdate }, crlShortMs);
  const files = [made.file, ...(options.out === undefined ? [] : [options.out])].join(' and ');
  const text = `${files}: CRL number ${crlNumber}, ${revoked} revoked, next update ${next}\n`;
  const outcome = { exitStatus: 0, text, json: { ...made }, errors: [], ...(content === undefined ? {} : { content }) };
  return afterwards(context, program, outcome, {
    COMMAND: 'crl',
    TYPE: made.type,
    FILES: [made.file, made.otherFile ?? [], made.out ?? []].flat().map((file) => absolutePath(file)),
    CRL_NUMBER: crlNumber,
    REVOKED: String(revoked),
    NEXT_UPDATE: nextUpdate,
  });
}

function outOf({ out, outform }: CommandOptions<'crl'>, toOutput: (content: Uint8Array) => void): CrlRequest['out'] {
  const form = outform?.toUpperCase() ?? 'PEM';
  if (form !== 'PEM' && form !== 'DER') {
    throw new OvsPkiError('USAGE', `--outform takes PEM or DER, not ${JSON.stringify(outform)}`);
  }
  if (out !== undefined) return { file: out === standardStream ? toOutput : out, form };
  if (outform === undefined) return undefined;
  throw new OvsPkiError('USAGE', '--outform is the form of what --out writes', {
    hint: 'ovs-pki-ts crl --out crl.der --outform DER',
  });
}
