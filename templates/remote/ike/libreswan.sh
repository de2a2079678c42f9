# How libreswan's pluto is told things. Each IKE daemon has a file with the same functions; those of place.sh come before.

# Of 5 and later versions, or of 4: "ipsec auto" is gone, and so is the number before each line.
generation=@generation@

# answer_of_pluto: what pluto says of itself, in the form of all versions
answer_of_pluto() { ipsec status 2>/dev/null | sed 's/^000 //'; }

# order VERB CONNECTION, and begin VERB CONNECTION, which does not wait for what comes of it
order() {
  if [ "$generation" = 4 ]; then ipsec auto "--$1" "$2"; else ipsec "$1" "$2"; fi
}
begin() {
  case $generation:$1 in
  4:*) $within ipsec auto --asynchronous "--$1" "$2" ;;
  *:start) $within ipsec start --asynchronous "$2" ;;
  *) $within ipsec whack --asynchronous --name "$2" --initiate ;;
  esac
}

# literally NAME: as a basic regular expression
literally() { printf '%s' "$1" | sed 's/[].[*^$\\]/\\&/g'; }

# nss: the database that pluto reads
nss() {
  for folder in $(ipsec status 2>/dev/null | sed -n 's/.*nssdir=\([^, ]*\).*/\1/p') /var/lib/ipsec/nss /etc/ipsec.d; do
    if [ -e "$folder/cert9.db" ]; then break; fi
  done
  printf 'sql:%s' "$folder"
}

# listen: pluto answers at the addresses that there were when it started, or was told so last
listen() {
  answer=$(ipsec whack --listen 2>&1 </dev/null) || fail "libreswan did not look for the addresses of the host again: $answer"
}

# reread_authorities: ovs-monitor-ipsec brings the CA into the database
reread_authorities() { :; }

# trust FILE: one more CA of the name that the CA has; ovs-monitor-ipsec brings one
trust() {
  answer=$(certutil -A -a -i "$1" -d "$(nss)" -n ovs_cert_cacert -t CT,, 2>&1) || fail "the NSS database $(nss) does not take the CA $1: $answer"
  look_again
}

# look_again: pluto remembers for minutes which CAs it has seen
look_again() {
  # Since libreswan 5 this rereads the CAs too.
  if [ "$generation" != 4 ]; then ipsec whack --rereadcerts >/dev/null 2>&1 </dev/null || :; fi
  ipsec whack --impair trigger:FREE_ROOT_CERTS >/dev/null 2>&1 </dev/null || :
}

# distrust FILE...: no CA of that name but these, whose files are the only ones left
distrust() {
  drop_authorities
  for authority in "$@"; do trust "$authority"; done
  look_again
}

# drop_authorities: certificates of one nickname go one at a time
drop_authorities() {
  tries=0
  while certutil -D -d "$(nss)" -n ovs_cert_cacert >/dev/null 2>&1 && [ "$tries" -lt 20 ]; do tries=$((tries + 1)); done
}

# place_crl PATH CONTENT: a CRL, where pluto reads it too. Where the NSS database does not take it, it is not at PATH either,
# so that it is brought again. pluto looks into NSS again every minute.
place_crl() {
  if command -v ipsec >/dev/null 2>&1; then import_crl "$1" "$2"; fi
  place "$1" 644 "$2"
}

# import_crl PATH CONTENT. The CA may come into the database later (-B), and one that is newer stays.
import_crl() {
  have "${1%/*}"
  der=${1%/*}/.${1##*/}.der
  answer=$(printf '%s' "$2" | openssl crl -outform DER 2>&1 >/dev/null) || fail "the host's openssl does not read the CRL: $answer"
  printf '%s' "$2" | openssl crl -outform DER | fresh "$der" && [ -s "$der" ] || {
    rm -f -- "$der"
    fail "$1 could not be written: is the disk full or read-only?"
  }
  answer=$(crlutil -I -B -i "$der" -d "$(nss)" 2>&1) || case $answer in
  *OLD_CRL*) ;;
  *) rm -f -- "$der"; fail "the NSS database $(nss) does not take the CRL: $answer" ;;
  esac
  rm -f -- "$der"
}

