/**
 * What ssh, and the programs that become root, print where they fail, and what that means.
 *
 * @module
 */

import { sshCommand } from './destination.js';

/** How a host is reached: a destination of ssh(1), or this machine without it. */
export interface ShellTarget {
  readonly kind: 'ssh' | 'local';
  readonly destination: string;
  /** How an ordinary user becomes root there: see become.ts. */
  readonly become?: string;
}

export interface Failure {
  readonly code: 'HOST_UNREACHABLE' | 'HOST_KEY_UNKNOWN' | 'HOST_LOGIN_REFUSED' | 'HOST_SUDO_REFUSED';
  readonly pattern: RegExp;
  readonly message: string;
  readonly hint: (target: ShellTarget, found: RegExpExecArray) => string;
}

/** The first that fits counts. */
export const failures: readonly Failure[] = [
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
export const becomeFailures: readonly (Omit<Failure, 'code' | 'hint'> & {
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

function sudoers(rule: string, { destination }: ShellTarget): string {
  return `"${rule}" in /etc/sudoers.d on ${destination}, or log in as root@`;
}

export function typed({ destination }: ShellTarget, words: readonly string[] = ['true']): string {
  return sshCommand(destination, ...words);
}

function copyId(destination: string): string {
  return sshCommand(destination).replace(/^ssh /, 'ssh-copy-id ');
}

/** A jump host may be the one that refuses, as `user@host`: then what was to come through it finds nobody. */
function refusing({ destination }: ShellTarget, { 1: who, index, input }: RegExpExecArray): string {
  return who !== undefined && /^kex_exchange_identification: /m.test(input.slice(index)) ? who : destination;
}
