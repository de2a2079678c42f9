# Installs the packages that OVS IPsec needs on this host, and starts what did not run for want of them. It asks nothing, leaves
# files of configuration as they are, and takes away no package but one in whose place the new ones come. The lock of this
# program (9) is not for daemons that are started here.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin"
export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical NEEDRESTART_MODE=l APT_LISTCHANGES_FRONTEND=none
set -f
displaced=@displaced@
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT
fail() { printf '%s\n' "$1" >&2; exit 1; }
# The last line of what a program said is the reason.
told() { grep -v '^[[:space:]]*$' "$output" | tail -n 1; }
quietly() { "$@" >"$output" 2>&1 </dev/null 9>&-; }

apt() {
  quietly apt-get -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o DPkg::Lock::Timeout=120 "$@"
}
with_apt() {
  if ! apt -s install "$@"; then
    apt update || fail "apt-get update: $(told)"
    apt -s install "$@" || fail "apt-get: $(told)"
  fi
  while read -r what package _; do
    if [ "$what" = Remv ]; then
      case $displaced in *" $package "*) ;; *) fail "apt-get would remove $package for that" ;; esac
    fi
  done <"$output"
  apt install "$@" || fail "apt-get: $(told)"
}
with_dnf() {
  quietly dnf -y --setopt=install_weak_deps=False install "$@" || fail "dnf: $(told)"
}
with_zypper() {
  quietly zypper --non-interactive install --no-recommends "$@" || fail "zypper: $(told)"
}
start() {
  quietly sh -c "$1" || fail "$1: $(told)"
}

with_@manager@ @packages@
