# How strongSwan's charon is told things. Each IKE daemon has a file with the same functions; those of place.sh come before.

# listen: charon hears of new addresses by itself
listen() { :; }

# reread_authorities: charon reads /etc/ipsec.d/cacerts when it starts; the "ca" section that ovs-monitor-ipsec writes is
# never loaded.
reread_authorities() {
  if command -v ipsec >/dev/null 2>&1; then ipsec rereadcacerts >/dev/null 2>&1 || :; fi
}

# trust FILE: one more CA of the name that the CA has; charon reads all of the folder
trust() { :; }

# distrust FILE...: no CA of that name but these, whose files are the only ones left. What charon has loaded it keeps,
# unless it is asked to look which files there are.
distrust() {
  { ipsec rereadcacerts && ipsec purgecerts; } >/dev/null 2>&1 || :
}

# place_crl PATH CONTENT: a CRL, where charon reads it too, which goes on with one that it has used until that is purged
place_crl() {
  place "$1" 644 "$2"
  { ipsec rereadcrls && ipsec purgecrls; } >/dev/null 2>&1 || :
}

# forget PATTERN: ovs-monitor-ipsec deletes the connections of a port that is gone
forget() { :; }

# down CONNECTION: takes one down, without waiting for what its peer says
down() { ipsec stroke down-nb "$1[*]"; }

# refuse_strangers: the connections of the drop policies that ovs-monitor-ipsec gives charon fit any peer. One that asks before
# the connection for it is there gets such a one, and what is sent by that goes nowhere. charon forgets these connections,
# and their policies stay in the kernel. The next start of charon brings them again.
refuse_strangers() {
  tries=0
  # ovs-monitor-ipsec loads them a moment after ipsec_skb_mark has come.
  while [ "$tries" -lt 10 ] && is_monitored && ipsec status >/dev/null 2>&1 &&
    ! ipsec statusall 2>/dev/null | grep -q '^ *prevent_unencrypted_vxlan: '; do
    tries=$((tries + 1))
    sleep 1
  done
  for type in gre geneve stt vxlan; do ipsec stroke delete "prevent_unencrypted_$type" >/dev/null 2>&1 || :; done
}

# wait_for_peer PATTERN: what ovs-monitor-ipsec loads into charon is not started
wait_for_peer() { :; }

# reread NAME CERTIFICATE KEY: what is up stays up, and what is authenticated from now on has this certificate. A daemon that
# does not run reads it when it starts. "update" and "rereadall" load the key and not the certificate.
reread() {
  ipsec status >/dev/null 2>&1 || return 0
  { ipsec rereadsecrets && await_written && ipsec reload; } >/dev/null 2>&1 ||
    fail 'the IKE daemon did not take the new certificate: is it at work?'
}

# drop_old_keys NAME: charon has those of the files
drop_old_keys() { :; }

# forget_identity NAME CA...: it was in files alone
forget_identity() { :; }

# states CONNECTION...: the IKE SAs of these that are up, such as tun-1[3]
states() {
  # Names of up to twelve characters have spaces before them.
  status=$(ipsec status 2>/dev/null | sed 's/^ */ /')
  for connection in "$@"; do
    printf '%s\n' "$status" | grep -F " ${connection}[" | sed -n 's/^ *\([^ ]*\[[0-9]*\]\): ESTABLISHED .*/\1/p'
  done
}

# authenticate_again CONNECTION...: charon makes a new IKE SA, because the connection has another certificate. Fails where
# there is no answer.
authenticate_again() {
  for connection in "$@"; do
    answer=$($within ipsec up "$connection" 2>&1 </dev/null)
    case $?:$answer in
    0:* | *'existing duplicate'*) ;;
    *'AUTHENTICATION_FAILED'*) refused "$connection" "$answer" ;;
    124:* | 143:* | *'peer not responding'*) return 1 ;;
    *) refused "$connection" "$answer" ;;
    esac
  done
}

# leave_state STATE: takes one IKE SA down
leave_state() { $within ipsec down "$1"; }

# help_up CONNECTION INITIATES ATTEMPTS: what is up is left alone, for each new attempt would make one more security association
help_up() {
  if [ "$2" = 1 ] && ! ipsec status "$1" 2>/dev/null | grep -F "$1{" | grep -q INSTALLED; then $within ipsec up "$1"; fi
}
