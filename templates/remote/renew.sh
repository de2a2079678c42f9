# Functions that let the IKE daemon go over to another certificate under the same path, while tunnels are at work.

case $(ipsec --version 2>/dev/null) in *trongSwan*) strongswan=1 ;; *) strongswan='' ;; esac

# reread NAME CERTIFICATE KEY: what is up stays up, and what is authenticated from now on has this certificate
reread() {
  runs=''
  if ipsec status >/dev/null 2>&1; then runs=1; fi
  if [ -n "$strongswan" ]; then
    # A daemon that does not run reads it when it starts. "update" and "rereadall" load the key and not the certificate.
    [ -z "$runs" ] || { ipsec rereadsecrets && await_written && ipsec reload; } >/dev/null 2>&1 ||
      fail 'the IKE daemon did not take the new certificate: is it at work?'
    return
  fi
  database=$(nss)
  if [ ! -e "${database#sql:}/cert9.db" ]; then
    [ -n "$runs" ] || return 0
    fail "there is no NSS database in ${database#sql:}"
  fi
  into_nss "$1" "$2" "$3"
  [ -z "$runs" ] || answer=$(ipsec whack --rereadcerts 2>&1) || fail "the IKE daemon did not take the new certificate: $answer"
}

# await_written: ovs-monitor-ipsec writes ipsec.conf anew, in place, whenever something has woken it; charon would forget the
# connections that are not written yet
await_written() {
  tries=0
  while is_monitored && [ "$tries" -lt 20 ] && ls -l "/proc/$monitor/fd" 2>/dev/null | grep -q ' /etc/ipsec\.conf$'; do
    tries=$((tries + 1))
    sleep 1
  done
}

# into_nss NAME CERTIFICATE KEY: as ovs-monitor-ipsec does it, and beside what is there; a pair that is there already stays. Of
# certificates with one nickname that counts whose time began last, so those that began after this one go, with their keys.
into_nss() {
  there=$(counting "$1" | subject)
  # To another subject NSS would give another nickname.
  if [ -n "$there" ] && [ "$there" != "$(subject <"$2")" ]; then while drop_counting "$1"; do :; done; fi
  staged=$(mktemp) || fail 'there is no room for a temporary file'
  answer=$(openssl pkcs12 -export -in "$2" -inkey "$3" -out "$staged" -name "ovs_certkey_$1" -passout pass: 2>&1 &&
    pk12util -i "$staged" -d "$database" -W '' 2>&1)
  status=$?
  rm -f -- "$staged"
  [ "$status" -eq 0 ] || fail "the certificate could not be put into the NSS database: $answer"
  wanted=$(fingerprint <"$2")
  until [ "$(counting "$1" | fingerprint)" = "$wanted" ]; do
    drop_counting "$1" || fail 'the certificate does not count in the NSS database'
  done
}

# counting NAME: the certificates of a nickname, the one that counts first
counting() { certutil -L -d "$database" -n "ovs_certkey_$1" -a 2>/dev/null; }
# drop_counting NAME: the first of them, with its key
drop_counting() { certutil -F -d "$database" -n "ovs_certkey_$1" >/dev/null 2>&1; }
subject() { openssl x509 -noout -subject -nameopt oneline,show_type 2>/dev/null; }
fingerprint() { openssl x509 -noout -sha256 -fingerprint 2>/dev/null; }

# drop_old_keys NAME: the keys that certificates of the same nickname had before; the certificates alone cannot be told apart
drop_old_keys() {
  if [ -n "$strongswan" ] || ! command -v certutil >/dev/null 2>&1; then return 0; fi
  certutil -K -d "$(nss)" 2>/dev/null | sed -n "s/^<[ 0-9]*> *[a-z]* *\([0-9a-f]*\)  *\(NSS Certificate DB:\)\{0,1\}ovs_certkey_$1\$/\1/p" | sed '$d' |
    while read -r key; do certutil -F -d "$(nss)" -k "$key" >/dev/null 2>&1 || :; done
}

# pin LOCAL REMOTE SECONDS: for so long packets to the peer go by the security association that they go by now. The end
# that answers has the new one before the end that asks, which would lose what comes by it. A pin ends by itself: to delete it
# by its selector would delete the policy of the IKE daemon.
pin() {
  ip xfrm policy list dir out 2>/dev/null | while read -r line; do
    case $line in
    "src $1/"*" dst $2/"*) selector=$line ;;
    src\ *) selector='' ;;
    tmpl\ *) template=$line ;;
    'proto esp '*)
      case $line in *' mode transport') ;; *) continue ;; esac
      reqid=${line#* reqid } reqid=${reqid%% *}
      spi=$(spi_of "$1" "$2" "$reqid")
      # shellcheck disable=SC2086
      if [ -n "$selector" ] && [ -n "$spi" ]; then
        ip xfrm policy add $selector dir out mark 0 mask 0x80000000 priority 100 limit time-hard "$3" \
          $template proto esp spi "$spi" reqid "$reqid" mode transport 2>/dev/null || :
      fi
      ;;
    esac
  done
}

