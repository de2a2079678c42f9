/** How people have ssh: configurations, jump hosts, users, ways to become root, and what stands in the way. */

import type { ErrorCode } from '../../src/errors.js';

export interface SshSituation {
  readonly title: string;
  /** Stands before everything else in the configuration of ssh. @ADDRESS@ is that of host_1, @FOLDER@ a scratch folder. */
  readonly config?: string;
  /** As root on a host, and what takes it back. */
  readonly on?: Readonly<Record<string, readonly [script: string, undo: string]>>;
  /** root@host_1, if not given. */
  readonly destination?: string;
  readonly become?: string;
  /** Who the shell is; root unless told otherwise. */
  readonly user?: string;
  /** Where there is no shell: the code, what is said, and the cure. */
  readonly code?: ErrorCode;
  readonly says?: RegExp;
  readonly hints?: RegExp;
  /** In no part of the message. */
  readonly never?: RegExp;
}

const operator = 'operator@host_1';

/** With another configuration of sshd, until the old one is back. */
const sshd = (line: string): readonly [string, string] => [
  `cp /etc/ssh/sshd_config /run/fleet/sshd_config; printf '%s\\n' '${line}' >/run/fleet/new
   cat /run/fleet/sshd_config >>/run/fleet/new; cp /run/fleet/new /etc/ssh/sshd_config; ${restart}`,
  `cp /run/fleet/sshd_config /etc/ssh/sshd_config; ${restart}`,
];
const restart = '. /run/fleet/daemons.sh; stop_ssh; start_ssh';

const sudoers = (...lines: readonly string[]): readonly [string, string] => [
  `cp -p /etc/sudoers.d/operator /run/fleet/rules; printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >/etc/sudoers.d/operator`,
  'cp -p /run/fleet/rules /etc/sudoers.d/operator',
];

const loginShell = (shell: string): readonly [string, string] => [
  `sed -i 's|^\\(operator:.*:\\)[^:]*$|\\1${shell}|' /etc/passwd`,
  `sed -i 's|^\\(operator:.*:\\)[^:]*$|\\1/bin/sh|' /etc/passwd`,
];

/** A user of a directory, with the rights of root. */
const directoryUser = (name: string): readonly [string, string] => [
  `cp /etc/passwd /run/fleet/passwd; cp /etc/shadow /run/fleet/shadow
   printf '%s\\n' '${name}:x:0:0::/root:/bin/sh' >>/etc/passwd; printf '%s\\n' '${name}:*:20000:0:99999:7:::' >>/etc/shadow`,
  'cp /run/fleet/passwd /etc/passwd; cp /run/fleet/shadow /etc/shadow',
];

const throughHost2 = 'Host host_1\n  ProxyJump root@host_2\n';

const configurations: readonly SshSituation[] = [
  { title: 'RemoteCommand, for people', config: 'RemoteCommand tmux new -A\n' },
  { title: 'RemoteCommand with RequestTTY', config: 'RemoteCommand tmux new -A\nRequestTTY force\n' },
  { title: 'RequestTTY alone', config: 'RequestTTY yes\n' },
  { title: 'LocalCommand that reads standard input', config: 'PermitLocalCommand yes\nLocalCommand cat >/dev/null\n' },
  { title: 'SessionType none', config: 'SessionType none\n' },
  { title: 'StdinNull', config: 'StdinNull yes\n' },
  { title: 'ForkAfterAuthentication', config: 'ForkAfterAuthentication yes\n' },
  { title: 'a session that is shared', config: 'ControlMaster auto\nControlPath @FOLDER@/%C\nControlPersist 1\n' },
  {
    title: 'a name with HostName and User',
    config: 'Host web\n  HostName @ADDRESS@\n  HostKeyAlias host_1\n',
    destination: 'web',
  },
  {
    title: 'LogLevel QUIET, and the key is refused',
    config: 'LogLevel QUIET\n',
    on: { host_1: [': >/etc/ssh/authorized_keys', 'cp /run/fleet/authorized-keys /etc/ssh/authorized_keys'] },
    code: 'HOST_LOGIN_REFUSED',
    says: /Permission denied \(publickey\)/,
    hints: /ssh-copy-id root@host_1/,
  },
  {
    title: 'an option that ssh does not know',
    config: 'UseMagic yes\n',
    code: 'HOST_UNREACHABLE',
    says: /ssh refuses its configuration/,
    hints: /ssh root@host_1 -G/,
  },
  {
    title: 'no algorithm in common',
    config: 'HostKeyAlgorithms ssh-rsa\n',
    code: 'HOST_UNREACHABLE',
    says: /no algorithm in common/,
    hints: /HostKeyAlgorithms \+ssh-rsa/,
  },
  {
    title: 'a host key that is not known',
    config: 'UserKnownHostsFile /dev/null\n',
    code: 'HOST_KEY_UNKNOWN',
    says: /host key is not known/,
    hints: /ssh root@host_1 true/,
  },
  {
    title: 'a name that nobody knows',
    destination: 'root@nowhere.invalid:2222',
    code: 'HOST_UNREACHABLE',
    says: /resolve|not known/,
    hints: /ssh -p 2222 root@nowhere\.invalid true/,
  },
];

