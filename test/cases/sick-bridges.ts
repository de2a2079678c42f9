/** Hosts whose bridges, or whose options of tunnels, are not as they must be: rows of `sick-hosts`. */

import type { Edit } from '../support/host-answers.js';

interface SickBridge {
  readonly id: string;
  readonly hosts: readonly (readonly [name: string, ...edits: readonly Edit[]])[];
  readonly also?: readonly string[];
}

const host = 'strongswan-gre-ca-signed';
const peer = 'strongswan-gre-ca-signed-peer';

/** A second tunnel between the same two bridges, of another type. */
function second(local: string, remote: string): readonly Edit[] {
  const [port, tunnel] = ['00000000-0000-4000-8000-0000000000aa', '00000000-0000-4000-8000-0000000000ab'];
  const options = `["map",[["local_ip","${local}"],["remote_ip","${remote}"]]]`;
  return [
    [/\["br-ipsec",\["set",\[/, `["br-ipsec",["set",[["uuid","${port}"],`],
    [
      /^\{"data":\[(?=.*"headings":\["_uuid","name","interfaces"\])/m,
      `{"data":[[["uuid","${port}"],"gen",["uuid","${tunnel}"]],`,
    ],
    [
      /^\{"data":\[(?=.*"headings":\["_uuid","name","type")/m,
      `{"data":[[["uuid","${tunnel}"],"gen","geneve",${options},7,["set",[]]],`,
    ],
  ];
}

const option = (text: string): Edit => [/\["remote_name","lab1-2"\]/, `${text},["remote_name","lab1-2"]`];

export const sickBridges: readonly SickBridge[] = [
  {
    id: 'tunnel-loop',
    hosts: [
      [host, ...second('1.1.1.1', '2.2.2.2')],
      [peer, ...second('2.2.2.2', '1.1.1.1')],
    ],
    also: ['plaintext-tunnel'],
  },
  {
    id: 'userspace-datapath',
    hosts: [
      [
        host,
        [
          /^\{"data":\[\["br-ipsec",(.*)\]\],"headings":\["name","ports"\]\}$/m,
          '{"data":[["br-ipsec",["set",[["uuid","00000000-0000-4000-8000-000000000000"]]],"netdev"]],"headings":["name","ports","datapath_type"]}',
        ],
      ],
    ],
  },
  {
    id: 'bridge-mtu-too-large',
    hosts: [
      [
        host,
        [/^answer name 0$/m, 'answer mtus 0\neth0 1500\nlo 65536\nbr-ipsec 1409\n\nanswer name 0'],
        [/^2: eth0 /m, '3: br-ipsec    inet 192.0.0.1/24 scope global br-ipsec\n2: eth0 '],
      ],
    ],
  },
  { id: 'option-past-ipsec', hosts: [[host, option('["egress_pkt_mark","0x1"]')]] },
  { id: 'option-past-ipsec', hosts: [[host, option('["dst_port","4790"]')]] },
  { id: 'tunnel-options-differ', hosts: [[host, option('["key","5"]')], [peer]] },
  {
    id: 'tunnel-options-differ',
    hosts: [
      [host, option('["in_key","5"],["out_key","6"]')],
      [peer, [/\["remote_name","lab1-1"\]/, '["in_key","5"],["out_key","5"],["remote_name","lab1-1"]']],
    ],
  },
  {
    id: 'ovs-ipv6-half-loaded',
    hosts: [
      [
        'libreswan-geneve-psk',
        ['"3.1.0"]]', '"3.5.0"]]'],
        [/\b1\.1\.1\.2\b/, 'fd00::1'],
        [/\b2\.2\.2\.3\b/, 'fd00::2'],
      ],
    ],
  },
];
