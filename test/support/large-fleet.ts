/** A mesh of many hosts as values: what is desired, and a plan for each that makes or changes it. */

import type { DesiredFleet, DesiredHost, TunnelEnd } from '../../src/deploy/desired/desired.js';
import type { Action, HostPlan } from '../../src/deploy/plan/action.js';

const address = (index: number): string => `10.1.${Math.floor(index / 200)}.${1 + (index % 200)}`;
const nameOf = (index: number): string => `edge_${index + 1}`;

export function meshOf(count: number): DesiredFleet {
  const numbers = Array.from({ length: count }, (_, index) => index);
  return { hosts: numbers.map((own) => hostOf(own, numbers)) };
}

function hostOf(own: number, numbers: readonly number[]): DesiredHost {
  return {
    name: nameOf(own),
    target: { kind: 'ssh', destination: `root@${address(own)}` },
    ikeDaemon: 'auto',
    places: {},
    plaintext: '0/1',
    loopProtection: 'auto',
    identity: undefined,
    ends: numbers.filter((peer) => peer !== own).map((peer) => endOf(own, peer)),
    bridgeAddresses: {},
  };
}

function endOf(own: number, peer: number): TunnelEnd {
  return {
    bridge: 'br-ipsec',
    port: `t${peer + 1}`,
    type: 'geneve',
    method: 'ca-signed',
    localIp: address(own),
    remoteIp: address(peer),
    peer: nameOf(peer),
    options: {},
    pskFile: undefined,
    initiates: own < peer,
  };
}

/** Of a bare host: as `plan` tells it. */
export function freshPlans({ hosts }: DesiredFleet): HostPlan[] {
  return hosts.map((host) =>
    planWith(host, [...identityActions(host), ...host.ends.flatMap((end) => wiring(host, end))]),
  );
}

export function planWith({ name, target }: DesiredHost, actions: readonly Action[]): HostPlan {
  return { host: name, target, actions, warnings: [], obstacles: [] };
}

function identityActions({ name }: DesiredHost): Action[] {
  const hash = Buffer.from(name).toString('hex').padEnd(16, '0');
  const link = (path: string, to: string): Action => ({ kind: 'link', path, from: undefined, to, inUse: false });
  const [certs, keys] = ['/etc/ipsec.d/certs', '/etc/ipsec.d/private'];
  return [
    {
      kind: 'enroll',
      name,
      method: 'ca-signed',
      keySpec: { type: 'rsa', bits: 3072 },
      folder: keys,
      existingKey: undefined,
      expires: undefined,
    },
    { kind: 'place', role: 'ca', path: '/etc/ipsec.d/cacerts/ovs-ca-0011223344.pem', content: 'x', source: undefined },
    { kind: 'place', role: 'certificate', path: `${certs}/${name}-${hash}-cert.pem`, content: 'x', source: undefined },
    link(`${certs}/ovs-${name}-cert.pem`, `${name}-${hash}-cert.pem`),
    link(`${keys}/ovs-${name}-privkey.pem`, `${name}-${hash}-privkey.pem`),
    { kind: 'other_config', key: 'certificate', from: undefined, to: `${certs}/ovs-${name}-cert.pem` },
    { kind: 'plaintext', from: undefined, to: '0/1' },
    { kind: 'bridge', bridge: 'br-ipsec' },
  ];
}

function wiring({ ends }: DesiredHost, { port, bridge, type, peer, localIp, remoteIp }: TunnelEnd): Action[] {
  const set = { local_ip: localIp, remote_ip: remoteIp, remote_name: peer };
  const base = { kind: 'port', port, bridge, type, isNew: true, set, remove: [], psk: undefined, peer } as const;
  const isMesh = ends.length > 1;
  return [
    { kind: 'guard', port, type, localIp, remoteIp },
    { ...base, ...(isMesh ? { loopRole: 'split-horizon' } : {}) },
  ];
}
