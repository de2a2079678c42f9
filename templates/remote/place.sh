# Functions that change files on a host: each file is there in full or not at all, and readable to nobody before.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"
fail() { printf '%s\n' "$*" >&2; exit 1; }

# place PATH MODE CONTENT
place() {
  folder=${1%/*}
  staged=$folder/.${1##*/}.staged
  mkdir -p -- "$folder" || fail "the folder $folder cannot be made"
  (umask 077 && rm -f -- "$staged" && printf '%s' "$3" >"$staged") && chmod "$2" "$staged" &&
    { sync "$staged" 2>/dev/null || sync; } && mv -f -- "$staged" "$1" && { sync "$folder" 2>/dev/null || :; } || {
    rm -f -- "$staged"
    fail "$1 could not be written: is the disk full or read-only?"
  }
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

# transact: one transaction with ovsdb-server, from standard input
transact() {
  python3 -c @transact@ /var/run/openvswitch/db.sock
}
