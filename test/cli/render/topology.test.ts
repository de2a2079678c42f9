/** The forms of `status` for other programs, read as these read them; Graphviz itself is asked. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import * as v from 'valibot';
import { isWell } from '../../../src/cli/render/many/status.js';
import { dotText } from '../../../src/cli/render/topology/dot.js';
import { mermaidText } from '../../../src/cli/render/topology/mermaid.js';
import { statusMetrics } from '../../../src/cli/render/topology/metrics.js';
import { netjsonText } from '../../../src/cli/render/topology/netjson.js';
import { type Topology, topologyOf } from '../../../src/cli/render/topology/topology.js';
import type { EndState, EndStatus, HostStatus } from '../../../src/deploy/doctor/host-status.js';
import { OvsPkiError } from '../../../src/errors.js';
import { masked, visible } from '../../../src/platform/visible.js';
import type { StatusResult } from '../../../src/usecases/fleet/status.js';
import { runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const endOf = (peer: string, state: EndState, more: Partial<EndStatus> = {}): EndStatus => ({
  ...{ port: `to-${peer}`, type: 'gre', method: 'ca-signed', peer, localIp: '192.0.2.1', remoteIp: '192.0.2.9', state },
  ...{ reasons: [], bytesOut: 3, bytesIn: 4, peerId: undefined, isUnknown: undefined, dropPolicy: true },
  ...more,
});

const hostOf = (host: string, tunnels: readonly EndStatus[], errors = 0): StatusResult['hosts'][number] => ({
  ...({
    host,
    hostName: host,
    kernel: '6.1',
    ovsVersion: '3.1.0',
    clockAheadSeconds: 0,
    tunnels,
  } satisfies Partial<HostStatus>),
  ikeDaemon: undefined,
  services: { ovsdbServer: true, vswitchd: true, monitorIpsec: true },
  skbMark: '0/1',
  identity: {
    file: '/x.pem',
    certificate: { subject: `CN=${host}`, serialNumber: '01', notAfter: '2036-11-19T00:00:00.000Z' },
    inUse: true,
  },
  findings: { errors, warnings: 1 },
});

const fleet: StatusResult = {
  hosts: [
    hostOf('a', [endOf('b', 'encrypted'), endOf('c', 'not-encrypted')]),
    hostOf('b', [endOf('a', 'down', { localIp: '192.0.2.2' }), endOf('x', 'encrypted', { type: 'vxlan' })], 1),
    // Its peer is told by its address.
    hostOf('d', [endOf('198.51.100.7', 'encrypted', { localIp: '192.0.2.4', remoteIp: '192.0.2.2' })]),
  ],
  unasked: [{ host: 'c', error: new OvsPkiError('HOST_UNREACHABLE', 'x') }],
  withoutHost: [],
};

const topology = topologyOf(fleet, isWell);

test('a tunnel is there once, with the worse of its ends, and so is who was not asked or is not known', (t) => {
  t.deepEqual(
    topology.nodes.map(({ name, state }) => `${name} ${state}`),
    ['a not well', 'b not well', 'd well', 'c not asked', 'x not known'],
  );
  t.deepEqual(
    topology.links.map(
      ({ source, target, type, state, ends }) => `${source} ${target} ${type} ${state} ${ends.length}`,
    ),
    ['a b gre down 2', 'a c gre not-encrypted 1', 'b x vxlan encrypted 1', 'd b gre encrypted 1'],
  );
});

test('Mermaid: boxes, lines by state, and labels where something is wrong', (t) => {
  t.is(
    mermaidText(topology),
    `flowchart LR
  n0["a"]:::notWell
  n1["b"]:::notWell
  n2["d"]:::well
  n3["c"]:::notAsked
  n4["x"]:::notKnown
  n0 -.-|"gre, ca-signed#58; down"| n1
  n0 ===|"gre, ca-signed#58; NOT ENCRYPTED, as a sees it"| n3
  n1 --- n4
  n2 --- n1
  classDef notWell stroke:#cf222e,stroke-width:3px
  classDef well stroke:#1a7f37
  classDef notAsked stroke:#9a6700,stroke-dasharray:5
  classDef notKnown stroke:#6e7781,stroke-dasharray:2
`,
  );
});

test('metrics have each host and each end, also where it is down or was not asked', (t) => {
  const series = seriesOf(statusMetrics(fleet));
  t.is(series.get('ovs_pki_host_reachable{host="a"}'), 1);
  t.is(series.get('ovs_pki_host_reachable{host="c"}'), 0);
  t.is(series.get('ovs_pki_host_certificate_expiry_timestamp_seconds{host="a"}'), Date.UTC(2036, 10, 19) / 1000);
  t.is(series.get('ovs_pki_host_findings{host="b",severity="error"}'), 1);
  const labels = 'host="b",port="to-a",peer="a",type="gre"';
  t.is(series.get(`ovs_pki_tunnel_encrypted{${labels}}`), 0);
  t.is(series.get(`ovs_pki_tunnel_state{${labels},state="down"}`), 1);
  t.is(series.get(`ovs_pki_tunnel_state{${labels},state="encrypted"}`), 0);
  t.is(series.get(`ovs_pki_tunnel_esp_sent_bytes{${labels}}`), 3);
  t.is(series.get('ovs_pki_tunnel_encrypted{host="a",port="to-b",peer="b",type="gre"}'), 1);
});

/** What has a meaning in one of the forms, or could end what it stands in. */
const pieces = [
  ...['"', "'", '\\', '\n', '\r', '\0', '\x1b[31m', '<b>', '</b>', '&quot;', '&#34;', '#quot;', '#35;', '`', '{', '}'],
  ...['[', ']', '(', ')', '|', ';', '%%', '%%{init: {}}%%', '-->', '--', '->', '---', '===', ':::', '//', '/*', '*/'],
  ...[
    'graph',
    'end',
    'subgraph',
    'n0',
    'label=',
    '\\N',
    '\\G',
    '\\l',
    '$',
    '@{',
    'fa:fa-ban',
    '\u202e',
    '\u2028',
    'é',
    '𝒳',
    '\ud800',
  ],
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 3 })), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''));

