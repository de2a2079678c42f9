# Makes one host: network, mount, process and name namespaces, a root of its own, its daemons.
# Usage: host-up.sh ID HOSTNAME DAEMON MANAGEMENT_ADDRESS BRIDGE ADDRESS ADDRESS6 DEFAULT_ROUTE NSS_FOLDER RELEASE
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
name=$1 hostname=$2 daemon=$3 mgmt=$4 bridge=$5 address=$6 address6=$7 default=$8 nss=$9 release=${10}
home=/hosts/$name
mkdir -p "$home/upper" "$home/work" "$home/root"
case $daemon-$release in
  libreswan-12) lower=/lab/libreswan:/layers/nostrongswan:/layers/common:/lower ;;
  libreswan-*) lower=/trees/debian-$release/libreswan:/layers/nostrongswan:/layers/common-$release:/trees/debian-$release/root ;;
  *-12) lower=/layers/common:/lower ;;
  *) lower=/layers/common-$release:/trees/debian-$release/root ;;
esac
mount -t overlay -o "lowerdir=$lower,upperdir=$home/upper,workdir=$home/work,xino=off" "host-$name" "$home/root"
root=$home/root
echo "$hostname" > "$root/etc/hostname"
printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$hostname" > "$root/etc/hosts"
cp "/lab/keys/host-$name" "$root/etc/ssh/ssh_host_ed25519_key"
cp "/lab/keys/host-$name.pub" "$root/etc/ssh/ssh_host_ed25519_key.pub"
chmod 600 "$root/etc/ssh/ssh_host_ed25519_key"
mkdir -p "$root/etc/lab"
printf 'daemon=%s\nnss=%s\nrelease=%s\n' "$daemon" "$nss" "$release" > "$root/etc/lab/host"

ip netns add "$name"
number=${mgmt#10.77.}
tag=$(echo "$number" | tr . -)
ip link add "m$tag" type veth peer name mgmt0 netns "$name"
ip link set "m$tag" master brm up
ip link add "u$tag" type veth peer name eth0 netns "$name"
ip link set "u$tag" master "$bridge" up
ip -n "$name" -batch - <<EOF
link set lo up
addr add $mgmt/16 dev mgmt0
link set mgmt0 up
addr add $address/32 dev eth0
link set eth0 up
route add 1.0.0.0/8 dev eth0 src $address
route add 2.0.0.0/8 dev eth0 src $address
EOF
ip -n "$name" -6 addr add "$address6/64" dev eth0 nodad
if [ "$default" = yes ]; then
  ip -n "$name" route add default via 1.255.255.254 dev eth0 src "$address" onlink
fi
rm -f "$home/pid"
nsenter "--net=/run/netns/$name" setsid unshare -m -u -i -p -f sh /lab/guest/host-init.sh "$name" "$hostname" </dev/null >"$home/init.log" 2>&1 &
while [ ! -s "$home/pid" ]; do sleep 0.1; done
exec nsenter -t "$(cat "$home/pid")" -m -u -i -n -p sh /run/lab/host-start.sh
