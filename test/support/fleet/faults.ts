/** What can go wrong on a host of a fleet. Each fault gives the action that takes it away again. */

import type { Fleet } from './fleet.js';

export type Undo = () => Promise<void>;
export type Fault = (fleet: Fleet, host: string) => Promise<Undo>;

const daemons = '. /run/fleet/daemons.sh';

/** The network card is down: nothing answers. */
export const hostDown: Fault = scripts('ip link set eth0 down', 'ip link set eth0 up');

/** sshd takes no new connections; those that are there go on. */
export const sshStopped: Fault = scripts(`${daemons}; stop_ssh`, `${daemons}; start_ssh`);

/** Every connection that is there breaks, at the host's end. There is nothing to undo. */
export const sshSessionsCut: Fault = scripts(
  'for id in $(pgrep -x sshd); do [ "$id" = "$(cat /run/sshd.pid)" ] || kill -9 "$id" 2>/dev/null || :; done',
);

/** The host no longer takes our key. */
export const keyRefused: Fault = scripts(
  ': >/etc/ssh/authorized_keys',
  'cp /run/fleet/authorized-keys /etc/ssh/authorized_keys',
);

/** The host shows another key than the one we know, as after a new installation or with somebody in between. */
export const hostKeyChanged: Fault = scripts(
  `${daemons}; cd /etc/ssh && mkdir /run/fleet/old-key && mv ssh_host_* /run/fleet/old-key &&
    ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key && stop_ssh && start_ssh`,
  `${daemons}; mv /run/fleet/old-key/* /etc/ssh && rmdir /run/fleet/old-key && stop_ssh && start_ssh`,
);

/** sudo wants a password from the user "operator". */
export const sudoAsks: Fault = sudoRule('operator ALL=(ALL:ALL) ALL');

/** sudo does nothing for the user "operator". */
export const sudoRefused: Fault = sudoRule('# No rights.');

export const databaseStopped: Fault = scripts(`${daemons}; stop_daemon ovsdb-server`, `${daemons}; start_database`);

/** ovsdb-server is there and does not answer. */
export const databaseHangs: Fault = signals('ovsdb-server');

/** The stand-in for ipsec(8) answers nobody. */
export const ikeHangs: Fault = scripts(
  `exec 9>/run/fleet/ipsec.lock; flock 9
   (exec sleep 1000) </dev/null >/dev/null 2>&1 & echo $! >/run/fleet/ike-holder`,
  'kill "$(cat /run/fleet/ike-holder)"',
);

export const monitorStopped: Fault = scripts(`${daemons}; stop_daemon ovs-monitor-ipsec`, `${daemons}; start_monitor`);

/**
 * The clock of what comes by ssh, with sudo or without, is off by an offset of faketime(1) such as `+3d` or `-2h`. (Not
 * sshd's own: its sandbox kills a process that libfaketime is loaded into.)
 */
export function clockWrong(offset: string): Fault {
  return scripts(
    `${daemons}; set -e
     library=$(echo /usr/lib/*/faketime/libfaketime.so.1) && [ -e "$library" ]
     printf '%s\\n' "LD_PRELOAD=$library" 'FAKETIME=${offset}' >/etc/faketime-environment
     echo 'Defaults env_file=/etc/faketime-environment' >/etc/sudoers.d/clock
     cp /etc/ssh/sshd_config /run/fleet/sshd_config
     echo "SetEnv LD_PRELOAD=$library FAKETIME=${offset}" >>/etc/ssh/sshd_config
     stop_ssh; start_ssh`,
    `${daemons}; rm /etc/sudoers.d/clock; cp /run/fleet/sshd_config /etc/ssh/sshd_config; stop_ssh; start_ssh`,
  );
}

/** The disk under a folder is full but for some bytes, rounded up to pages of 4096. Undone, there is room again. */
export function diskFull(folder: string, freeBytes = 0): Fault {
  return scripts(
    `set -e
     mkdir -p '${folder}' && rm -rf /run/fleet/copy && cp -a '${folder}' /run/fleet/copy
     used=$(du -sB4096 --apparent-size /run/fleet/copy | cut -f1)
     mount -t tmpfs -o size=$((used * 4096 + 4194304)),mode="$(stat -c %a '${folder}')" tmpfs '${folder}'
     cp -a /run/fleet/copy/. '${folder}'
     free=$(($(stat -f -c %a '${folder}') - (${freeBytes} + 4095) / 4096))
     head -c $((free * 4096)) /dev/zero >'${folder}/.full'`,
    `rm '${folder}/.full'`,
  );
}

/** Nobody can write into a folder, not even root. */
export function readOnly(folder: string): Fault {
  return scripts(
    `mkdir -p '${folder}' && mount --bind '${folder}' '${folder}' && mount -o remount,bind,ro '${folder}'`,
    `umount '${folder}'`,
  );
}

/**
 * A place that root may not even look into when it comes by ssh, as on some network file systems or under a security
 * module: the place belongs to somebody else, and sshd is without the capabilities that pass over modes.
 */
export function unreadable(place: string): Fault {
  return scripts(
    `${daemons}; stat -c '%u:%g %a' '${place}' >/run/fleet/owner && chmod 700 '${place}' && chown nobody '${place}' &&
      stop_ssh && start_ssh setpriv --bounding-set=-dac_override,-dac_read_search`,
    `${daemons}; read -r owner mode </run/fleet/owner && chown "$owner" '${place}' && chmod "$mode" '${place}' &&
      stop_ssh && start_ssh`,
  );
}

/** A program is not installed, wherever PATH would find it. */
export function programMissing(program: string): Fault {
  return scripts(
    `set -e
     mkdir -p /run/fleet/missing
     type -aP '${program}' | while read -r file; do
       [ -e "$file" ] || continue
       cp -a "$file" "/run/fleet/missing/$(echo "$file" | tr / %)"
       rm "$file"
     done`,
    `for file in /run/fleet/missing/*'%${program}'; do cp -a "$file" "$(basename "$file" | tr % /)"; rm "$file"; done`,
  );
}

function sudoRule(rule: string): Fault {
  const file = '/etc/sudoers.d/operator';
  return scripts(`cp -p ${file} /run/fleet/sudoers && echo '${rule}' >${file}`, `cp -p /run/fleet/sudoers ${file}`);
}

function signals(daemon: string): Fault {
  const send = (signal: string) => `kill -${signal} "$(cat /run/openvswitch/${daemon}.pid)"`;
  return scripts(send('STOP'), send('CONT'));
}

function scripts(fault: string, undo?: string): Fault {
  return async (fleet, host) => {
    await fleet.must(host, fault);
    return async () => {
      if (undo !== undefined) await fleet.must(host, undo);
    };
  };
}
