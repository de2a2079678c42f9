/**
 * What OpenSSH and the programs that make us root say when there is no shell, and what is to be done about it.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import type { ProgramEnd } from './run.js';
import { becomeFailures, type Failure, failures, type ShellTarget, typed } from './ssh-failure-table.js';

/** How a shell ended. */
export interface ShellEnd {
  readonly end: ProgramEnd;
  readonly stdout: string;
  readonly stderr: string;
  /** A script had begun: what was printed then is not about the login. */
  readonly began: boolean;
  /** How many logins were tried. */
  readonly tries: number;
}

/** The reason why there is no shell, as an error. */
export function shellFailure(target: ShellTarget, shell: ShellEnd): OvsPkiError {
  const { destination } = target;
  const { end, began, tries } = shell;
  const said = saidAtTheEnd(shell);
  const details = { host: destination, said };
  if (end.failure !== undefined) {
    const program = target.kind === 'ssh' ? 'ssh' : 'sh';
    return new OvsPkiError('HOST_UNREACHABLE', `${program} cannot be started: ${end.failure}`, {
      hint: 'install the OpenSSH client: apt-get install openssh-client',
      details,
    });
  }
  const known = began ? undefined : knownFailure(target, `${shell.stderr}\n${shell.stdout}`);
  if (known !== undefined) {
    return new OvsPkiError(known.code, `${destination}: ${known.message} (${said})`, { hint: known.hint, details });
  }
  if (!began && wasNotAdmitted(shell.stderr)) {
    const who = closedBy(shell.stderr) ?? destination;
    const message = `${destination}: it cannot be reached: ${who} closed the connection before the login, ${tries} times (${said})`;
    return new OvsPkiError('HOST_UNREACHABLE', message, {
      hint: `sshd there admits few logins at once (MaxStartups) or none from here: give --per-jump-host 2, or look why with: ${typed(target)}`,
      details: { ...details, tries },
    });
  }
  const why = said || `status ${end.status ?? 'none'}`;
  return began
    ? new OvsPkiError('HOST_CONNECTION_LOST', `${destination}: the connection was lost (${why})`, {
        hint: 'run the command again: it goes on where it stopped',
        details,
      })
    : new OvsPkiError('HOST_UNREACHABLE', `${destination}: it cannot be reached (${why})`, {
        hint: `find out why with: ${typed(target)}`,
        details,
      });
}

/**
 * Whether sshd ended the connection before anybody could log in, and says nothing that would be so the next time, too:
 * more logins than MaxStartups are under way, or the address is in a penalty (PerSourcePenalties).
 */
export function wasNotAdmitted(stderr: string): boolean {
  const lines = linesOf(stderr).filter((line) => line !== '' && !isRemark(line));
  return (
    lines.some((line) => notAdmitted.test(line)) && lines.every((line) => notAdmitted.test(line) || closing.test(line))
  );
}

const notAdmitted =
  /^(kex|ssh)_exchange_identification: |^banner exchange: .*(reset|closed)|^(Exceeded MaxStartups|Not allowed at this time)/i;

const closing = /^Connection (closed|reset) by |^ssh_dispatch_run_fatal: |^Read from socket failed: /i;

/** The first that closed is the one that refused; those after it had come through it. */
function closedBy(stderr: string): string | undefined {
  const who = /^Connection (?:closed|reset) by (\S+) port \d+/im.exec(stderr)?.[1];
  return who === 'UNKNOWN' ? undefined : who;
}

function knownFailure(
  target: ShellTarget,
  printed: string,
): { readonly code: Failure['code']; readonly message: string; readonly hint: string } | undefined {
  const lines = linesOf(printed).filter((line) => !isRemark(line));
  // A banner may be long, and speak of sudo and of permissions.
  const text = lines
    .filter((line) => line !== '')
    .slice(-relevantLines)
    .map((line) => line.slice(0, relevantLength))
    .join('\n');
  for (const { code, pattern, message, hint } of failures) {
    const found = pattern.exec(text);
    if (found !== null) return { code, message, hint: hint(target, found) };
  }
  const denied = becomeFailures.find(({ pattern }) => pattern.test(text));
  return denied && { code: 'HOST_SUDO_REFUSED', message: denied.message, hint: denied.hint(target) };
}

/** What is about the failure stands at the end. */
const relevantLines = 12;

/** Nor is it longer: patterns take their time with a megabyte that a host makes for them. */
const relevantLength = 1000;

function saidAtTheEnd({ stdout, stderr, began }: ShellEnd): string {
  const lines = (text: string) => linesOf(text).filter((line) => line !== '' && !isRemark(line));
  const fromSsh = lines(stderr);
  const all = fromSsh.length > 0 || began ? fromSsh : lines(stdout);
  return all.slice(-3).join(' ').slice(-600).trim();
}

/** ssh itself ends its lines as a terminal in raw mode wants them. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.trim());
}

/** What is no reason: OpenSSH 10.1 and later remark on key exchanges, and the marks of our scripts are nobody's words. */
function isRemark(line: string): boolean {
  return /^\*\* |^Warning: (Permanently added|remote port|No xauth)|^[0-9a-f]{24} begins$|^Connection to .* closed\.$/.test(
    line,
  );
}
