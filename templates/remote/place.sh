# Functions that change files on a host: each file is there in full or not at all, and readable to nobody before.
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

# nss: the database that pluto reads
nss() {
  for folder in $(ipsec status 2>/dev/null | sed -n 's/.*nssdir=\([^, ]*\).*/\1/p') /var/lib/ipsec/nss /etc/ipsec.d; do
    if [ -e "$folder/cert9.db" ]; then break; fi
  done
  printf 'sql:%s' "$folder"
}

# trust FILE: one more CA of the name that the CA has; ovs-monitor-ipsec brings one, and charon reads them all
trust() {
  case $(ipsec --version 2>/dev/null) in *ibreswan*) ;; *) return 0 ;; esac
  answer=$(certutil -A -a -i "$1" -d "$(nss)" -n ovs_cert_cacert -t CT,, 2>&1) || fail "the NSS database $(nss) does not take the CA $1: $answer"
  look_again
}

# look_again: pluto remembers for minutes which CAs it has seen
look_again() {
  ipsec whack --impair trigger:FREE_ROOT_CERTS >/dev/null 2>&1 </dev/null || :
}

# distrust FILE...: no CA of that name but these, whose files are the only ones left
distrust() {
  case $(ipsec --version 2>/dev/null) in
  *ibreswan*)
    tries=0
    while certutil -D -d "$(nss)" -n ovs_cert_cacert >/dev/null 2>&1 && [ "$tries" -lt 20 ]; do tries=$((tries + 1)); done
    for authority in "$@"; do trust "$authority"; done
    look_again
    ;;
  # What charon has loaded it keeps, unless it is asked to look which files there are.
  *trongSwan*) { ipsec rereadcacerts && ipsec purgecerts; } >/dev/null 2>&1 || : ;;
  esac
}

# place_crl PATH CONTENT: a list of revoked certificates, where the IKE daemon reads it too. Where libreswan's NSS database does
# not take it, it is not at PATH either, so that it is brought again.
place_crl() {
  daemon=$(ipsec --version 2>/dev/null)
  case $daemon in *ibreswan*) import_crl "$1" "$2" ;; esac
  place "$1" 644 "$2"
  # charon goes on with a list that it has used until that is purged; pluto looks into NSS again every minute.
  case $daemon in *trongSwan*) ipsec rereadcrls >/dev/null 2>&1 && ipsec purgecrls >/dev/null 2>&1 || : ;; esac
}

# patiently COMMAND: for what may wait for ever
patiently() {
  if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi
}

# import_crl PATH CONTENT. The CA may come into the database later (-B), and one that is newer stays.
import_crl() {
  mkdir -p -- "${1%/*}" || fail "the folder ${1%/*} cannot be made"
  der=${1%/*}/.${1##*/}.der
  printf '%s' "$2" | openssl crl -outform DER -out "$der" 2>/dev/null || {
    rm -f -- "$der"
    fail "$1 could not be written: is the disk full or read-only?"
  }
  answer=$(crlutil -I -B -i "$der" -d "$(nss)" 2>&1) || case $answer in
  *OLD_CRL*) ;;
  *) rm -f -- "$der"; fail "the NSS database $(nss) does not take the CRL: $answer" ;;
  esac
  rm -f -- "$der"
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

# forget PATTERN: ovs-monitor-ipsec deletes only those connections of a port that is gone which have a state just then; what
# libreswan keeps would be taken for the next tunnel of that name.
forget() {
  case $(ipsec --version 2>/dev/null) in *ibreswan*) ;; *) return 0 ;; esac
  tries=0
  while [ -n "$(connections "$1")" ] && [ "$tries" -lt 20 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  for connection in $(ipsec status 2>/dev/null | sed -n "s/^000 \"\($1\(-in\|-out\)\{0,1\}-[0-9][0-9]*\)\": .*/\1/p" | sort -u); do
    ipsec auto --delete "$connection" >/dev/null 2>&1 || :
  done
}

# take_down PATTERN: takes the tunnel of a port down, without waiting for what its peer says
take_down() {
  for connection in $(connections "$1"); do
    case $(ipsec --version 2>/dev/null) in
    *ibreswan*) patiently ipsec auto --down "$connection" ;;
    *) ipsec stroke down-nb "$connection[*]" ;;
    esac >/dev/null 2>&1 || :
  done
}

is_monitored() { { read -r monitor </var/run/openvswitch/ovs-monitor-ipsec.pid; } 2>/dev/null && [ -e "/proc/$monitor" ]; }

# refuse_strangers: the connections of the drop policies that ovs-monitor-ipsec gives charon fit any peer. One that asks before
# the connection for it is there gets such a one, and what is sent by that goes nowhere. charon forgets these connections,
# and their policies stay in the kernel. The next start of charon brings them again.
refuse_strangers() {
  case $(ipsec --version 2>/dev/null) in *trongSwan*) ;; *) return 0 ;; esac
  tries=0
  # ovs-monitor-ipsec loads them a moment after ipsec_skb_mark has come.
  while [ "$tries" -lt 10 ] && is_monitored && ipsec status >/dev/null 2>&1 &&
    ! ipsec statusall 2>/dev/null | grep -q '^ *prevent_unencrypted_vxlan: '; do
    tries=$((tries + 1))
    sleep 1
  done
  for type in gre geneve stt vxlan; do ipsec stroke delete "prevent_unencrypted_$type" >/dev/null 2>&1 || :; done
}

# wait_for_peer PATTERN: once libreswan has the connections of a port, those that are not up yet are loaded again, and so
# not started
wait_for_peer() {
  tries=0
  until all_loaded "$1" || [ "$tries" -ge 30 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  # ovs-monitor-ipsec starts a connection just after it has loaded it.
  sleep 1
  status=$(ipsec status 2>/dev/null)
  for connection in $(connections "$1"); do
    if ! printf '%s\n' "$status" | grep -F "\"$connection\":" | grep -q '^000 #.*ESTABLISHED'; then
      ipsec auto --replace "$connection" >/dev/null 2>&1 || :
    fi
  done
}
all_loaded() {
  status=$(ipsec status 2>/dev/null) all=$(connections "$1")
  for connection in $all; do
    printf '%s\n' "$status" | grep -qF "000 \"$connection\": " || return 1
  done
  [ -n "$all" ]
}
