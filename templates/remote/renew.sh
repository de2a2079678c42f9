# Functions that let the IKE daemon go over to another certificate under the same path, while tunnels are at work.

case $(ipsec --version 2>/dev/null) in *trongSwan*) strongswan=1 ;; *) strongswan='' ;; esac

# reread NAME CERTIFICATE KEY: what is up stays up, and what is authenticated from now on has the new certificate
reread() {
  if [ -n "$strongswan" ]; then
    # "update" and "rereadall" load the key and not the certificate.
    ipsec rereadsecrets >/dev/null 2>&1 && ipsec reload >/dev/null 2>&1 || fail 'the IKE daemon did not take the new certificate: is it at work?'
    return
  fi
  into_nss "$1" "$2" "$3"
  answer=$(ipsec whack --rereadcerts 2>&1) || fail "the IKE daemon did not take the new certificate: $answer"
}

# nss: the database that pluto reads
nss() {
  folder=$(ipsec status 2>/dev/null | sed -n 's/.*nssdir=\([^, ]*\).*/\1/p')
  printf 'sql:%s' "${folder:-/etc/ipsec.d}"
}

# into_nss NAME CERTIFICATE KEY: as ovs-monitor-ipsec does it, and beside what is there
into_nss() {
  staged=$(mktemp) || fail 'there is no room for a temporary file'
  answer=$(openssl pkcs12 -export -in "$2" -inkey "$3" -out "$staged" -name "ovs_certkey_$1" -passout pass: 2>&1 &&
    pk12util -i "$staged" -d "$(nss)" -W '' 2>&1)
  status=$?
  rm -f -- "$staged"
  [ "$status" -eq 0 ] || fail "the certificate could not be put into the NSS database: $answer"
}

# pin LOCAL REMOTE SECONDS: for so long packets to the peer go by the security association that they go by now. The end
# that answers has the new one before the end that asks, which would lose what comes by it. It ends by itself: to delete it by
# its selector would delete charon's own policy.
pin() {
  ip xfrm policy list dir out 2>/dev/null | while read -r line; do
    case $line in
    "src $1/"*" dst $2/"*) selector=$line ;;
    src\ *) selector='' ;;
    tmpl\ *) template=$line ;;
    'proto esp spi 0x'*)
      # shellcheck disable=SC2086
      if [ -n "$selector" ]; then
        ip xfrm policy add $selector dir out mark 0 mask 0x80000000 priority 100 limit time-hard "$3" $template $line 2>/dev/null || :
      fi
      ;;
    esac
  done
}

# authenticate PATTERN: an IKE SA of its own for the connections of a port, with the certificate that they have now. The end
# that answers takes the one before away, ten seconds later.
authenticate() {
  for connection in $(connections "$1"); do
    answer=$($within ipsec up "$connection" 2>&1 </dev/null) || case $answer in
    *'existing duplicate'*) ;;
    *) fail "$connection: $(printf '%s\n' "$answer" | tail -n 2 | tr '\n' ' ')" ;;
    esac
  done
}
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 30'; fi
