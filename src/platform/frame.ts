/**
 * How a script is told to a shell that reads standard input, and its answer told from all else that the shell, the
 * login shell before it or a process in the background may print: marks on both streams.
 *
 * @module
 */

export interface ScriptResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One stream as it comes. Its end is kept apart, so that a long text is not put together again with each piece. */
export interface Stream {
  readonly pieces: string[];
  length: number;
  tail: string;
  /** The piece that came last, and what stood before it. */
  fresh: string;
}

export interface Streams {
  readonly stdout: Stream;
  readonly stderr: Stream;
}

export function emptyStreams(): Streams {
  const empty = (): Stream => ({ pieces: [], length: 0, tail: '', fresh: '' });
  return { stdout: empty(), stderr: empty() };
}

/** How much a script may print: many times the facts of a host with thousands of tunnels. */
const outputLimit = 16 * 1024 * 1024;
const errorLimit = 1024 * 1024;
/** How much may come when nothing was asked: from processes in the background, say. */
const unaskedLimit = 1024 * 1024;

/** In how many pieces it may come: who sends byte by byte keeps us at work for each of them. */
const piecesLimit = 50_000;

/** Whether a host says more than we are ready to hold. */
export function isTooLong({ stdout, stderr }: Streams, isAsked: boolean): boolean {
  if (stdout.pieces.length + stderr.pieces.length > piecesLimit) return true;
  if (!isAsked) return stdout.length + stderr.length > unaskedLimit;
  return stdout.length > outputLimit || stderr.length > errorLimit;
}

export function addPiece(stream: Stream, text: string): void {
  stream.pieces.push(text);
  stream.length += text.length;
  stream.fresh = stream.tail.slice(-longestMark) + text;
  stream.tail = (stream.tail + text).slice(-tailLength);
}

/** A function is read to its end before it runs. */
export function framed(script: string, mark: string): string {
  return `ovs_pki_ts() (\n${script}\n)
printf '%s begins\\n' ${mark}; printf '%s begins\\n' ${mark} >&2
ovs_pki_ts </dev/null
printf '\\n%s %s\\n' ${mark} "$?"; printf '\\n%s 0\\n' ${mark} >&2
`;
}

/** The answer, or undefined as long as it is not all there. */
export function resultIn({ stdout, stderr }: Streams, mark: string): ScriptResult | undefined {
  const [outEnd, errorEnd] = [endIn(stdout, mark), endIn(stderr, mark)];
  if (outEnd === undefined || errorEnd === undefined) return undefined;
  return {
    status: outEnd.status,
    stdout: between(stdout, mark, outEnd.place),
    stderr: between(stderr, mark, errorEnd.place),
  };
}

/**
 * Whether the shell has read the script, by the piece that came last: what it prints now is not about the login. To be asked
 * after each piece, for what came before is not looked at again.
 */
export function hasBegun({ stderr }: Streams, mark: string): boolean {
  return stderr.fresh.includes(`${mark} begins\n`);
}

/** Longer than the line of a mark. */
const longestMark = 64;

export function textOf({ pieces }: Stream): string {
  return pieces.join('');
}

/** What a process in the background may print behind the mark without hiding it. */
const tailLength = 4096;

function endIn(
  { tail, length }: Stream,
  mark: string,
): { readonly place: number; readonly status: number } | undefined {
  const found = tail.lastIndexOf(`\n${mark} `);
  const status = found < 0 ? null : /^(\d+)\n/.exec(tail.slice(found + mark.length + 2));
  return status === null ? undefined : { place: length - tail.length + found, status: Number(status[1]) };
}

function between(stream: Stream, mark: string, end: number): string {
  const text = textOf(stream);
  const beginning = `${mark} begins\n`;
  return text.slice(text.indexOf(beginning) + beginning.length, end);
}
