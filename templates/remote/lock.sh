# Held by the shell: it is free again when that ends, with the connection or after the script that is at work when the
# connection breaks. Two runs that each hold what the other waits for do not give up in the same moment.
ovs_pki_ts_lock=0 ovs_pki_ts_holders=''
if command -v flock >/dev/null 2>&1 && ( : >>/run/ovs-pki-ts.lock ) 2>/dev/null; then
  exec 9>>/run/ovs-pki-ts.lock
  if flock -w $((3 + $$ % 8)) 9; then
    # What stands there is for those who do not get it. Nobody else writes while we hold it.
    printf '%s %s\n' "$$" @operator@ >/run/ovs-pki-ts.lock
  else
    ovs_pki_ts_lock=1
    { read -r ovs_pki_ts_holder ovs_pki_ts_operator </run/ovs-pki-ts.lock; } 2>/dev/null
    # Whoever has the file open has the lock, or waits for it as we do.
    exec 9>&-
    for ovs_pki_ts_open in /proc/[0-9]*/fd/*; do
      [ "$ovs_pki_ts_open" -ef /run/ovs-pki-ts.lock ] || continue
      ovs_pki_ts_id=${ovs_pki_ts_open#/proc/} ovs_pki_ts_id=${ovs_pki_ts_id%%/*} ovs_pki_ts_name=''
      { read -r ovs_pki_ts_name <"/proc/$ovs_pki_ts_id/comm"; } 2>/dev/null
      if [ "$ovs_pki_ts_id" = "$ovs_pki_ts_holder" ]; then
        ovs_pki_ts_holders="$ovs_pki_ts_operator (process $ovs_pki_ts_id)"
        break
      fi
      ovs_pki_ts_holders="${ovs_pki_ts_holders:+$ovs_pki_ts_holders, }process $ovs_pki_ts_id ($ovs_pki_ts_name)"
    done
  fi
fi
