#!/bin/bash
# The first process of a light host: its namespaces for mounts, processes, network and host name are made already. Its
# root is this machine's, with a layer of its own on top, so that whatever the host does to its files is its own affair.
# It starts the daemons, says so, and holds them until its standard input ends: then it ends, and all of the host with it.
# Usage: host.sh NAME ADDRESS/BITS SHARED SUDO IPSEC VSWITCHD (what they mean: hosts.ts)

set -euo pipefail
name=$1 address=$2 shared=$3 sudo=$4 ipsec=$5 vswitchd=$6
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

main() {
  local outside
  # This /proc is still the outer one, where the process has another number.
  read -r outside _ </proc/self/stat
  echo "process $outside"
  own_root
  own_files
  read -r _ # The network card is there.
  own_network
  # shellcheck source=daemons.sh
  . /run/fleet/daemons.sh
  start_ssh
  start_database
  first_database_contents
  [ "$vswitchd" = none ] || start_vswitchd
  [ "$ipsec" != monitor ] || start_monitor
  echo "ready $(cat /etc/ssh/ssh_host_ed25519_key.pub)"
  # A shell that waits for a line also buries the processes that nobody else waits for.
  while read -r _; do :; done
}

own_root() {
  local mount=$shared/mount folder
  mount -t tmpfs -o mode=755 tmpfs "$mount"
  mkdir "$mount/upper" "$mount/work" "$mount/root" "$mount/fleet"
  cp "$shared"/for-hosts/* "$mount/fleet"
  mount -t overlay -o "lowerdir=/,upperdir=$mount/upper,workdir=$mount/work" overlay "$mount/root"
  cd "$mount/root"
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount --rbind /dev dev
  for folder in run tmp root home var/log dev/shm; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
  chmod 1777 tmp dev/shm
  mkdir run/lock run/sshd run/openvswitch run/fleet var/log/openvswitch
  cp "$mount"/fleet/* run/fleet
  pivot_root . mnt
  cd /
  umount -l /mnt
}

own_files() {
  # hostname(1) refuses an underscore, which the kernel allows.
  echo "$name" >/proc/sys/kernel/hostname
  echo "$name" >/etc/hostname
  printf '127.0.0.1 localhost\n%s %s\n' "${address%/*}" "$name" >/etc/hosts
  rm -rf /etc/openvswitch /var/lib/openvswitch /etc/keys /etc/ssh/sshd_config /etc/ssh/ssh_host_*
  find /etc/ipsec.d /var/lib/ipsec -type f -delete 2>/dev/null || true
  mkdir -p /etc/openvswitch /var/lib/openvswitch
  cp /run/fleet/conf.db /var/lib/openvswitch
  ln -s /var/lib/openvswitch/conf.db /etc/openvswitch/conf.db
  [ "$ipsec" = real ] || install -m 755 /run/fleet/ipsec.sh /usr/sbin/ipsec
  own_users
  own_ssh
}

# Root, and an operator whose password is the word "password".
own_users() {
  local hash
  hash=$(cat /run/fleet/password-hash)
  echo 'operator:x:2000:2000::/home/operator:/bin/sh' >>/etc/passwd
  echo 'operator:x:2000:' >>/etc/group
  echo "operator:$hash:20000:0:99999:7:::" >>/etc/shadow
  mkdir -p /home/operator
  chown operator: /home/operator
  case $sudo in
    free) echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' ;;
    asks) echo 'operator ALL=(ALL:ALL) ALL' ;;
    refused) echo '# The operator has no rights here.' ;;
  esac >/etc/sudoers.d/operator
  chmod 440 /etc/sudoers.d/operator
}

own_ssh() {
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f /etc/ssh/ssh_host_ed25519_key
  cp /run/fleet/authorized-keys /etc/ssh/authorized_keys
  cat >/etc/ssh/sshd_config <<END
HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
LogLevel VERBOSE
Subsystem sftp /usr/lib/openssh/sftp-server
END
}

own_network() {
  ip -batch - <<END
link set lo up
address add $address dev eth0
link set eth0 up
END
}

first_database_contents() {
  ovs-vsctl --no-wait --timeout=30 init -- set Open_vSwitch . "external_ids:system-id=$(cat /proc/sys/kernel/random/uuid)" \
    "external_ids:hostname=$name" ovs_version=3.1.0
}

main
