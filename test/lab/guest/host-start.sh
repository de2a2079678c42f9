# Inside a host: starts sshd, Open vSwitch, the IKE daemon and ovs-monitor-ipsec as the distribution's units do.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
cd /
. /etc/lab/host
umask 022
busybox syslogd -O /var/log/syslog
/usr/sbin/sshd
ovsdb-server /var/lib/openvswitch/conf.db -vconsole:emer -vsyslog:off -vfile:info \
  --remote=punix:/run/openvswitch/db.sock --private-key=db:Open_vSwitch,SSL,private_key \
  --certificate=db:Open_vSwitch,SSL,certificate --bootstrap-ca-cert=db:Open_vSwitch,SSL,ca_cert --no-chdir \
  --log-file=/var/log/openvswitch/ovsdb-server.log --pidfile=/run/openvswitch/ovsdb-server.pid --detach
ovs-vsctl --no-wait init -- set Open_vSwitch . "db-version=$(ovsdb-tool schema-version /usr/share/openvswitch/vswitch.ovsschema)" \
  "ovs-version=$(ovs-vsctl --version | sed -n '1s/.* //p')" \
  "external-ids:hostname=$(hostname)" "external-ids:system-id=$(cat /proc/sys/kernel/random/uuid)" "external-ids:rundir=/run/openvswitch" \
  system-type=debian "system-version=$release" &
ovs-vswitchd unix:/run/openvswitch/db.sock -vconsole:emer -vsyslog:off -vfile:info --no-chdir \
  --log-file=/var/log/openvswitch/ovs-vswitchd.log --pidfile=/run/openvswitch/ovs-vswitchd.pid --detach &
systemctl start openvswitch-ipsec || echo "openvswitch-ipsec did not start" >&2
wait
# ovs-monitor-ipsec starts it; everything is emulated, and other hosts may start at the same time.
for _ in $(seq 480); do
  [ -S /run/charon.ctl ] || [ -S /run/pluto/pluto.ctl ] && exit 0
  sleep 0.5
done
echo "no IKE daemon" >&2
exit 1
