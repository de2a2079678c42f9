# Second stage, in the overlay of the outer machine's root: modules, layers of the hosts' roots, the
# management bridge, and the sshd of the control channel.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
umask 022
exec </dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
# What root's shell does on the outer machine when it starts is none of the control channel's business.
mount -t tmpfs -o mode=700 root /root
mkdir -p /run/sshd /run/netns
hostname lab
ip link set lo up
ip link add brm type bridge forward_delay 0 stp_state 0
ip link set "$(ls /sys/class/net | grep -m1 -E '^e')" up master brm name eth0 2>/dev/null || {
  nic=$(ls /sys/class/net | grep -m1 -E '^e')
  ip link set "$nic" up master brm
}
ip addr add 10.77.0.1/16 dev brm
ip link set brm up
sysctl -q -w net.ipv4.neigh.default.gc_thresh3=8192 kernel.printk='4 4 1 7'

mkdir -p /run/control
cp /lab/control/* /run/control/
chmod 600 /run/control/*
/usr/sbin/sshd -f /run/control/sshd_config

modprobe -a openvswitch vport-gre vport-geneve vport-vxlan esp4 esp6 xfrm_user af_key veth tun tcp_diag authenc echainiv seqiv gcm ghash-generic cbc

# One layer for every host: what the outer machine has gathered is hidden, the laboratory's own comes in.
# A 0/0 device is the overlay's sign for "not there": rm would have to walk the whole tree first.
hide() { # LAYER PATH...
  folder=/layers/$1
  shift
  for path; do
    mkdir -p "$folder/${path%/*}"
    mknod "$folder/$path" c 0 0
  done
}
layer() { # NAME LOWER
  mkdir -p "/layers/.work-$1" "/layers/.root-$1"
  mount -t overlay -o "lowerdir=$2,upperdir=/layers/$1,workdir=/layers/.work-$1,xino=off" "layer-$1" "/layers/.root-$1"
}
# furnish LAYER: what the laboratory's own hosts have
furnish() (
  cd "/layers/.root-$1" || exit 1
  mkdir -p -m 700 root root/.ssh
  mkdir -p var/log/openvswitch var/lib/openvswitch etc/ssh
  for folder in aacerts acerts cacerts certs crls ocspcerts policies private reqs; do mkdir -p "etc/ipsec.d/$folder"; done
  chmod 700 etc/ipsec.d/private
  cp /lab/keys/id_ed25519.pub root/.ssh/authorized_keys
  chmod 600 root/.ssh/authorized_keys
  cp /lab/guest/systemctl usr/bin/systemctl
  chmod 755 usr/bin/systemctl
  ovsdb-tool create var/lib/openvswitch/conf.db usr/share/openvswitch/vswitch.ovsschema
  cp /lab/guest/host-sshd_config etc/ssh/sshd_config
)
hide common ./root var/lib/openvswitch var/log etc/netns etc/ssh etc/ipsec.d etc/strongswan.d/ovs.conf etc/keys
layer common /lower
furnish common
umount /layers/.root-common
# Roots of other releases are as they were made.
mkdir -p /trees
if mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose trees /trees 2>/dev/null; then
  for tree in /trees/debian-*; do
    [ -d "$tree/root" ] || continue
    release=${tree##*-}
    mkdir -p "/layers/common-$release"
    layer "common-$release" "$tree/root"
    furnish "common-$release"
    umount "/layers/.root-common-$release"
  done
fi
hide nostrongswan usr/lib/ipsec usr/sbin/swanctl usr/sbin/charon-systemd usr/lib/systemd/system/strongswan-starter.service \
  etc/strongswan.conf etc/strongswan.d etc/swanctl etc/ipsec.d etc/ipsec.conf etc/ipsec.secrets usr/share/strongswan
mkdir /hosts
mount -t tmpfs -o size=3g hosts /hosts
echo "LAB READY $(cut -d' ' -f1 /proc/uptime)" > /dev/console
while :; do sleep 3600 & wait; done
