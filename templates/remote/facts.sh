# What is true on a host. Reads only; each answer stands behind a line with the mark, its name and its exit status. With
# many hosts on few cores every program that is started counts: so what the shell can do itself, it does.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"
mark=@mark@
# Whether more is asked for than plans are made from.
in_full=@in_full@
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 20'; fi

say() { printf '\n%s %s %s\n%s\n' "$mark" "$1" "$2" "$3"; }
probe() {
  name=$1; shift
  if command -v "$1" >/dev/null 2>&1; then
    answer=$($within "$@" 2>&1 </dev/null); say "$name" $? "$answer"
  else
    say "$name" 127 "there is no program $1"
  fi
}
# For programs that wait for nobody, or have a time limit of their own.
ask() {
  limit=$within within=
  probe "$@"
  within=$limit
}

say lock "${ovs_pki_ts_lock:-0}" "${ovs_pki_ts_holders:-}"
{ read -r name </proc/sys/kernel/hostname; read -r kernel </proc/sys/kernel/osrelease; } 2>/dev/null
say name 0 "$name"
say kernel 0 "$kernel"
say time 0 "$(date +%s)"
programs=
for program in openssl python3 ovs-vsctl ovs-appctl ovs-ofctl ipsec certutil pk12util crlutil ip ping flock; do
  if command -v "$program" >/dev/null 2>&1; then programs="$programs $program"; fi
done
say programs 0 "$programs"
ask addresses ip -o addr show
if [ -n "$in_full" ]; then ask default-route ip route show default; fi
run=/var/run/openvswitch
# Of Port all columns: an Open vSwitch that is old does not know "protected", and would refuse to list it.
ask ovsdb ovs-vsctl --timeout=10 --format=json -- --columns=other_config,external_ids,ovs_version list Open_vSwitch \
  -- --columns=name,ports,datapath_type,fail_mode,controller,stp_enable,rstp_enable,other_config,external_ids list Bridge \
  -- list Port -- --columns=_uuid,name,type,options,ofport,error,external_ids,mtu_request list Interface
ovsdb=$answer
vswitchd='' monitor=''
{ read -r vswitchd <$run/ovs-vswitchd.pid; read -r monitor <$run/ovs-monitor-ipsec.pid; } 2>/dev/null
if [ -n "$vswitchd" ] && [ -d "/proc/$vswitchd" ]; then say vswitchd 0 "$vswitchd"; else say vswitchd 1 ''; fi

if [ -n "$monitor" ] && [ -r "/proc/$monitor/cmdline" ]; then
  say monitor 0 "$(tr '\000' '\n' <"/proc/$monitor/cmdline")"
  if [ -n "$in_full" ]; then ask tunnels ovs-appctl -T 10 -t ovs-monitor-ipsec tunnels/show; fi
else
  say monitor 1 ''
fi
if [ -n "$in_full" ]; then
  say monitor-log 0 "$(tail -n 80 /var/log/openvswitch/ovs-monitor-ipsec.log 2>&1)"
fi
probe ipsec-version ipsec --version
case $answer in
@daemons@
esac
ask policies ip xfrm policy
# The keys of security associations do not leave the host.
if command -v ip >/dev/null 2>&1; then
  answer=$(ip -s xfrm state 2>&1); status=$?
  case $answer in *' 0x'*) answer=$(printf '%s\n' "$answer" | sed 's/ 0x[0-9a-f]\{17,\}/ -/') ;; esac
  say states $status "$answer"
else
  say states 127 'there is no program ip'
fi
# Charon and pluto log to syslog; both can have a file of their own.
[ -z "$in_full" ] || say ike-log 0 "$(
  {
    $within journalctl -q -t charon -t pluto -n 60 -o cat --no-pager
    tail -q -n 60 /var/log/charon.log /var/log/pluto.log
    tail -q -n 500 /var/log/syslog /var/log/daemon.log | grep -e ' charon' -e ' pluto'
  } 2>/dev/null </dev/null | tail -n 100
)"
answer=
if [ -e /sys/kernel/security/apparmor/profiles ]; then
  answer=$(grep -s -e charon -e pluto /sys/kernel/security/apparmor/profiles)
fi
say apparmor 0 "$answer"
if [ -n "$in_full" ]; then
  say listening 0 "$(sed -n 's/^ *[0-9]*: [0-9A-F]*:\(01F4\|1194\) .*/\1/p' /proc/net/udp /proc/net/udp6 2>/dev/null)"
fi

# Of what is below a folder that cannot be looked into, nothing is known.
closed() {
  folder=${1%/*}
  while [ -n "$folder" ] && [ ! -d "$folder" ]; do folder=${folder%/*}; done
  [ -n "$folder" ] && ! { [ -r "$folder" ] && [ -x "$folder" ]; }
}
seen=' '
look() {
  case $seen in *" $1 "*) return ;; esac
  seen="$seen$1 "
  if [ -d "$1" ]; then return; fi
  if [ -L "$1" ]; then say "link:$1" 0 "$(readlink -- "$1")"; fi
  if [ ! -e "$1" ]; then
    if closed "$1"; then say "file:$1" 2 "$folder: Permission denied"; else say "file:$1" 1 ''; fi
    return
  fi
  head=$(sed -n 's/^-----BEGIN \(.*\)-----.*$/\1/p' "$1" 2>&1) || { say "file:$1" 2 "$head"; return; }
  mode=$(stat -L -c '%a %U' -- "$1" 2>/dev/null)
  case $head in
  *CERTIFICATE*) say "file:$1" 0 "certificate $mode
$(sed -n '/-----BEGIN \(TRUSTED \|X509 \)\{0,1\}CERTIFICATE-----/,/-----END/p' "$1")" ;;
  *'PRIVATE KEY'*)
    if public=$(openssl pkey -in "$1" -pubout -passin pass: 2>/dev/null </dev/null); then
      say "file:$1" 0 "key $mode $(printf '%s' "$head" | tr ' ' '-')
$public"
    else
      say "file:$1" 0 "unreadable-key $mode $(printf '%s' "$head" | tr ' ' '-')"
    fi ;;
  'X509 CRL'*) say "file:$1" 0 "crl $mode
$(sed -n '/-----BEGIN X509 CRL-----/,/-----END/p' "$1")" ;;
  *) say "file:$1" 0 "other $mode" ;;
  esac
}
for file in @files@; do look "$file"; done
# The paths in the JSON of the database: what stands between quotation marks and begins with a slash.
set -f
IFS='"'
# shellcheck disable=SC2086
set -- $ovsdb
unset IFS
set +f
for file in "$@"; do
  case $file in
  /*) if [ ! -e "$file" ] || [ -f "$file" ]; then look "$file"; fi ;;
  esac
done
say end 0 ''
