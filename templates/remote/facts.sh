# What is true on a host. Reads only; each answer stands behind a line with the mark, its name and its exit status.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"
mark=@mark@
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
# A file that is there in full, or 1 for one that is not and 2 for one that cannot be read.
show() {
  if [ ! -e "$2" ]; then say "$1" 1 "$2"
  elif answer=$(cat -- "$2" 2>&1); then say "$1" 0 "$answer"
  else say "$1" 2 "$answer"
  fi
}

say lock "${ovs_pki_ts_lock:-0}" ''
probe name uname -n
probe kernel uname -r
say time 0 "$(date +%s)"
programs=
for program in openssl python3 ovs-vsctl ovs-appctl ovs-ofctl ipsec certutil pk12util ip ping flock; do
  if command -v "$program" >/dev/null 2>&1; then programs="$programs $program"; fi
done
say programs 0 "$programs"
probe addresses ip -o addr show
probe default-route ip route show default
run=/var/run/openvswitch
probe ovsdb ovs-vsctl --timeout=10 --format=json -- --columns=other_config,external_ids,ovs_version list Open_vSwitch \
  -- --columns=name,ports list Bridge -- --columns=_uuid,name,interfaces list Port \
  -- --columns=_uuid,name,type,options,ofport,error list Interface
ovsdb=$answer
vswitchd=$(cat $run/ovs-vswitchd.pid 2>/dev/null)
if [ -n "$vswitchd" ] && [ -d "/proc/$vswitchd" ]; then say vswitchd 0 "$vswitchd"; else say vswitchd 1 ''; fi

monitor=$(cat $run/ovs-monitor-ipsec.pid 2>/dev/null)
if [ -n "$monitor" ] && [ -r "/proc/$monitor/cmdline" ]; then
  say monitor 0 "$(tr '\000' '\n' <"/proc/$monitor/cmdline")"
  probe tunnels ovs-appctl -T 10 -t ovs-monitor-ipsec tunnels/show
else
  say monitor 1 ''
fi
say monitor-log 0 "$(tail -n 80 /var/log/openvswitch/ovs-monitor-ipsec.log 2>&1)"
show ipsec-conf /etc/ipsec.conf
probe ipsec-version ipsec --version
case $answer in
*trongSwan*)
  probe ike-status ipsec statusall
  probe ike-certs ipsec listcerts --utc
  probe ike-cacerts ipsec listcacerts --utc
  ;;
*ibreswan*)
  probe ike-status ipsec status
  ike=$answer
  probe ike-traffic ipsec trafficstatus
  # What pluto reads; ovs-monitor-ipsec may write to another place.
  nss=$(printf '%s\n' "$ike" | sed -n 's/.*nssdir=\([^, ]*\).*/\1/p')
  nss=${nss:-/etc/ipsec.d}
  probe nss certutil -L -d "sql:$nss"
  if command -v certutil >/dev/null 2>&1; then
    for nickname in $(certutil -L -d "sql:$nss" 2>/dev/null | sed -n 's/^\(ovs_[^ ]*\) .*/\1/p'); do
      probe "nss:$nickname" certutil -L -d "sql:$nss" -n "$nickname" -a
    done
  fi
  ;;
esac
probe policies ip xfrm policy
# The keys of security associations do not leave the host.
if command -v ip >/dev/null 2>&1; then
  answer=$(ip -s xfrm state 2>&1); status=$?
  say states $status "$(printf '%s\n' "$answer" | sed 's/ 0x[0-9a-f]\{17,\}/ -/')"
else
  say states 127 'there is no program ip'
fi
# Charon and pluto log to syslog; both can have a file of their own.
say ike-log 0 "$(
  {
    $within journalctl -q -t charon -t pluto -n 60 -o cat --no-pager
    tail -q -n 60 /var/log/charon.log /var/log/pluto.log
    tail -q -n 500 /var/log/syslog /var/log/daemon.log | grep -e ' charon' -e ' pluto'
  } 2>/dev/null </dev/null | tail -n 100
)"
say apparmor 0 "$(grep -s -e charon -e pluto /sys/kernel/security/apparmor/profiles)"
say listening 0 "$(cat /proc/net/udp /proc/net/udp6 2>/dev/null | sed -n 's/^ *[0-9]*: [0-9A-F]*:\(01F4\|1194\) .*/\1/p')"

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
  if [ ! -e "$1" ]; then
    if closed "$1"; then say "file:$1" 2 "$folder: Permission denied"; else say "file:$1" 1 ''; fi
    return
  fi
  head=$(sed -n 's/^-----BEGIN \(.*\)-----.*$/\1/p' "$1" 2>&1) || { say "file:$1" 2 "$head"; return; }
  mode=$(stat -c '%a %U' -- "$1" 2>/dev/null)
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
  *) say "file:$1" 0 "other $mode" ;;
  esac
}
for file in @files@; do look "$file"; done
for file in $(printf '%s\n' "$ovsdb" | grep -o '"/[^"]*"' | tr -d '"'); do
  if [ ! -e "$file" ] || [ -f "$file" ]; then look "$file"; fi
done
say end 0 ''
