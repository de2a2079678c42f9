# Process 1 of a host: its own root, then nothing but taking in orphans.
read -r pid rest < /proc/self/stat
name=$1
home=/hosts/$name
root=$home/root
hostname "$2"
mount --make-rprivate /
mount -t tmpfs -o mode=755,size=64k dev "$root/dev"
mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/dev/net"
for node in null zero full random urandom tty net/tun; do
  : > "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t sysfs sys "$root/sys"
mount -t tmpfs -o mode=755 run "$root/run"
mount -t tmpfs -o mode=1777 tmp "$root/tmp"
mount -t proc proc "$root/proc"
mkdir -p "$root/run/lab" "$root/run/lock" "$root/run/sshd" "$root/run/openvswitch"
cp /lab/guest/host-start.sh "$root/run/lab/"
cd "$root"
mkdir -p mnt
pivot_root . mnt
echo "$pid" > "/mnt/hosts/$name/pid.new"
mv "/mnt/hosts/$name/pid.new" "/mnt/hosts/$name/pid"
umount -l /mnt
cd /
trap : TERM INT HUP
while :; do
  sleep 3600 &
  wait
done
