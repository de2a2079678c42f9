# Functions that let an IKE daemon go over to another certificate under the same path, while tunnels are at work.

# await_written: ovs-monitor-ipsec writes ipsec.conf anew, in place, whenever something has woken it; charon would forget the
# connections that are not written yet
await_written() {
  tries=0
  # shellcheck disable=SC2010 # the names are numbers
  while is_monitored && [ "$tries" -lt 20 ] && ls -l "/proc/$monitor/fd" 2>/dev/null | grep -qF -e "-> $ipsec_conf"; do
    tries=$((tries + 1))
    sleep 1
  done
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
  authenticate_again "$@" || { echo "unanswered $number" && return; }
  for state in $before; do echo "before $state"; done
}

refused() { fail "$1: $(printf '%s\n' "$2" | tail -n 3 | tr '\n' ' ')"; }

# leave SECONDS STATE...: takes down what others have taken the place of, some time after these came: charon at the other
# end may have done so, and pluto does not
leave() {
  sleep "$1"
  shift
  for state in "$@"; do
    leave_state "$state" >/dev/null 2>&1 </dev/null &
  done
  wait
}
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 30'; fi