const ways: readonly SshSituation[] = [
  { title: 'one jump host', config: throughHost2 },
  {
    title: 'two jump hosts',
    config: 'Host web\n  HostName @ADDRESS@\n  HostKeyAlias host_1\n  ProxyJump root@host_2,root@host_1\n',
    destination: 'web',
  },
  { title: 'a ProxyCommand', config: 'Host host_1\n  ProxyCommand ssh -W %h:%p root@host_2\n' },
  {
    title: 'a jump host that does not forward',
    config: throughHost2,
    on: { host_2: sshd('AllowTcpForwarding no') },
    code: 'HOST_UNREACHABLE',
    says: /the jump host before it forwards no connections/,
    hints: /AllowTcpForwarding yes/,
  },
  {
    title: 'a jump host that refuses the key',
    config: throughHost2,
    on: { host_2: [': >/etc/ssh/authorized_keys', 'cp /run/fleet/authorized-keys /etc/ssh/authorized_keys'] },
    code: 'HOST_LOGIN_REFUSED',
    says: /root@198\.\S+: Permission denied/,
    hints: /ssh-copy-id root@198\./,
  },
  { title: 'a port behind the host', destination: 'root@host_1:22' },
  { title: 'a URI with a port', destination: 'ssh://root@host_1:22' },
  {
    title: 'too many keys are tried',
    config: 'IdentitiesOnly no\nIdentityFile @FOLDER@/other-1\nIdentityFile @FOLDER@/other-2\n',
    on: { host_1: sshd('MaxAuthTries 1') },
    code: 'HOST_LOGIN_REFUSED',
    says: /too many keys were tried/,
    hints: /IdentitiesOnly yes/,
  },
];

