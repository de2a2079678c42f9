# Functions that change a host, whichever IKE daemon it has: a file is there in full or not at all, and readable to nobody
# before.
@places@
fail() { printf '%s\n' "$*" >&2; exit 1; }

# have FOLDER: it is there, and nobody but root can change what lies in it or put another folder in its place
have() {
  case $had in *"|$1|"*) return 0 ;; esac
  (umask 022 && mkdir -p -- "$1") || fail "the folder $1 cannot be made"
  place=$(cd -P -- "$1" && pwd -P) || fail "the folder $1 cannot be entered"
  for way in "$1" "$place"; do
    last=1
    while :; do
      answer=$(stat -L -c '%u %g %a' -- "${way:-/}" 2>&1) || fail "the folder ${way:-/} cannot be looked at: $answer"
      owner=${answer%% *} mode=${answer##* } group=${answer#* } written=''
      case $mode in *[2367]) written=1 ;; *[2367]?) [ "${group%% *}" -eq 0 ] || written=1 ;; esac
      # In a folder like /tmp, what belongs to root stays what it is.
      case $mode in [1357]???) [ -n "$last" ] || written='' ;; esac
      [ "$owner" -eq 0 ] || [ "$owner" -eq "$(id -u)" ] ||
        fail "the folder ${way:-/} belongs to the user $owner, who could read or replace what is put into $1: chown root ${way:-/}"
      [ -z "$written" ] ||
        fail "others than root can write into the folder ${way:-/} (mode $mode), and could read or replace what is put into $1: chmod go-w ${way:-/}"
      [ -n "$way" ] || break
      way=${way%/*} last=''
    done
  done
  had="$had|$1|"
}
had=''

# fresh PATH: takes standard input to a file that was not there before, which only its owner can read
fresh() { (umask 077 && set -C && rm -f -- "$1" && cat >"$1"); }

# place PATH MODE CONTENT
place() {
  folder=${1%/*}
  staged=$folder/.${1##*/}.staged
  [ ! -d "$1" ] || fail "$1 is a folder, and a file is to go there"
  have "$folder"
  printf '%s' "$3" | fresh "$staged" && chmod "$2" "$staged" &&
    { sync "$staged" 2>/dev/null || sync; } && mv -f -- "$staged" "$1" && { sync "$folder" 2>/dev/null || :; } || {
    rm -f -- "$staged"
    fail "$1 could not be written: is the disk full or read-only?"
  }
}

# point LINK NAME: makes a symbolic link to a file beside it, in one step
point() {
  staged=${1%/*}/.${1##*/}.staged
  [ ! -d "$1" ] || fail "$1 is a folder, and a link is to go there"
  have "${1%/*}"
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
  python3 -I -S -c @transact@ "$ovs_run/db.sock"
}

# gone: wait until ovs-vswitchd has done what the database says, for a port that it still has would send in plaintext
gone() {
  vswitchd=$(cat "$ovs_run/ovs-vswitchd.pid" 2>/dev/null)
  if [ -z "$vswitchd" ] || [ ! -d "/proc/$vswitchd" ]; then return 0; fi
  wanted=$(ovs-vsctl --timeout=10 get Open_vSwitch . next_cfg 2>/dev/null) || return 0
  ovs-vsctl --timeout=20 wait-until Open_vSwitch . "cur_cfg>=$wanted" >/dev/null 2>&1 || :
}

# connections PATTERN: those of a port that ovs-monitor-ipsec has written
connections() {
  sed -n "s/^conn \($1\(-in\|-out\)\{0,1\}-[0-9][0-9]*\)\$/\1/p" "$ipsec_conf" 2>/dev/null
}

# take_down PATTERN: takes the tunnel of a port down
take_down() {
  for connection in $(connections "$1"); do down "$connection" >/dev/null 2>&1 || :; done
}

is_monitored() { { read -r monitor <"$ovs_run/ovs-monitor-ipsec.pid"; } 2>/dev/null && [ -e "/proc/$monitor" ]; }