/** The first name has a tunnel to each of the others. */
function starOf(names: readonly string[]): StatusResult {
  const [hub = '', ...others] = names;
  const states: readonly EndState[] = ['encrypted', 'not-encrypted', 'down'];
  const ends = others.map((peer, index) => endOf(peer, states[index % 3] ?? 'down', { port: peer }));
  return { ...fleet, hosts: [hostOf(hub, ends)], unasked: [] };
}

const star = fc.uniqueArray(hostile, { minLength: 2, maxLength: 6 }).map(starOf);
const namesOf = ({ nodes }: Topology): string[] => nodes.map(({ name }) => name);

test('no name breaks out of Mermaid, NetJSON or the metrics', (t) => {
  const line =
    /^ {2}(?:n\d+\["(?:[A-Za-z0-9 .,@/_-]|#\d+;)*"\]:::\w+|n\d+ (?:---|===|-\.-)(?:\|"(?:[A-Za-z0-9 .,@/_-]|#\d+;)+"\|)? n\d+|classDef \w+ [a-z0-9:#,-]+)$/;
  fc.assert(
    fc.property(star, (result) => {
      const found = topologyOf(result, isWell);
      const [heading, ...lines] = mermaidText(found).split('\n').slice(0, -1);
      t.is(heading, 'flowchart LR');
      t.deepEqual(
        lines.filter((one) => !line.test(one)),
        [],
      );
      const labels = lines.flatMap((one) => /^ {2}n\d+\["(.*)"\]/.exec(one)?.[1] ?? []).map(readEntities);
      t.deepEqual(labels, namesOf(found).map(visible));
      const graph = v.parse(networkGraph, JSON.parse(netjsonText(found)));
      t.deepEqual(
        graph.nodes.map(({ id }) => id),
        namesOf(found),
      );
      t.true(graph.links.every(({ source, target }) => [source, target].every((id) => namesOf(found).includes(id))));
      const series = [...seriesOf(statusMetrics(result)).keys()].filter((key) =>
        key.startsWith('ovs_pki_tunnel_encrypted'),
      );
      t.true(series.length >= 1 && series.length <= found.links.length);
    }),
    { numRuns: 150 },
  );
});

test('Graphviz reads the picture, and no name breaks out of it', async (t) => {
  const samples = [topology, ...fc.sample(star, 60).map((result) => topologyOf(result, isWell))];
  const file = join(scratchFolder(t), 'all.dot');
  writeFileSync(file, samples.map(dotText).join(''));
  const graphs = (await runWell('dot', ['-Tdot_json', file]))
    .split(/^(?=\{$)/m)
    .map((text): unknown => JSON.parse(text));
  t.is(graphs.length, samples.length);
  for (const [index, sample] of samples.entries()) {
    const { objects, edges } = v.parse(drawnGraph, graphs[index]);
    const read = objects.map(({ label }) => label.replaceAll('\\\\', '\\').replaceAll('&amp;', '&'));
    t.deepEqual(read, namesOf(sample).map(visible));
    t.is(edges.length, sample.links.length);
  }
});

const drawnGraph = v.object({
  objects: v.array(v.object({ name: v.pipe(v.string(), v.regex(/^n\d+$/)), label: v.string() })),
  edges: v.optional(v.array(v.object({ tail: v.number(), head: v.number() })), []),
});

/** @see https://netjson.org/rfc.html, 4: NetworkGraph */
const properties = v.optional(v.record(v.string(), v.unknown()));
const networkGraph = v.strictObject({
  type: v.literal('NetworkGraph'),
  label: v.optional(v.string()),
  protocol: v.nullable(v.string()),
  version: v.nullable(v.string()),
  metric: v.nullable(v.string()),
  nodes: v.array(v.strictObject({ id: v.string(), label: v.optional(v.string()), properties })),
  links: v.array(v.strictObject({ source: v.string(), target: v.string(), cost: v.number(), properties })),
});

function readEntities(text: string): string {
  return text.replaceAll(/#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

/** What Prometheus reads: fails for a line that it would not, and for a series that is there twice. */
function seriesOf(text: string): Map<string, number> {
  const series = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (HELP|TYPE) \w+ /.test(line)) continue;
    const [, key, value] = /^(\w+\{(?:\w+="(?:[^"\\]|\\[\\"n])*",?)+\}) (\d+)$/.exec(line) ?? [];
    if (key === undefined || masked(line) !== line || series.has(key)) throw new Error(`no line of metrics: ${line}`);
    series.set(key, Number(value));
  }
  return series;
}
