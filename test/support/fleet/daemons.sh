# How a light host starts its daemons, as the packages of Debian do it. Read by host.sh, and inside a running host by
# what stops and starts them again.

# start_ssh [PREFIX...]: starts sshd, behind a program that changes what it may do, and waits until it listens.
start_ssh() {
  "$@" /usr/sbin/sshd -E /var/log/sshd.log -o PidFile=/run/sshd.pid
  until [ -s /run/sshd.pid ]; do sleep 0.01; done
}

# The sessions that are there go on.
stop_ssh() {
  kill "$(cat /run/sshd.pid)"
  while [ -e /run/sshd.pid ]; do sleep 0.01; done
}

start_database() {
  ovsdb-server /etc/openvswitch/conf.db -vconsole:emer -vsyslog:off -vfile:info \
    --remote=punix:/var/run/openvswitch/db.sock --private-key=db:Open_vSwitch,SSL,private_key \
    --certificate=db:Open_vSwitch,SSL,certificate --bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert \
    --no-chdir --log-file=/var/log/openvswitch/ovsdb-server.log --pidfile=/run/openvswitch/ovsdb-server.pid --detach
}

# The real program. Its bridges are switched in memory, since the kernel may have no openvswitch module.
start_vswitchd() {
  ovs-vswitchd unix:/var/run/openvswitch/db.sock -vconsole:emer -vsyslog:off -vfile:info --enable-dummy=override \
    --disable-system --no-chdir --log-file=/var/log/openvswitch/ovs-vswitchd.log \
    --pidfile=/run/openvswitch/ovs-vswitchd.pid --detach
}

# The real program, over the stand-in for ipsec(8).
start_monitor() {
  /usr/share/openvswitch/scripts/ovs-ctl --ike-daemon=strongswan start-ovs-ipsec
}

# stop_daemon NAME: ends a daemon of Open vSwitch by its process id, and waits until it is gone.
stop_daemon() {
  local process
  process=$(cat "/run/openvswitch/$1.pid")
  kill "$process"
  while kill -0 "$process" 2>/dev/null; do sleep 0.02; done
}

# Waits until the daemons that run have done what the database says now.
await_daemons() {
  # ovs-vsctl waits for ovs-vswitchd only where it has changed something.
  [ ! -e /run/openvswitch/ovs-vswitchd.pid ] ||
    ovs-vsctl --timeout=120 set Open_vSwitch . "external_ids:awaited=$(cat /proc/sys/kernel/random/uuid)"
  [ -e /run/openvswitch/ovs-monitor-ipsec.pid ] || return 0
  # When this has its answer, ovsdb-server has told the others of every change before it.
  ovs-vsctl --timeout=120 --no-wait init
  until monitor_sleeps; do sleep 0.02; done
}

# Whether ovs-monitor-ipsec waits for news. To ask it would be news: it writes ipsec.conf anew whenever it has answered.
monitor_sleeps() {
  local process before
  process=$(cat /run/openvswitch/ovs-monitor-ipsec.pid)
  before=$(switches_of "$process")
  case $before in *'S (sleeping)'*) ;; *) return 1 ;; esac
  # It sleeps also while it waits for a program that it has called, and does not bury them all.
  ! ps -o stat= --ppid "$process" | grep -q '^[^Z]' && [ "$before" = "$(switches_of "$process")" ]
}

switches_of() {
  grep -e ^State: -e ^voluntary_ctxt_switches: "/proc/$1/status"
}

# put_ipsec PROGRAM: ovs-monitor-ipsec may be calling ipsec(8) just now, and ends where it is not there, or half there.
put_ipsec() {
  install -m 755 "$1" /usr/sbin/ipsec.new && mv /usr/sbin/ipsec.new /usr/sbin/ipsec
}
