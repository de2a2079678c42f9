# What charon says of itself. Part of facts.sh, which has the functions.
probe ike-status ipsec statusall
# The package of the starter, which has the program ipsec, does not depend on that of charon everywhere.
case $answer in
*'Status of IKE charon daemon'*) ;;
*)
  folder=$($within ipsec --directory 2>/dev/null </dev/null)
  if [ -d "$folder" ] && [ ! -e "$folder/charon" ]; then say ike-charon 1 ''; fi
  ;;
esac
if [ -n "$in_full" ]; then
  probe ike-certs ipsec listcerts --utc
  probe ike-cacerts ipsec listcacerts --utc
  # What is on the CRLs is not needed.
  if answer=$($within ipsec listcrls --utc 2>&1 </dev/null); then
    say ike-crls 0 "$(printf '%s\n' "$answer" | grep -E '^ *(issuer|serial|authKeyId): ')"
  fi
fi
