#!/bin/sh
# A STAND-IN for strongSwan's ipsec(8), for hosts where charon cannot run: it answers what ovs-monitor-ipsec and an
# operator ask of a running daemon that has loaded its configuration and has no peer. No tunnel ever comes up with it.
# Certificates are shown by strongSwan's own `pki --print`, which shares its printer with `ipsec listcerts`.
# Every call is written to /run/fleet/ipsec.log. One call works at a time, as with the socket of a daemon: on a host
# ovs-monitor-ipsec calls it whenever the database has changed, beside those who are logged in.

state=/run/fleet/ike
exec 9>/run/fleet/ipsec.lock && flock 9
mkdir -p "$state/cacerts" "$state/certs" "$state/crls"
echo "$*" >>/run/fleet/ipsec.log

main() {
  case $1 in
    --version) echo "Linux strongSwan U5.9.8/K$(uname -r)" && echo 'University of Applied Sciences Rapperswil, Switzerland' ;;
    start | restart) : >"$state/running" && read_authorities && read_lists && read_configuration ;;
    stop) rm -f "$state/running" ;;
    update | reload) needs_daemon && read_configuration ;;
    rereadcacerts) needs_daemon && read_authorities ;;
    rereadcrls) needs_daemon && read_lists ;;
    rereadall) needs_daemon && read_authorities && read_configuration ;;
    rereadsecrets | purge* | stroke | up | down) needs_daemon ;;
    status | statusall) needs_daemon && show_status ;;
    listcerts) needs_daemon && list_certificates 'X.509 End Entity Certificates' "$state/certs" ;;
    listcacerts) needs_daemon && list_certificates 'X.509 CA Certificates' "$state/cacerts" ;;
    listcrls) needs_daemon && list_certificates 'X.509 CRLs' "$state/crls" crl ;;
    listall) needs_daemon && list_certificates 'X.509 End Entity Certificates' "$state/certs" &&
      list_certificates 'X.509 CA Certificates' "$state/cacerts" ;;
    *) echo "/usr/sbin/ipsec: unknown command \`$1' (\`ipsec --help' for list)" >&2 && exit 2 ;;
  esac
}

needs_daemon() {
  [ -e "$state/running" ] || exit 3
}

read_configuration() {
  rm -rf "$state/certs" "$state/keys" && mkdir "$state/certs" "$state/keys"
  cp /etc/ipsec.conf "$state/loaded.conf" 2>/dev/null || : >"$state/loaded.conf"
  sed -n 's/^[[:space:]]*leftcert=//p' "$state/loaded.conf" | sort -u | while read -r file; do
    load "$file" certs
    if has_key "$file"; then : >"$state/keys/$(basename "$(readlink -f "$file")")"; fi
  done
}

has_key() {
  public=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null)
  for key in $(sed -n 's/.*: RSA //p' /etc/ipsec.secrets 2>/dev/null); do
    if [ "$(openssl pkey -in "$key" -pubout 2>/dev/null)" = "$public" ]; then return 0; fi
  done
  return 1
}

# charon drops what is not there any more.
read_authorities() {
  rm -rf "$state/cacerts" && mkdir "$state/cacerts"
  for file in /etc/ipsec.d/cacerts/*; do [ ! -e "$file" ] || load "$file" cacerts; done
}

read_lists() {
  for file in /etc/ipsec.d/crls/*; do [ ! -e "$file" ] || load "$file" crls; done
}

# Debian's AppArmor profile lets charon read only what lies in /etc/ipsec.d, wherever a link to it is.
load() {
  case $1 in
    /*) file=$(readlink -f "$1") ;;
    *) file=$(readlink -f "/etc/ipsec.d/certs/$1") ;;
  esac
  case $file in
    /etc/ipsec.d/*) cp "$file" "$state/$2/" 2>/dev/null ;;
    *) false ;;
  esac || echo "loading certificate from '$1' failed" >>/var/log/charon.log
}

# A test that needs a daemon that tells its version puts the first lines of a real answer into the file "heading".
show_status() {
  [ ! -e "$state/heading" ] || cat "$state/heading"
  echo 'Security Associations (0 up, 0 connecting):'
  echo '  none'
  sed -n 's/^conn \(prevent_unencrypted_.*\)$/\1:  %any...%any  IKEv1\/2/p' "$state/loaded.conf" 2>/dev/null
}

list_certificates() {
  [ -n "$(ls "$2")" ] || return 0
  printf '\nList of %s\n' "$1"
  for file in "$2"/*; do
    echo
    with=$([ ! -e "$state/keys/$(basename "$file")" ] || echo ', has private key')
    pki --print --type "${3:-x509}" --in "$file" | sed "s/^\( *pubkey: .*\)/\1$with/"
  done
}

main "$@"
