/**
 * Rules about the ends of tunnels, each by itself.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import type { TunnelEnd } from '../desired/desired.js';
import { knownValue } from '../facts/fact.js';
import type { SecurityAssociation } from '../facts/kernel.js';
import { lookup } from '../facts/lookup.js';
import { monitored } from '../facts/monitor.js';
import type { Fault } from '../fitness/fault.js';
import { unheardAddresses } from '../tunnels/listening.js';
import { connectionsOf } from '../tunnels/proof.js';
import {
  configOf,
  daemonOf,
  databaseOf,
  endRule,
  fileAt,
  type HostView,
  interfaceOf,
  lotOf,
  nameOf,
  type Rule,
  startCommands,
} from './rule.js';

export const tunnelRules: readonly Rule[] = [
  {
    id: 'tunnel-unknown',
    severity: 'warning',
    meaning:
      'The host has an encrypted tunnel that the inventory does not name: its peer was taken out, or somebody made it by hand.',
    find: (host) =>
      host.unknown.map(({ port, type, peer, remoteIp, isOurs }) => ({
        message: `${port} (${type} to ${peer === undefined ? remoteIp : `${peer}, ${remoteIp}`}) is not in the inventory`,
        cure: isOurs
          ? 'ovs-pki-ts apply --prune'
          : shellCommand`ovs-pki-ts remove --to ${host.destination} --port ${port}`,
        at: 'here' as const,
        port,
      })),
  },
  {
    id: 'psk-beside-certificate',
    severity: 'error',
    meaning:
      'A tunnel has a PSK, and the host or the tunnel has a certificate: such tunnels are INVALID, vanish, and go on unencrypted.',
    find: (host) => {
      const set = ['certificate', 'private_key', 'ca_cert'].filter((key) => configOf(host)[key] !== undefined);
      return (databaseOf(host)?.interfaces ?? []).flatMap(({ name, psk, options }): Fault[] => {
        const own = ['remote_cert', 'remote_name'].filter((key) => options[key] !== undefined);
        if (psk === undefined || set.length + own.length === 0) return [];
        const beside = [...set.map((key) => `other_config:${key}`), ...own.map((key) => `options:${key}`)].join(', ');
        return [
          {
            message: `${name} has a PSK beside ${beside}: ovs-monitor-ipsec drops it, and ${lotOf(host, name)}`,
            cure:
              own.length > 0
                ? shellCommand`ovs-vsctl remove Interface ${name} options psk`
                : `ovs-vsctl ${set.map((key) => `-- remove Open_vSwitch . other_config ${key}`).join(' ')}`,
            at: 'host',
            port: name,
          },
        ];
      });
    },
  },
  endRule(
    {
      id: 'tunnel-invalid',
      severity: 'error',
      meaning: 'ovs-monitor-ipsec refuses the tunnel (INVALID); its packets leave unencrypted.',
    },
    (end, host) => {
      const found = interfaceOf(host, end);
      const shown = monitored(host.facts, end);
      const reason = shown === undefined ? host.facts.complaints.get(end.port) : shown.reason;
      if (found === undefined || found.psk !== undefined || reason === undefined) return undefined;
      if (shown !== undefined && shown.state !== 'INVALID') return undefined;
      return {
        message: `ovs-monitor-ipsec refuses ${end.port}: ${reason}; ${lotOf(host, end.port)}`,
        cure: shellCommand`ovs-pki-ts distribute --to ${host.destination}`,
        at: 'here',
      };
    },
  ),
  endRule(
    {
      id: 'tunnel-not-taken-over',
      severity: 'error',
      meaning: 'ovs-monitor-ipsec does not know a tunnel that is in the database.',
    },
    (end, host) => {
      const tunnels = knownValue(host.facts.monitorTunnels);
      if (interfaceOf(host, end) === undefined || tunnels === undefined || host.facts.complaints.has(end.port))
        return undefined;
      if (monitored(host.facts, end) !== undefined) return undefined;
      return {
        message: `ovs-monitor-ipsec does not know ${end.port}, though it is in the database`,
        cure: 'tail -n 20 /var/log/openvswitch/ovs-monitor-ipsec.log',
        at: 'host',
      };
    },
  ),
  endRule(
    { id: 'port-missing', severity: 'error', meaning: 'A tunnel of the inventory is not in the database.' },
    (end, host) =>
      databaseOf(host) === undefined || interfaceOf(host, end) !== undefined
        ? undefined
        : {
            message: `the tunnel ${end.port} to ${end.peer} is not in the database`,
            cure: 'ovs-pki-ts apply',
            at: 'here',
          },
  ),
  endRule(
    { id: 'port-not-made', severity: 'error', meaning: 'ovs-vswitchd could not make the port of a tunnel.' },
    (end, host) => {
      const found = interfaceOf(host, end);
      if (found === undefined || (found.error === undefined && found.ofport !== undefined && found.ofport > 0))
        return undefined;
      return {
        message: `ovs-vswitchd has not made the port ${end.port}${found.error === undefined ? '' : `: ${found.error}`}`,
        cure:
          found.bridge === undefined
            ? shellCommand`ovs-vsctl add-port BRIDGE ${end.port}`
            : 'tail -n 20 /var/log/openvswitch/ovs-vswitchd.log',
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'local-ip-missing',
      severity: 'error',
      meaning:
        'A tunnel has no local_ip, and libreswan has no default route to find its own address by. (strongSwan takes any address.)',
    },
    (end, host) => {
      const [found, daemon] = [interfaceOf(host, end), daemonOf(host)];
      if (
        daemon?.needsLocalIp !== true ||
        found === undefined ||
        found.options['local_ip'] !== undefined ||
        host.facts.hasDefaultRoute
      )
        return undefined;
      return {
        message: `${end.port} has no local_ip, and ${daemon.label} finds no default route to take the address of ("we cannot identify ourselves")`,
        cure: shellCommand`ovs-vsctl set Interface ${end.port} options:local_ip=${end.localIp === '' ? 'ADDRESS' : end.localIp}`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'ike-not-listening',
      severity: 'error',
      meaning: 'libreswan does not answer at the address of a tunnel, which the host got after libreswan had started.',
    },
    (end, host) => {
      const daemon = knownValue(host.facts.ike)?.daemon;
      // A daemon that needs no command for it does not tell where it listens.
      const cure = daemon?.commands.listen;
      const localIp = interfaceOf(host, end)?.options['local_ip'] ?? end.localIp;
      if (cure === undefined || unheardAddresses(host.facts, [localIp]).length === 0) return undefined;
      return {
        message: `${daemon?.label} does not listen at ${localIp}, the address of ${end.port}, which the host got after it had started`,
        cure,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'ovs-ipv6-half-loaded',
      severity: 'error',
      meaning:
        'Open vSwitch 3.5.0 with libreswan tears a tunnel down every 15 seconds whose own IPv6 address begins with a letter: it does not see that its connection is loaded (mended in 3.5.1).',
    },
    (end, host) => {
      const localIp = interfaceOf(host, end)?.options['local_ip'];
      if (daemonOf(host)?.isReconciled !== true || databaseOf(host)?.ovsVersion !== '3.5.0') return undefined;
      if (localIp === undefined || !localIp.includes(':') || /^\d/.test(localIp)) return undefined;
      const known = knownValue(host.facts.addresses) ?? [];
      return {
        message: `ovs-monitor-ipsec 3.5.0 takes connections from ${localIp} for half-loaded, and tears ${end.port} down every 15 seconds: of IPv6 addresses it knows only those that begin with a digit`,
        cure: shellCommand`ovs-vsctl set Interface ${end.port} options:local_ip=${known.find((address) => /^\d.*:/.test(address)) ?? 'ADDRESS'}`,
        at: 'host',
      };
    },
  ),
  endRule(
    { id: 'local-ip-foreign', severity: 'error', meaning: 'The local_ip of a tunnel is not an address of its host.' },
    (end, host) => {
      const [own, localIp] = [knownValue(host.facts.addresses), interfaceOf(host, end)?.options['local_ip']];
      if (own === undefined || localIp === undefined || own.includes(localIp)) return undefined;
      return {
        message: `${end.port} has the local_ip ${localIp}, and the host has ${own.join(', ')}`,
        cure: shellCommand`ovs-vsctl set Interface ${end.port} options:local_ip=${own.find((address) => !/^127\.|^::1$|^fe80:/.test(address)) ?? 'ADDRESS'}`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'remote-name-dangerous',
      severity: 'error',
      meaning: 'A remote_name stands for anyone, or is not read as a name: the peer is not authenticated.',
    },
    (end, host) => {
      const name = interfaceOf(host, end)?.options['remote_name'];
      if (name === undefined || (/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name) && !/^[0-9.]+$/.test(name)))
        return undefined;
      return {
        message: /[*%]|^0\.0\.0\.0$|^::$/.test(name)
          ? `the remote_name "${name}" of ${end.port} stands for anyone: whoever has a certificate of the CA can be its peer`
          : `the remote_name "${name}" of ${end.port} is not read as a name by the IKE daemons`,
        cure: shellCommand`ovs-vsctl set Interface ${end.port} options:remote_name=${peerName(end, host) ?? 'NAME_OF_THE_PEER'}`,
        at: 'host',
      };
    },
  ),
  endRule(
    {
      id: 'remote-cert-missing',
      severity: 'error',
      meaning: 'The certificate of a self-signed peer does not exist or cannot be read.',
    },
    (end, host) => {
      const path = interfaceOf(host, end)?.options['remote_cert'];
      const fact = path === undefined ? undefined : host.facts.files.get(path);
      if (fact === undefined || fileAt(host, path)?.kind === 'certificate') return undefined;
      return {
        message: `${end.port} takes its peer's certificate from ${path}, which ${fact.state === 'absent' ? 'does not exist' : 'holds no readable certificate'}`,
        cure: 'ovs-pki-ts apply',
        at: 'here',
      };
    },
  ),
  endRule(
    {
      id: 'acquire-pending',
      severity: 'error',
      meaning:
        'The kernel waits up to 165 seconds for an answer to its last request for an IPsec SA, and asks for no other until then.',
    },
    (end, host) => {
      if (!waitsFor(knownValue(host.facts.states) ?? [], end.remoteIp)[0] || isUp(end.port, host)) return undefined;
      const connections = connectionNames(end.port, host);
      return {
        message: `the kernel waits for its last request for ${end.port} and makes no other before it expires (up to 165 s)`,
        cure: startCommands(host, connections.length === 0 ? [`${end.port}-1`] : connections),
        at: 'host',
      };
    },
  ),
];

function peerName(end: TunnelEnd, host: HostView): string | undefined {
  const peer = host.peerOf(end)?.host;
  return peer && nameOf(peer);
}

/** Every connection of a tunnel has a Child SA. */
export function isUp(port: string, host: HostView): boolean {
  const found = connectionsOf(host.facts, { port });
  return found.length > 0 && found.every(({ childInstalled }) => childInstalled);
}

const waitsFor = lookup<SecurityAssociation>(({ larval, destination }) => (larval ? [destination] : []));

function connectionNames(port: string, { facts }: HostView): string[] {
  return connectionsOf(facts, { port }).map(({ name }) => name);
}
