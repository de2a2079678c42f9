/** All of a host that an apply may change, as text: what is compared before and after. */

/**
 * Whole trees, all of the database but for the numbers of rows and of changes, what the kernel has, and the content of NSS
 * databases: their files never get smaller.
 *
 * @param more lines of shell for what only some hosts have
 */
export function wholeHost(vsctl = 'ovs-vsctl', more = ''): string {
  return `export LC_ALL=C; cd /
  find etc var/lib/openvswitch var/lib/ipsec -xdev ! -name 'conf.db*' ! -name 'cert9.db' ! -name 'key4.db' -printf '%y %m %u %g %p %l' \\( -type f -printf ' %s' -o -true \\) -printf '\\n' 2>/dev/null | sort
  find etc/ipsec* etc/keys var/lib/ipsec -type f ! -name '*.db' -exec sha256sum {} + 2>/dev/null | sort
  for table in Open_vSwitch Bridge Port Interface; do
    ${vsctl} list $table | grep -v -e '^_uuid' -e '^next_cfg' -e '^cur_cfg' -e '^statistics' -e '^ports ' -e '^interfaces ' -e '^bridges ' | sort
  done
  ip xfrm policy | sort | uniq -c; ip xfrm state; ip -o address
  for folder in var/lib/ipsec/nss etc/ipsec.d; do
    [ -e $folder/cert9.db ] || continue
    certutil -L -d sql:$folder; certutil -K -d sql:$folder 2>/dev/null; crlutil -L -d sql:$folder
  done </dev/null
  ${more}`;
}

/** Lines that went, with `-`, and lines that came, with `+`. */
export function differences(before: string, after: string): string[] {
  const [old = [], now = []] = [before, after].map((text) => text.split('\n'));
  return [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];
}
