# What pluto says of itself, and the database that it reads. Part of facts.sh, which has the functions.
probe ike-status ipsec status
ike=$answer
if [ -n "$in_full" ]; then probe ike-traffic ipsec trafficstatus; fi
# What pluto reads; ovs-monitor-ipsec may write to another place.
nss=$(printf '%s\n' "$ike" | sed -n 's/.*nssdir=\([^, ]*\).*/\1/p')
nss=${nss:-/etc/ipsec.d}
if [ -n "$in_full" ]; then probe nss certutil -L -d "sql:$nss"; fi
if [ -n "$in_full" ] && command -v certutil >/dev/null 2>&1; then
  for nickname in $(certutil -L -d "sql:$nss" 2>/dev/null | sed -n 's/^\(ovs_[^ ]*\) .*/\1/p'); do
    probe "nss:$nickname" certutil -L -d "sql:$nss" -n "$nickname" -a
  done
  if answer=$(crlutil -L -d "sql:$nss" -n ovs_cert_cacert 2>/dev/null </dev/null); then
    say ike-crls 0 "$(printf '%s\n' "$answer" | grep -A 1 'Name: CRL Number')"
  fi
fi
