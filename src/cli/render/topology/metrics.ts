/**
 * What is true of hosts and tunnels, for the textfile collector of Prometheus' node exporter.
 *
 * @see https://prometheus.io/docs/practices/naming/
 * @module
 */

import type { StatusResult } from '../../../usecases/fleet/status.js';
import type { EndState, EndStatus } from '../../../usecases/outputs.js';
import { type Metric, metricsText, type Sample } from '../prometheus.js';

const states: readonly EndState[] = ['encrypted', 'not-encrypted', 'down'];

export function statusMetrics(result: StatusResult): string {
  return metricsText([...hostMetrics(result), ...tunnelMetrics(result)]);
}

function hostMetrics({ hosts, unasked }: StatusResult): Metric[] {
  const certificates = hosts.flatMap(({ host, identity }) => {
    return identity?.certificate === undefined ? [] : [{ host, ...identity.certificate, inUse: identity.inUse }];
  });
  return [
    {
      name: 'ovs_pki_host_reachable',
      help: 'Whether a host could be asked.',
      samples: [...hosts.map(({ host }): Sample => [{ host }, 1]), ...unasked.map(({ host }): Sample => [{ host }, 0])],
    },
    {
      name: 'ovs_pki_host_certificate_expiry_timestamp_seconds',
      help: 'When the certificate ends that the database of a host names.',
      samples: certificates.map(({ host, notAfter }): Sample => [{ host }, Date.parse(notAfter) / 1000]),
    },
    {
      name: 'ovs_pki_host_certificate_in_use',
      help: 'Whether the IKE daemon has loaded just this certificate.',
      samples: certificates.flatMap(({ host, inUse }): Sample[] =>
        inUse === undefined ? [] : [[{ host }, Number(inUse)]],
      ),
    },
    {
      name: 'ovs_pki_host_findings',
      help: 'How much doctor finds on a host.',
      samples: hosts.flatMap(({ host, findings: { errors, warnings } }): Sample[] => [
        [{ host, severity: 'error' }, errors],
        [{ host, severity: 'warning' }, warnings],
      ]),
    },
  ];
}

function tunnelMetrics({ hosts }: StatusResult): Metric[] {
  const ends = hosts.flatMap(({ host, tunnels }) =>
    tunnels.map((end) => ({ labels: { host, port: end.port, peer: end.peer, type: end.type }, end })),
  );
  const metric = (name: string, help: string, amountOf: (end: EndStatus) => number): Metric => ({
    name,
    help,
    samples: ends.map(({ labels, end }) => [labels, amountOf(end)]),
  });
  return [
    metric('ovs_pki_tunnel_encrypted', 'Whether the packets of a tunnel leave as ESP only, both ways.', ({ state }) =>
      Number(state === 'encrypted'),
    ),
    {
      name: 'ovs_pki_tunnel_state',
      help: 'The state of a tunnel: the one of these that is 1.',
      samples: ends.flatMap(({ labels, end }) =>
        states.map((state): Sample => [{ ...labels, state }, Number(end.state === state)]),
      ),
    },
    metric('ovs_pki_tunnel_esp_sent_bytes', 'Bytes of ESP that the keys in use have sent.', ({ bytesOut }) => bytesOut),
    metric(
      'ovs_pki_tunnel_esp_received_bytes',
      'Bytes of ESP that the keys in use have received.',
      ({ bytesIn }) => bytesIn,
    ),
    metric(
      'ovs_pki_tunnel_drop_policy',
      'Whether the kernel drops packets of a tunnel that are not encrypted.',
      (end) => Number(end.dropPolicy),
    ),
  ];
}
