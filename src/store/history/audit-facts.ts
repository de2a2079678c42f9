/**
 * What the audit log of a CA says of its past: which certificates were revoked or released last, and which numbers CRLs
 * have had.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { parseSerial, type SerialNumber } from '../../pki/serial.js';
import { readChunks } from '../../platform/chunks.js';
import * as files from '../../platform/files.js';

/** The last thing that is recorded of a certificate. */
export interface AuditedRevocation {
  readonly action: 'revoke' | 'release';
  /** The third column of its row: what it became, or what it was until the release. */
  readonly column: string;
  /** As the index has it. */
  readonly subject: string;
  /** Milliseconds. */
  readonly at: number;
}

export interface AuditFacts {
  readonly revocations: ReadonlyMap<SerialNumber, AuditedRevocation>;
  /** The highest number that a CRL was given. */
  readonly crlNumber: bigint | undefined;
  /** The serial number of the certificate of the CA that signs; undefined where nothing is said of it. */
  readonly caSerial: SerialNumber | undefined;
  /** Of all certificates that the CA has had. */
  readonly caSerials: ReadonlySet<SerialNumber>;
  /** Why the log could not be read; nothing is known of it then. Who only looks need not be allowed to. */
  readonly unread: OvsPkiError | undefined;
}

const nothing: Omit<AuditFacts, 'unread'> = {
  revocations: new Map(),
  crlNumber: undefined,
  caSerial: undefined,
  caSerials: new Set(),
};

type Line = Readonly<Record<string, unknown>>;

/** Reads the whole log. What is no entry says nothing. */
export function readAuditFacts(file: string): AuditFacts {
  return ifReadable<AuditFacts>(
    () => ({ ...factsIn(file), unread: undefined }),
    (unread) => ({ ...nothing, unread }),
  );
}

function ifReadable<T>(read: () => T, otherwise: (unread: OvsPkiError) => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof OvsPkiError) || error.code !== 'FILE_UNREADABLE') throw error;
    return otherwise(error);
  }
}

function factsIn(file: string): Omit<AuditFacts, 'unread'> {
  const revocations = new Map<SerialNumber, AuditedRevocation>();
  const open = new Map<string, Line>();
  const caSerials = new Set<SerialNumber>();
  let crlNumber: bigint | undefined;
  let authorities: { readonly before?: string | undefined; readonly now?: string | undefined } = {};
  for (const line of entriesIn(file)) {
    const { action, event } = line;
    const number = textOf(line, 'crlNumber') ?? textOf(line, 'serialNumber');
    if (number === undefined || !/^-?([0-9A-F]{2})+$/.test(number)) continue;
    const key = `${action} ${number}`;
    if (event === 'intent') open.set(key, line);
    // A number that was taken is not given to another list, whatever became of this one.
    if (action === 'crl')
      crlNumber = crlNumber === undefined ? parseSerial(number) : larger(crlNumber, parseSerial(number));
    const intent = open.get(key);
    if (event === 'intent' || intent === undefined) continue;
    open.delete(key);
    if (event !== 'recorded') continue;
    if (action === 'revoke' || action === 'release') revocations.set(number, revocationOf(intent, action));
    else authorities = authoritiesAfter(authorities, intent, number);
    if (authorities.now !== undefined) caSerials.add(authorities.now);
  }
  return { revocations, crlNumber, caSerial: authorities.now, caSerials };
}

/** Which certificate the CA has after an entry, and which it had before a rollover that can be undone. */
function authoritiesAfter(
  { before, now }: { readonly before?: string | undefined; readonly now?: string | undefined },
  intent: Line,
  number: SerialNumber,
): { readonly before?: string | undefined; readonly now?: string | undefined } {
  const { action, phase } = intent;
  if (action === 'init' || action === 'import') return { before: undefined, now: number };
  if (action !== 'rollover') return { before, now };
  if (phase === 'switched') return { before: now, now: number };
  // "back" names the new CA, which signs until then.
  if (phase === 'prepared' && number === now && before !== undefined) return { before: undefined, now: before };
  return { before, now };
}

function revocationOf(intent: Line, action: 'revoke' | 'release'): AuditedRevocation {
  const at = Date.parse(textOf(intent, 'time') ?? '');
  const column = textOf(intent, 'revoked') ?? '';
  return { action, column, subject: textOf(intent, 'subject') ?? '', at: Number.isNaN(at) ? 0 : at };
}

/** A certificate that the log has as issued, or as that of a new CA. */
export interface AuditedIssue {
  readonly action: 'issue' | 'init';
  readonly serialNumber: SerialNumber;
  readonly commonName: string;
  readonly notAfter: Date;
}

/**
 * Those that are not among the known ones and have not expired. Of the others, which are most of them, no line is taken apart.
 * Where the log cannot be read there are none.
 */
export function issuesOf(file: string, known: ReadonlySet<SerialNumber>, now: Date): AuditedIssue[] {
  return ifReadable(
    () => issuesIn(file, known, now),
    () => [],
  );
}

function issuesIn(file: string, known: ReadonlySet<SerialNumber>, now: Date): AuditedIssue[] {
  const open = new Map<SerialNumber, Line>();
  const issued: AuditedIssue[] = [];
  for (const line of linesIn(file)) {
    const [, action] = /"action":"(issue|init)"/.exec(line) ?? [];
    if (action !== 'issue' && action !== 'init') continue;
    const [, serialNumber = ''] = /"serialNumber":"((?:[0-9A-F]{2})+)"/.exec(line) ?? [];
    const entry = serialNumber === '' || known.has(serialNumber) ? undefined : parsed(line);
    if (entry?.['event'] === 'intent') open.set(serialNumber, entry);
    const intent = open.get(serialNumber);
    if (entry === undefined || intent === undefined || entry['event'] === 'intent') continue;
    open.delete(serialNumber);
    const commonName = textOf(intent, 'commonName') ?? '';
    const notAfter = new Date(textOf(intent, 'notAfter') ?? '');
    if (entry['event'] === 'recorded' && notAfter > now) issued.push({ action, serialNumber, commonName, notAfter });
  }
  return issued;
}

/** Without those about the issuing of certificates, which are most of them. */
function* entriesIn(file: string): Generator<Line, void> {
  for (const line of linesIn(file)) {
    if (line.includes('"action":"issue"')) continue;
    const entry = parsed(line);
    if (entry !== undefined) yield entry;
  }
}

function* linesIn(file: string): Generator<string, void> {
  if (!files.exists(file)) return;
  let rest = '';
  for (const chunk of readChunks(file)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() as string;
    yield* lines;
  }
}

function parsed(line: string): Line | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Line) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(line: Line, name: string): string | undefined {
  const value = line[name];
  return typeof value === 'string' ? value : undefined;
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}