const users: readonly SshSituation[] = [
  { title: 'CORP\\alice', on: { host_1: directoryUser('CORP\\alice') }, destination: 'CORP\\alice@host_1' },
  {
    title: 'alice@corp.example',
    on: { host_1: directoryUser('alice@corp.example') },
    destination: 'alice@corp.example@host_1',
  },
  {
    title: 'CORP\\alice in a URI',
    on: { host_1: directoryUser('CORP\\alice') },
    destination: 'ssh://CORP%5Calice@host_1:22',
  },
  {
    title: 'a user of a directory whose key is refused',
    destination: 'CORP\\nobody@host_1',
    on: { host_1: [': >/etc/ssh/authorized_keys', 'cp /run/fleet/authorized-keys /etc/ssh/authorized_keys'] },
    code: 'HOST_LOGIN_REFUSED',
    says: /Permission denied/,
    hints: /ssh-copy-id 'CORP\\nobody@host_1'/,
  },
  {
    title: 'a user without a login',
    on: { host_1: loginShell('/usr/sbin/nologin') },
    destination: operator,
    code: 'HOST_LOGIN_REFUSED',
    says: /has no ordinary shell .*not available/,
    hints: /chsh -s \/bin\/sh/,
  },
  {
    title: 'a user who may only use sftp',
    on: { host_1: sshd('ForceCommand internal-sftp') },
    destination: operator,
    code: 'HOST_LOGIN_REFUSED',
    says: /has no ordinary shell .*sftp connections only/,
    hints: /no ForceCommand/,
  },
  {
    title: 'a login shell that ends at once, behind a banner that speaks of sudo',
    on: {
      host_1: [
        `printf 'The use of sudo: is logged. Permission denied (to strangers).\\nHost key verification failed here, too.\\n' >/etc/issue.net; ${sshd('Banner /etc/issue.net')[0]}; ${loginShell('/bin/false')[0]}`,
        `${sshd('')[1]}; ${loginShell('')[1]}`,
      ],
    },
    destination: operator,
    code: 'HOST_UNREACHABLE',
    says: /it cannot be reached \(/,
    hints: /ssh operator@host_1 true/,
  },
];

const roots: readonly SshSituation[] = [
  { title: 'sudo without a password', destination: operator },
  {
    title: 'sudo with the rule of the documentation alone',
    on: { host_1: sudoers('operator ALL=(root) NOPASSWD: /usr/bin/sh -s, /bin/sh -s') },
    destination: operator,
  },
  {
    title: 'sudo with requiretty',
    on: { host_1: sudoers('Defaults requiretty', 'operator ALL=(ALL:ALL) NOPASSWD: ALL') },
    destination: operator,
    code: 'HOST_SUDO_REFUSED',
    says: /demands a terminal \(requiretty\)/,
    hints: /!requiretty/,
    never: /NOPASSWD/,
  },
  {
    title: 'sudo for other commands only',
    on: { host_1: sudoers('operator ALL=(root) NOPASSWD: /usr/bin/ovs-vsctl') },
    destination: operator,
    code: 'HOST_SUDO_REFUSED',
    says: /sudo/,
    hints: /NOPASSWD: (ALL|\/usr\/bin\/sh -s)/,
  },
  {
    title: 'sudo that asks for a password',
    on: { host_1: sudoers('operator ALL=(ALL:ALL) ALL') },
    destination: operator,
    code: 'HOST_SUDO_REFUSED',
    says: /without a password/,
    hints: /NOPASSWD: ALL/,
  },
  {
    title: 'sudo is not installed',
    on: { host_1: ['mv /usr/bin/sudo /run/fleet/sudo', 'cp -p /run/fleet/sudo /usr/bin/sudo; rm /run/fleet/sudo'] },
    destination: operator,
    code: 'HOST_SUDO_REFUSED',
    says: /is not installed \(.*sudo/,
    hints: /--become doas/,
  },
  {
    title: 'doas without a password',
    on: { host_1: ["echo 'permit nopass operator as root cmd sh args -s' >/etc/doas.conf", 'rm /etc/doas.conf'] },
    destination: operator,
    become: 'doas',
  },
  {
    title: 'doas without a rule',
    on: { host_1: ['echo "permit nopass root" >/etc/doas.conf', 'rm /etc/doas.conf'] },
    destination: operator,
    become: 'doas',
    code: 'HOST_SUDO_REFUSED',
    says: /doas would not make us root/,
    hints: /permit nopass USER as root/,
  },
  {
    title: 'su that trusts the user',
    on: {
      host_1: [
        'cp /etc/pam.d/su /run/fleet/su; { echo "auth sufficient pam_permit.so"; cat /run/fleet/su; } >/etc/pam.d/su',
        'cp /run/fleet/su /etc/pam.d/su',
      ],
    },
    destination: operator,
    become: 'su',
  },
  {
    title: 'su that asks for a password',
    destination: operator,
    become: 'su',
    code: 'HOST_SUDO_REFUSED',
    says: /su would not make us root/,
    hints: /pam_wheel/,
  },
  {
    title: 'a program of the house that makes root',
    on: {
      host_1: [
        'printf \'#!/bin/sh\\nexec sudo -n -- "$@"\\n\' >/usr/local/bin/as-root; chmod 755 /usr/local/bin/as-root',
        'rm /usr/local/bin/as-root',
      ],
    },
    destination: operator,
    become: '/usr/local/bin/as-root',
  },
  {
    title: 'a program of the house that is not there',
    destination: operator,
    become: '/usr/local/bin/as-root',
    code: 'HOST_SUDO_REFUSED',
    says: /is not installed/,
    hints: /log in as root@/,
  },
  { title: 'none, and the user is not root', destination: operator, become: 'none', user: 'operator' },
];

export const sshSituations: readonly SshSituation[] = [...configurations, ...ways, ...users, ...roots];
