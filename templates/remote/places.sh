# Where this host has what. The daemons that run tell it; where none runs, it is where Debian has it.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"

# A shell may prefer programs of its own (busybox), whose ip knows no xfrm: that of iproute2 is a file.
without_ip=''
if [ "$(command -v ip)" = ip ]; then
  without_ip=yes ip_program='' ifs=$IFS IFS=:
  for folder in $PATH; do
    if [ -z "$ip_program" ] && [ -x "$folder/ip" ]; then ip_program=$folder/ip without_ip=''; fi
  done
  IFS=$ifs
  ip() { "${ip_program:-/sbin/ip}" "$@"; }
fi

# ovs_run: the folder of Open vSwitch's sockets and process numbers. A snap or a build of one's own has another one: the command
# lines of its daemons name the socket of the database.
ovs_run=${OVS_RUNDIR:-/var/run/openvswitch}
if [ ! -e "$ovs_run/db.sock" ] && [ ! -e "$ovs_run/ovs-vswitchd.pid" ]; then
  for comm in /proc/[0-9]*/comm; do
    name=''
    { read -r name <"$comm"; } 2>/dev/null
    case $name in ovs-vswitchd | ovsdb-server) ;; *) continue ;; esac
    folder=$(tr '\000' '\n' <"${comm%/comm}/cmdline" 2>/dev/null |
      sed -n -e 's|^unix:\(/.*\)/db\.sock$|\1|p' -e 's|^--remote=punix:\(/.*\)/db\.sock$|\1|p' | head -n 1)
    # One of another root, as in a container, is out of reach.
    if [ -n "$folder" ] && [ -S "$folder/db.sock" ]; then
      ovs_run=$folder
      export OVS_RUNDIR="$folder"
      break
    fi
  done
fi

# monitor and command_line: of ovs-monitor-ipsec, one argument a line; ipsec_conf and monitor_log: what it writes
monitor='' command_line='' ipsec_conf=/etc/ipsec.conf monitor_log=/var/log/openvswitch/ovs-monitor-ipsec.log
{ read -r monitor <"$ovs_run/ovs-monitor-ipsec.pid"; } 2>/dev/null
case $monitor in '' | *[!0-9]*) monitor='' ;; esac
if [ -n "$monitor" ] && [ -r "/proc/$monitor/cmdline" ]; then
  command_line=$(tr '\000' '\n' <"/proc/$monitor/cmdline")
  prefix='' option='' named=''
  while IFS= read -r word; do
    case $option=$word in
    --ipsec-conf=/* | =--ipsec-conf=/*) named=/${word#*/} ;;
    --root-prefix=/* | =--root-prefix=/*) prefix=/${word#*/} ;;
    =--log-file=/*) monitor_log=/${word#*/} ;;
    esac
    case $word in --ipsec-conf | --root-prefix) option=$word ;; *) option='' ;; esac
  done <<end
$command_line
end
  # With strongSwan it takes no notice of that option.
  if [ -z "$named" ] || [ ! -e "$prefix$named" ]; then named=$ipsec_conf; fi
  ipsec_conf=$prefix$named
fi
