/** What goes wrong with tunnels, done to whole hosts that have a working one: gre, ca-signed, its port `tun`. */

import type { Daemon } from './lab.js';

export interface Misfortune {
  /** The rule of `doctor` that is to find it. */
  readonly id: string;
  readonly daemons: readonly Daemon[];
  /** Done to the first host, as root. */
  readonly happens: string;
  /** What mends it; without it, the cure that doctor tells is typed. */
  readonly mended?: string;
  /** What is done after that cure, to have the host as it was. */
  readonly restored?: string;
}

const both: readonly Daemon[] = ['strongswan', 'libreswan'];
const anew: Readonly<Record<Daemon, string>> = {
  strongswan:
    'for c in $(sed -n "s/^conn \\(tun-.*\\)/\\1/p" /etc/ipsec.conf); do ipsec down $c; (timeout 5 ipsec up $c &) ; done',
  libreswan:
    'for c in $(sed -n "s/^conn \\(tun-.*\\)/\\1/p" /etc/ipsec.conf); do ipsec auto --down $c; ipsec auto --asynchronous --up $c; done',
};
const key = '$(ls /etc/ipsec.d/private/*-privkey.pem /etc/keys/*-privkey.pem 2>/dev/null | head -n 1)';

const certificate = '$(ovs-vsctl get Open_vSwitch . other_config:certificate | tr -d \\")';

export const misfortunes: readonly Misfortune[] = [
  { id: 'ovs-monitor-ipsec-not-running', daemons: both, happens: 'systemctl stop openvswitch-ipsec' },
  {
    id: 'ike-daemon-not-running',
    daemons: both,
    happens: 'systemctl stop ipsec',
  },
  {
    id: 'openssl-missing',
    daemons: both,
    happens: 'mv /usr/bin/openssl /usr/bin/openssl.away',
    mended: 'mv /usr/bin/openssl.away /usr/bin/openssl',
  },
  {
    id: 'key-mismatch',
    daemons: both,
    happens: `cp -p ${key} /run/key.away; openssl genrsa -out ${key} 2048`,
    mended: `cp -p /run/key.away ${key}`,
  },
  {
    id: 'cn-san-mismatch',
    daemons: both,
    happens: `cp -p ${certificate} /run/certificate.away
      openssl req -x509 -key ${key} -subj "/O=Open vSwitch/CN=$(hostname)" -addext subjectAltName=DNS:another -days 9 -out ${certificate}`,
    mended: `cp -p /run/certificate.away ${certificate}`,
  },
  {
    id: 'psk-beside-certificate',
    daemons: both,
    happens: 'ovs-vsctl set Interface tun options:psk=swordfish',
  },
  {
    id: 'remote-name-mismatch',
    daemons: both,
    happens:
      'ovs-vsctl get Interface tun options:remote_name >/run/name; ovs-vsctl set Interface tun options:remote_name=another',
    mended: 'ovs-vsctl set Interface tun options:remote_name="$(cat /run/name)"',
  },
  {
    id: 'ca-not-loaded',
    daemons: ['strongswan'],
    happens: `mkdir /run/away; mv /etc/ipsec.d/cacerts/* /run/away/; systemctl restart ipsec; sleep 3
      mv /run/away/* /etc/ipsec.d/cacerts/; rmdir /run/away`,
  },
  {
    // As the distribution confines charon, with the identity where the tutorial has it.
    id: 'apparmor-place',
    daemons: ['strongswan'],
    happens: `mount -t securityfs none /sys/kernel/security; apparmor_parser -r /etc/apparmor.d/usr.lib.ipsec.charon
      mkdir -p /etc/keys; cp ${certificate} /etc/keys/cert.pem; cp ${key} /etc/keys/key.pem
      ovs-vsctl get Open_vSwitch . other_config >/run/other_config; systemctl restart ipsec; sleep 3
      ovs-vsctl set Open_vSwitch . other_config:certificate=/etc/keys/cert.pem other_config:private_key=/etc/keys/key.pem`,
    mended: `ovs-vsctl set Open_vSwitch . other_config="$(cat /run/other_config)"; rm -r /etc/keys
      apparmor_parser -R /etc/apparmor.d/usr.lib.ipsec.charon; umount /sys/kernel/security; systemctl restart ipsec
      sleep 3; ${anew.strongswan}`,
  },
  {
    id: 'gcm-plugin-missing',
    daemons: ['strongswan'],
    // As without the package libstrongswan-standard-plugins.
    happens: `mkdir /run/away; cd /usr/lib/ipsec/plugins && mv libstrongswan-gcm.so libstrongswan-openssl.so \
      libstrongswan-aesni.so /run/away/; systemctl restart ipsec`,
    mended: 'mv /run/away/* /usr/lib/ipsec/plugins/; rmdir /run/away; systemctl restart ipsec',
  },
  {
    id: 'ca-not-in-nss',
    daemons: ['libreswan'],
    happens: 'certutil -D -d sql:/var/lib/ipsec/nss -n ovs_cert_cacert',
  },
  {
    id: 'nss-folder-mismatch',
    daemons: ['libreswan'],
    happens: `sed -i 's|^nss=.*|nss=/etc/ipsec.d|' /etc/lab/host; mkdir -p /etc/ipsec.d
      ipsec initnss --nssdir /etc/ipsec.d; systemctl restart openvswitch-ipsec`,
    mended: `sed -i 's|^nss=.*|nss=/var/lib/ipsec/nss|' /etc/lab/host; systemctl restart openvswitch-ipsec`,
  },
  {
    id: 'local-ip-missing',
    daemons: ['libreswan'],
    happens: `ovs-vsctl get Interface tun options:local_ip >/run/local; ip route del default
      ovs-vsctl remove Interface tun options local_ip`,
    mended: 'ovs-vsctl set Interface tun options:local_ip="$(cat /run/local)"',
  },
  ...both.flatMap((daemon): Misfortune[] => [
    {
      id: 'esp-filtered',
      daemons: [daemon],
      happens: `iptables -I OUTPUT -p esp -j DROP; ${anew[daemon]}
        sleep 5; ping -c 8 -i 0.3 -W 1 192.0.0.2 || :`,
      restored: `iptables -D OUTPUT -p esp -j DROP; for o in ipsec_forceencaps ipsec_encapsulation; do
        ovs-vsctl remove Interface tun options $o; done`,
    },
    {
      id: 'ike-filtered',
      daemons: [daemon],
      happens: `iptables -I OUTPUT -p udp --dport 500 -j DROP; iptables -I INPUT -p udp --dport 500 -j DROP; ${anew[daemon]}
        ping -c 3 -W 1 192.0.0.2 || :`,
      mended: `iptables -D OUTPUT -p udp --dport 500 -j DROP; iptables -D INPUT -p udp --dport 500 -j DROP; ${anew[daemon]}`,
    },
  ]),
  { id: 'clock-skew', daemons: ['strongswan'], happens: 'date -s "+5 minutes"', mended: 'date -s "-5 minutes"' },
];
