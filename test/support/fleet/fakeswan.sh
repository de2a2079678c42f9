#!/bin/sh
# The program ipsec(8) of an IKE daemon that does not exist. It writes down what it is told.
state=/run/fleet/fakeswan
echo "$*" >>$state.log
case $1 in
--version) echo 'Linux Fakeswan 1.2' ;;
summary) [ ! -e $state.stopped ] && echo 'at work' && { [ ! -e $state.weak ] || echo 'no ciphers'; } ;;
tell) : ;;
*) exit 2 ;;
esac
### What our program sends to hosts that have it.
# How Fakeswan is told things. Each IKE daemon has a file with the same functions; those of place.sh come before.
listen() { :; }
reread_authorities() { ipsec tell read-authorities; }
trust() { ipsec tell trust "$1"; }
distrust() { ipsec tell trust-only "$@"; }
place_crl() {
  place "$1" 644 "$2"
  ipsec tell read-crl "$1"
}
forget() { ipsec tell forget "$1"; }
down() { ipsec tell down "$1"; }
refuse_strangers() { :; }
wait_for_peer() { :; }
reread() { ipsec tell read-identity "$1" "$2" "$3"; }
drop_old_keys() { ipsec tell drop-old-keys; }
forget_identity() { ipsec tell forget-identity; }
states() { :; }
authenticate_again() { :; }
leave_state() { :; }
help_up() { ipsec tell begin "$1"; }
