/** The answer of a host that has, or says that it has, very many tunnels. */

import { factsText } from './hostile.js';

const addressOf = (index: number): string => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

/** @param mark of the sections @param oneAddress all tunnels lead to the same place */
export function crowdedFacts(count: number, mark: string, oneAddress = false): string {
  const each = (of: (index: number, address: string) => string): string =>
    Array.from({ length: count }, (_, index) => of(index, addressOf(oneAddress ? 1 : index))).join('\n');
  const table = (headings: readonly string[], rows: (index: number) => unknown): string =>
    JSON.stringify({ headings, data: Array.from({ length: count }, (_, index) => rows(index)) });
  const map = (record: Readonly<Record<string, string>>) => ['map', Object.entries(record)];
  const one = (headings: readonly string[], row: unknown): string => JSON.stringify({ headings, data: [row] });
  const ports = Array.from({ length: count }, (_, index) => ['uuid', `p${index}`]);
  const database = [
    one(['other_config', 'external_ids'], [map({ ipsec_skb_mark: '0/1' }), map({ 'system-id': 'x' })]),
    one(['name', 'ports'], ['br', ['set', ports]]),
    table(['_uuid', 'name', 'interfaces'], (index) => [['uuid', `p${index}`], `t${index}`, ['uuid', `i${index}`]]),
    table(['_uuid', 'name', 'type', 'options', 'ofport', 'external_ids'], (index) => [
      ...[['uuid', `i${index}`], `t${index}`, 'gre'],
      map({ remote_ip: addressOf(oneAddress ? 1 : index), remote_name: `h${index}`, key: String(index) }),
      ...[index + 1, map({ 'ovs-pki-ts-peer': `h${index}` })],
    ]),
  ];
  const text = factsText('198.51.100.1', {
    ovsdb: database.join('\n'),
    policies: each((_, to) => `src 0.0.0.0/0 dst ${to}/32 proto gre \n\tdir out action block priority 3000000000`),
    states: each(
      (index, to) =>
        `src 198.51.100.1 dst ${to}\n\tproto esp spi 0x${(index + 1).toString(16)}\n\tlifetime current:\n\t  84(bytes), 1(packets)`,
    ),
    'ike-status': `Status of IKE charon daemon\n${each((index, to) => ` t${index}-1:  198.51.100.1...${to}  IKEv2`)}`,
    tunnels: each((index) => `Interface name: t${index} v1 (CONFIGURED)\n  Local cert: /x`),
    addresses: each((index) => `2: e${index}    inet ${addressOf(index)}/24 scope`),
    mtus: each((index) => `e${index} 1500`),
    'monitor-log': each((index) => `a|b|c|d|t${index} contains invalid configuration: x`),
    'ike-log': each((index) => `NO_PROPOSAL_CHOSEN t${index}`),
  });
  return text.replaceAll('@mark@', mark);
}
