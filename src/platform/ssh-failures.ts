/**
 * What OpenSSH and the programs that make us root say when there is no shell, and what is to be done about it.
 *
 * @module
 */

import { OvsPkiError } from '../errors.js';
import { sshCommand } from './destination.js';
import type { ProgramEnd } from './run.js';

/** How a host is reached: a destination of ssh(1), or this machine without it. */
export interface ShellTarget {
  readonly kind: 'ssh' | 'local';
  readonly destination: string;
  /** How an ordinary user becomes root there: see become.ts. */
  readonly become?: string;
}

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

interface Failure {
  readonly code: 'HOST_UNREACHABLE' | 'HOST_KEY_UNKNOWN' | 'HOST_LOGIN_REFUSED' | 'HOST_SUDO_REFUSED';
  readonly pattern: RegExp;
  readonly message: string;
  readonly hint: (target: ShellTarget, found: RegExpExecArray) => string;
}

/** The first that fits counts. */
const failures: readonly Failure[] = [
  {
    code: 'HOST_KEY_UNKNOWN',
    pattern: /^Host key verification failed\.$|REMOTE HOST IDENTIFICATION HAS CHANGED!/m,
    message: 'its host key is not known, or is not the one that was known',
    hint: (target) => `compare the key and accept it once: ${typed(target)}`,
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /UNPROTECTED PRIVATE KEY FILE|^Load key .*: bad permissions/im,
    message: 'it refused the login, and ssh has left out a key that others can read',
    hint: () => 'take their rights away: chmod 600 on the key file that is named',
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /Too many authentication failures/i,
    message: 'it refused the login: too many keys were tried',
    hint: (target) =>
      `name the one key of this host in ~/.ssh/config: IdentityFile and "IdentitiesOnly yes"; then: ${typed(target)}`,
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /password has expired|password change required|account has expired/i,
    message: 'the login is refused because the account or its password has expired',
    hint: (target) => `log in and change the password: ${typed(target, [])}`,
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /^(?:(\S+@\S+): )?Permission denied \([a-z,-]+\)\.$|No supported authentication methods/m,
    message: 'it refused the login',
    hint: (target, found) => `a login must work without a question: ${copyId(refusing(target, found))}`,
  },
  {
    code: 'HOST_LOGIN_REFUSED',
    pattern: /account is currently not available|allows sftp connections only|^(rbash|rksh): .*restricted/im,
    message: 'its user has no ordinary shell',
    hint: ({ destination }) =>
      `give the user a login shell (chsh -s /bin/sh USER, no ForceCommand in sshd_config), or name another user than in ${destination}`,
  },
  {
    code: 'HOST_UNREACHABLE',
    pattern: /open failed: administratively prohibited/i,
    message: 'the jump host before it forwards no connections',
    hint: () => 'allow it in sshd_config of the jump host: AllowTcpForwarding yes, and PermitOpen where it is set',
  },
  {
    code: 'HOST_UNREACHABLE',
    pattern: /Bad configuration option|Bad owner or permissions|terminating, \d+ bad configuration/i,
    message: 'ssh refuses its configuration',
    hint: ({ destination }) => `mend ~/.ssh/config until this is quiet: ${sshCommand(destination, '-G')}`,
  },
  {
    code: 'HOST_UNREACHABLE',
    pattern: /no matching (host key type|key exchange method|cipher|MAC)/i,
    message: 'it and your ssh have no algorithm in common',
    hint: () => 'allow one that it offers in ~/.ssh/config, such as: HostKeyAlgorithms +ssh-rsa; or update its sshd',
  },
];

/** What stands between an ordinary user and root. */
const becomeFailures: readonly (Omit<Failure, 'code' | 'hint'> & {
  readonly hint: (target: ShellTarget) => string;
})[] = [
  {
    pattern: /^sudo: .*(must have a tty|terminal is required to run sudo)/im,
    message: 'sudo demands a terminal (requiretty), and there is none',
    hint: (target) => `take that back for this user: ${sudoers('Defaults:USER !requiretty', target)}`,
  },
  {
    pattern: /^sudo: .*no new privileges/im,
    message: 'sudo cannot make anyone root there: the "no new privileges" flag is set',
    hint: () => 'sshd runs in a container or under NoNewPrivileges=yes: take that back, or log in as root@',
  },
  {
    pattern: /is not allowed to execute/i,
    message: 'sudo allows other commands, and not the one that is needed: sh -s',
    hint: (target) => `allow it: ${sudoers('USER ALL=(root) NOPASSWD: /usr/bin/sh -s, /bin/sh -s', target)}`,
  },
  {
    pattern: /^sudo: .*(syntax error|error in |no valid sudoers|parse error)/im,
    message: 'sudo cannot read its configuration',
    hint: ({ destination }) => `find the line: visudo -c, on ${destination}`,
  },
  {
    pattern: /(^|[\s:])(sudo|doas|su|\/[\w.+/-]+): (command not found|not found|No such file|Permission denied)/im,
    message: 'the program that should make us root is not installed',
    hint: ({ destination }) =>
      `install it on ${destination}, name another one (become: doas in the inventory, or --become doas), or log in as root@`,
  },
  {
    pattern: /^doas: /im,
    message: 'doas would not make us root without a password',
    hint: ({ destination }) =>
      `allow it: "permit nopass USER as root" in /etc/doas.conf on ${destination}, or log in as root@`,
  },
  {
    pattern: /(^|\s)su: /m,
    message: 'su would not make us root without a password',
    hint: ({ destination }) =>
      `let pam_wheel trust the user (auth sufficient pam_wheel.so trust, in /etc/pam.d/su on ${destination}), or log in as root@`,
  },
  {
    pattern: /^(sudo: |.*not in the sudoers|Sorry, user )/im,
    message: 'sudo would not make us root without a password',
    hint: (target) => `allow it: ${sudoers('USER ALL=(ALL) NOPASSWD: ALL', target)}`,
  },
];

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

function sudoers(rule: string, { destination }: ShellTarget): string {
  return `"${rule}" in /etc/sudoers.d on ${destination}, or log in as root@`;
}

function typed({ destination }: ShellTarget, words: readonly string[] = ['true']): string {
  return sshCommand(destination, ...words);
}

function copyId(destination: string): string {
  return sshCommand(destination).replace(/^ssh /, 'ssh-copy-id ');
}

/** A jump host may be the one that refuses, as `user@host`: then what was to come through it finds nobody. */
function refusing({ destination }: ShellTarget, { 1: who, index, input }: RegExpExecArray): string {
  return who !== undefined && /^kex_exchange_identification: /m.test(input.slice(index)) ? who : destination;
}
