# Waits until the tunnels of this host carry ESP both ways, and helps them to: the end that initiates asks the IKE
# daemon at once, instead of waiting until the kernel's acquire expires (net.core.xfrm_acq_expires, 165 s).
@places@
deadline=$(($(date +%s) + @seconds@))

# bytes FROM TO SELECTOR: what the security associations for such packets have carried; nothing where there are none
bytes() {
  ip -s xfrm state list src "$1" dst "$2" 2>/dev/null |
    sed -n -e '/^src /s/.*/-/p' -e "/sel src .*$3/s/.*/sel/p" -e 's/^[[:space:]]*\([0-9]*\)(bytes), .*/\1/p' | {
    sum='' matches=''
    while read -r word; do
      case $word in
      -) matches='' ;;
      sel) matches=1 ;;
      *) if [ -n "$matches" ]; then sum=$((${sum:-0} + word)); fi ;;
      esac
    done
    printf '%s' "$sum"
  }
}

# A frame that no bridge forwards (IEEE 802.1Q, 8.6.3) of a type that nobody uses (RFC 9542, 3.3).
frame="0180c200000e02006f76730188b5$(printf '%092d' 0)"
knock() {
  ofport=$(ovs-vsctl --timeout=15 get Interface "$2" ofport 2>/dev/null)
  case $ofport in
  [1-9]*)
    ovs-ofctl -vconsole:off -O OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15 \
      packet-out "$1" "in_port=local packet=$frame actions=output:$ofport" 2>&1 | sed 's/^/knock: /' >&2
    ;;
  esac
}

# help INITIATES ATTEMPTS: brings the connections up that are not
help() {
  for connection in $connections; do
    help_up "$connection" "$1" "$2" 2>&1 </dev/null | tail -n 3 | sed "s/^/$connection: /" >&2
  done
}

# settle BRIDGE PORT SELECTOR LOCAL REMOTE INITIATES PATTERN IDLE: where IDLE is 1, the tunnel was at work before, and its other
# end may have nothing to send
settle() (
  out='' in='' attempts=0 knocks=0
  while :; do
    connections=$(sed -n "s/^conn \($7\(-in\|-out\)\{0,1\}-[0-9][0-9]*\)\$/\1/p" "$ipsec_conf" 2>/dev/null)
    out=$(bytes "$4" "$5" "$3") in=$(bytes "$5" "$4" "$3")
    if [ -n "$connections" ] && [ -n "$out" ] && [ -n "$in" ]; then
      knock "$1" "$2"
      sleep 1
      knocks=$((knocks + 1))
      if [ "$(bytes "$4" "$5" "$3")" -gt "$out" ] &&
        { [ "$(bytes "$5" "$4" "$3")" -gt "$in" ] || { [ "$8" = 1 ] && [ "$knocks" -ge 5 ]; }; }; then
        # The other end may still wait to be knocked at.
        knock "$1" "$2"
        # Associations are renewed at any moment, and new ones have carried nothing yet: what was seen is told.
        printf '\n%s carried:%s 0\n%s %s\n' @mark@ "$2" "$(bytes "$4" "$5" "$3")" "$(bytes "$5" "$4" "$3")"
        exit 0
      fi 2>/dev/null
      # What has carried nothing for so long may lead to a peer that has forgotten it.
      if [ "$knocks" -ge 4 ]; then help "$6" "$attempts"; fi
    elif [ "$attempts" -ge 2 ]; then
      # Its own first attempt is under way for a moment after the connection has come into being.
      help "$6" "$attempts"
    fi
    if [ -n "$connections" ]; then attempts=$((attempts + 1)); fi
    if [ "$(date +%s)" -ge "$deadline" ]; then exit 1; fi
    sleep 1
  done
)
within=
if command -v timeout >/dev/null 2>&1; then within='timeout 15'; fi
@tunnels@
wait
