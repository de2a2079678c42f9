# Functions that change a host, whichever IKE daemon it has: a file is there in full or not at all, and readable to nobody
# before.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"
fail() { printf '%s\n' "$*" >&2; exit 1; }

# place PATH MODE CONTENT
place() {
  folder=${1%/*}
  staged=$folder/.${1##*/}.staged
  [ ! -d "$1" ] || fail "$1 is a folder, and a file is to go there"
  mkdir -p -- "$folder" || fail "the folder $folder cannot be made"
  (umask 077 && rm -f -- "$staged" && printf '%s' "$3" >"$staged") && chmod "$2" "$staged" &&
    { sync "$staged" 2>/dev/null || sync; } && mv -f -- "$staged" "$1" && { sync "$folder" 2>/dev/null || :; } || {
    rm -f -- "$staged"
    fail "$1 could not be written: is the disk full or read-only?"
  }
}

# point LINK NAME: makes a symbolic link to a file beside it, in one step
point() {
  staged=${1%/*}/.${1##*/}.staged
  [ ! -d "$1" ] || fail "$1 is a folder, and a link is to go there"
  rm -f -- "$staged" && ln -s -- "$2" "$staged" && mv -f -- "$staged" "$1" && { sync "${1%/*}" 2>/dev/null || :; } ||
    fail "$1 could not be made a link to $2"
}

# same KEY CERTIFICATE: do they belong together?
same() {
  public=$(openssl pkey -in "$1" -pubout -passin pass: 2>&1 </dev/null) || fail "the key $1 cannot be read: $public"
  certified=$(openssl x509 -in "$2" -noout -pubkey 2>&1) || fail "the certificate $2 cannot be read: $certified"
  [ "$public" = "$certified" ] || fail "the key $1 does not belong to the certificate $2"
}

# signed CERTIFICATE CA
signed() {
  answer=$(openssl verify -partial_chain -CAfile "$2" "$1" 2>&1) || fail "the certificate $1 is not accepted under $2: $answer"
}

# patiently COMMAND: for what may wait for ever
patiently() {
  if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi
}

# transact: one transaction with ovsdb-server, from standard input
transact() {
  python3 -I -S -c @transact@ /var/run/openvswitch/db.sock
}

# gone: wait until ovs-vswitchd has done what the database says, for a port that it still has would send in plaintext
gone() {
  vswitchd=$(cat /var/run/openvswitch/ovs-vswitchd.pid 2>/dev/null)
  if [ -z "$vswitchd" ] || [ ! -d "/proc/$vswitchd" ]; then return 0; fi
  wanted=$(ovs-vsctl --timeout=10 get Open_vSwitch . next_cfg 2>/dev/null) || return 0
  ovs-vsctl --timeout=20 wait-until Open_vSwitch . "cur_cfg>=$wanted" >/dev/null 2>&1 || :
}

# connections PATTERN: those of a port that ovs-monitor-ipsec has written
connections() {
  sed -n "s/^conn \($1\(-in\|-out\)\{0,1\}-[0-9][0-9]*\)\$/\1/p" /etc/ipsec.conf 2>/dev/null
}

# take_down PATTERN: takes the tunnel of a port down
take_down() {
  for connection in $(connections "$1"); do down "$connection" >/dev/null 2>&1 || :; done
}

is_monitored() { { read -r monitor </var/run/openvswitch/ovs-monitor-ipsec.pid; } 2>/dev/null && [ -e "/proc/$monitor" ]; }