# forget PATTERN: ovs-monitor-ipsec deletes only those connections of a port that is gone which have a state just then; what
# libreswan keeps would be taken for the next tunnel of that name.
forget() {
  tries=0
  while [ -n "$(connections "$1")" ] && [ "$tries" -lt 20 ]; do
    tries=$((tries + 1))
    sleep 1
  done
  for connection in $(answer_of_pluto | sed -n "s/^\"\($1\(-in\|-out\)\{0,1\}-[0-9][0-9]*\)\": .*/\1/p" | sort -u); do
    order delete "$connection" >/dev/null 2>&1 || :
  done
}

# down CONNECTION: takes one down, without waiting long for what its peer says
down() {
  if [ "$generation" = 4 ]; then patiently ipsec auto --down "$1"; else patiently ipsec down "$1"; fi
}

# refuse_strangers: libreswan loads no drop policies of ovs-monitor-ipsec
refuse_strangers() { :; }

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
  status=$(answer_of_pluto)
  for connection in $(connections "$1"); do
    if ! printf '%s\n' "$status" | grep -F "\"$connection\":" | grep -q '^#.*[Ee][Ss][Tt][Aa][Bb][Ll][Ii][Ss][Hh][Ee][Dd]'; then
      order replace "$connection" >/dev/null 2>&1 || :
    fi
  done
}
all_loaded() {
  status=$(answer_of_pluto) all=$(connections "$1")
  for connection in $all; do
    printf '%s\n' "$status" | grep -q "^\"$(literally "$connection")\": " || return 1
  done
  [ -n "$all" ]
}

# reread NAME CERTIFICATE KEY: what is up stays up, and what is authenticated from now on has this certificate
reread() {
  runs=''
  if ipsec status >/dev/null 2>&1; then runs=1; fi
  database=$(nss)
  if [ ! -e "${database#sql:}/cert9.db" ]; then
    [ -n "$runs" ] || return 0
    fail "there is no NSS database in ${database#sql:}"
  fi
  into_nss "$1" "$2" "$3"
  [ -z "$runs" ] || answer=$(ipsec whack --rereadcerts 2>&1) || fail "the IKE daemon did not take the new certificate: $answer"
}

# into_nss NAME CERTIFICATE KEY: as ovs-monitor-ipsec does it, and beside what is there; a pair that is there already stays. Of
# certificates with one nickname that counts whose time began last, so those that began after this one go, with their keys.
into_nss() {
  there=$(counting "$1" | subject)
  # To another subject NSS would give another nickname.
  if [ -n "$there" ] && [ "$there" != "$(subject <"$2")" ]; then while drop_counting "$1"; do :; done; fi
  # The file has no name any more before the key goes into it: whenever this is killed, nothing of it stays.
  staged=$(mktemp) && exec 8<>"$staged" && rm -f -- "$staged" || fail 'there is no room for a temporary file'
  answer=$(openssl pkcs12 -export -in "$2" -inkey "$3" -name "ovs_certkey_$1" -passout pass: 2>&1 >&8 &&
    pk12util -i /proc/self/fd/8 -d "$database" -W '' 2>&1)
  status=$?
  exec 8>&-
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
  if ! command -v certutil >/dev/null 2>&1; then return 0; fi
  certutil -K -d "$(nss)" 2>/dev/null | sed -n "s/^<[ 0-9]*> *[a-z]* *\([0-9a-f]*\)  *\(NSS Certificate DB:\)\{0,1\}ovs_certkey_$1\$/\1/p" | sed '$d' |
    while read -r key; do certutil -F -d "$(nss)" -k "$key" >/dev/null 2>&1 || :; done
}

# forget_identity NAME CA...: what came into the NSS database for a host that has no identity any more. ovs-monitor-ipsec takes
# one of each nickname out, and no CRL.
forget_identity() {
  database=$(nss) name=$1
  shift
  if ! command -v crlutil >/dev/null 2>&1 || [ ! -e "${database#sql:}/cert9.db" ]; then return 0; fi
  drop_authorities
  look_again
  for authority in "$@"; do forget_crl "$authority"; done
  tries=0
  while drop_counting "$name" && [ "$tries" -lt 20 ]; do tries=$((tries + 1)); done
}