# spi_of SOURCE DESTINATION REQID: of a security association that is in force
spi_of() {
  ip xfrm state list src "$1" dst "$2" 2>/dev/null | sed -n "s/.*proto esp spi \(0x[0-9a-f]*\) reqid $3 mode .*/\1/p" | head -n 1
}

# authenticate PATTERN...: new IKE SAs for the connections of ports, with the certificate that these have now, and beside
# what is up. On standard output "before STATE" for what they take the place of, and "unanswered N" for the ports, counted
# from 0, whose peers give no answer: a peer that is gone is no fault of the certificate, and what is up stays up.
authenticate() {
  number=0 runs=''
  for pattern in "$@"; do
    # shellcheck disable=SC2046
    authenticate_port "$number" $(connections "$pattern") &
    runs="$runs $!" number=$((number + 1))
  done
  status=0
  for run in $runs; do wait "$run" || status=1; done
  [ "$status" -eq 0 ] || exit 1
}

# authenticate_port NUMBER CONNECTION...
authenticate_port() {
  number=$1
  shift
  before=$(states "$@")
  if [ -n "$strongswan" ]; then anew_in_charon "$@"; else anew_in_pluto "$@"; fi || { echo "unanswered $number" && return; }
  for state in $before; do echo "before $state"; done
}

# states CONNECTION...: the IKE SAs of these that are up, such as tun-1[3] in charon and 3 in pluto
states() {
  status=$(ipsec status 2>/dev/null)
  for connection in "$@"; do
    if [ -n "$strongswan" ]; then
      # Names of up to twelve characters have spaces before them.
      printf '%s\n' "$status" | sed 's/^ */ /' | grep -F " $connection[" | sed -n 's/^ *\([^ ]*\[[0-9]*\]\): ESTABLISHED .*/\1/p'
    else
      printf '%s\n' "$status" | grep -F ": \"$connection\":" | sed -n 's/^000 #\([0-9]*\): .* STATE_V2_ESTABLISHED_IKE_SA .*/\1/p'
    fi
  done
}

# anew_in_charon CONNECTION...: charon makes a new IKE SA, because the connection has another certificate. Fails where
# there is no answer.
anew_in_charon() {
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

# anew_in_pluto CONNECTION...: pluto renews its IKE SAs for ever and authenticates none again, unless the event for that is set off.
# A pluto that does not know the event goes on with what is up.
anew_in_pluto() {
  for state in $before; do
    $within ipsec whack --asynchronous --impair "event-v2-reauth:$state" >/dev/null 2>&1 </dev/null || {
      before=''
      return 0
    }
  done
  tries=0 waits=0
  while [ -n "$before" ] && [ "$(states "$@" | wc -l)" -lt "$((2 * $(printf '%s\n' "$before" | wc -l)))" ]; do
    tries=$((tries + 1))
    if waits_for_answer "$@"; then waits=$((waits + 1)); fi
    # A peer that refuses has answered the first message before, which is sent again then.
    if [ "$tries" -gt 20 ] && [ "$waits" -gt 15 ]; then return 1; fi
    [ "$tries" -le 20 ] || refused 'the peer did not take the new certificate' "$(ipsec status 2>/dev/null | sed -n 's/^000 #/#/p')"
    sleep 1
  done
  for connection in "$@"; do
    answer=$($within ipsec auto --up "$connection" 2>&1 </dev/null) || refused "$connection" "$answer"
  done
}

# waits_for_answer CONNECTION...: has one sent the first message of IKE, and nothing came?
waits_for_answer() {
  status=$(ipsec status 2>/dev/null)
  for connection in "$@"; do
    if printf '%s\n' "$status" | grep -F ": \"$connection\":" | grep -q STATE_V2_PARENT_I1; then return 0; fi
  done
  return 1
}

refused() { fail "$1: $(printf '%s\n' "$2" | tail -n 3 | tr '\n' ' ')"; }

# leave SECONDS STATE...: takes down what others have taken the place of, some time after these came: charon at the other
# end may have done so, and pluto does not
leave() {
  sleep "$1"
  shift
  for state in "$@"; do
    if [ -n "$strongswan" ]; then $within ipsec down "$state"; else $within ipsec whack --deletestate "$state"; fi >/dev/null 2>&1 </dev/null &
  done
  wait
}
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 30'; fi