# forget_crl CA: a CRL is found by its CA alone, which comes back for that moment. Where an operator has the CA for connections
# of his own, both stay.
forget_crl() {
  wanted=$(subject <"$1")
  for nickname in $(certutil -L -d "$database" | sed -n 's/ *[CTcPpuw]*,[CTcPpuw]*,[CTcPpuw]* *$//p' | sed 's/ /\\040/g'); do
    if [ "$(certutil -L -d "$database" -n "$(printf '%b' "$nickname")" -a 2>/dev/null | subject)" = "$wanted" ]; then return 0; fi
  done
  certutil -A -a -i "$1" -d "$database" -n ovs-pki-ts-leaving -t ,, >/dev/null 2>&1 || return 0
  crlutil -D -d "$database" -n ovs-pki-ts-leaving >/dev/null 2>&1 || :
  certutil -D -d "$database" -n ovs-pki-ts-leaving >/dev/null 2>&1 || :
}

# states CONNECTION...: the IKE SAs of these that are up, by their numbers
states() {
  status=$(answer_of_pluto)
  for connection in "$@"; do
    printf '%s\n' "$status" | grep -F ": \"$connection\":" | sed -n 's/^#\([0-9]*\): .*[ (]established IKE SA.*/\1/p'
  done
}

# authenticate_again CONNECTION...: pluto renews its IKE SAs for ever and authenticates none again, unless the event for that is set
# off. A pluto that does not know the event goes on with what is up. Fails where there is no answer.
authenticate_again() {
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
    [ "$tries" -le 20 ] || refused 'the peer did not take the new certificate' "$(ipsec status 2>/dev/null | sed -n 's/^000 #/#/p; /^#/p')"
    sleep 1
  done
  for connection in "$@"; do
    answer=$(up_now "$connection" 2>&1 </dev/null) || refused "$connection" "$answer"
  done
}

up_now() {
  if [ "$generation" = 4 ]; then $within ipsec auto --up "$1"; else $within ipsec up "$1"; fi
}

# waits_for_answer CONNECTION...: has one sent the first message of IKE, and nothing came?
waits_for_answer() {
  status=$(answer_of_pluto)
  for connection in "$@"; do
    if printf '%s\n' "$status" | grep -F ": \"$connection\":" | grep -q 'sent IKE_SA_INIT request\|STATE_V2_PARENT_I1'; then return 0; fi
  done
  return 1
}

# leave_state STATE: takes one IKE SA down
leave_state() { $within ipsec whack --deletestate "$1"; }

# help_up CONNECTION INITIATES ATTEMPTS: what is up is left alone, for each new attempt would make one more security association
help_up() {
  status=$(answer_of_pluto)
  if is_up "$1"; then return; fi
  # ovs-monitor-ipsec takes a rest of an earlier tunnel of the same name for this one, and then loads nothing.
  if ! printf '%s\n' "$status" | grep -q "^\"$(literally "$1")\": "; then
    begin start "$1"
  elif [ "$2" = 1 ] || [ "$3" -ge 8 ]; then
    begin up "$1"
  fi
}

# is_up CONNECTION: whether it has a security association whose IKE SA is there too. libreswan 4 takes an IKE SA down with the
# connection that has made it, and keeps what others have by it: the peer has that no more, and nothing says so.
is_up() {
  children=$(printf '%s\n' "$status" | grep -F "\"$1\":" | grep '^#.*\(established Child SA\|ESTABLISHED_CHILD_SA\|V2_IPSEC\)')
  [ -n "$children" ] || return 1
  parents=$(printf '%s\n' "$children" | sed -n 's/.* IKE SA #\([0-9]*\);.*/\1/p')
  [ -n "$parents" ] || return 0
  for parent in $parents; do
    if printf '%s\n' "$status" | grep -q "^#$parent: "; then return 0; fi
  done
  return 1
}
