/**
 * What strongSwan says, from `ipsec statusall`, `ipsec listcerts`, `ipsec listcacerts` and `ipsec listcrls`.
 *
 * @module
 */

import type { Section } from '../answer/sections.js';
import {
  bigintOf,
  type IkeAnswers,
  type IkeConnection,
  idleConnection,
  type LoadedCertificate,
  serialNumberOf,
} from './answers.js';

export function readStrongswan(answers: ReadonlyMap<string, Section>, version: string): IkeAnswers {
  const text = (name: string): string => answers.get(name)?.text ?? '';
  const statusall = answers.get('ike-status')?.status === 0 ? text('ike-status') : '';
  return {
    version,
    running: statusall.includes('Status of IKE charon daemon'),
    missing: answers.get('ike-charon')?.status === 1 ? 'charon' : undefined,
    connections: connectionsIn(statusall),
    certificates: certificatesIn(text('ike-certs')),
    authorities: certificatesIn(text('ike-cacerts')),
    crls: [
      ...text('ike-crls').matchAll(/^[ \t]+serial:[ \t]+([0-9a-f:]+)(?:\n[ \t]+authKeyId:[ \t]+([0-9a-f:]+))?/gm),
    ].map(([, number = '', keyIdentifier]) => ({
      crlNumber: bigintOf(number),
      keyIdentifier: keyIdentifier?.replaceAll(':', ''),
    })),
    plugins: /loaded plugins: (.*)/.exec(statusall)?.[1]?.split(' '),
    nssFolder: undefined,
    listensAt: undefined,
  };
}

/**
 * `tun-1[3]: ESTABLISHED …, 1.1.1.1[id]...2.2.2.2[id]` and `tun-1{5}:  INSTALLED, TRANSPORT, …`. The connections of one tunnel share an IKE SA, which
 * bears the name of the first.
 */
function connectionsIn(statusall: string): IkeConnection[] {
  const found = new Map<string, IkeConnection>();
  const change = (name: string, values: Partial<IkeConnection>): void => {
    found.set(name, { ...(found.get(name) ?? idleConnection(name)), ...values });
  };
  for (const line of statusall.split('\n')) {
    const [, loaded, ends] = /^\s*(\S+):\s+(?:(\S+)\s+IKE|child: )/.exec(line) ?? [];
    if (loaded !== undefined && (ends === undefined || isBetween(ends))) change(loaded, {});
    const [, ike, whole = ''] = /^\s*(\S+)\[\d+\]: ESTABLISHED (.*)\]$/.exec(line.trimEnd()) ?? [];
    const remoteId = remoteIdIn(whole);
    if (ike !== undefined && remoteId !== undefined) change(ike, { ikeEstablished: true, remoteId });
    const [, connecting] = /^\s*(\S+)\[\d+\]: CONNECTING/.exec(line) ?? [];
    if (connecting !== undefined) change(connecting, { connecting: true });
    const [, child] = /^\s*(\S+)\{\d+\}:\s+INSTALLED/.exec(line) ?? [];
    if (child !== undefined) change(child, { childInstalled: true });
  }
  // What comes in has no name before it has said who it is.
  return [...found.values()].filter(({ name }) => !/^prevent_unencrypted_|^\(unnamed\)$/.test(name));
}

/** `10.0.0.1...10.0.0.2` */
function isBetween(ends: string): boolean {
  const dots = ends.indexOf('...', 1);
  return dots > 0 && dots + 3 < ends.length;
}

/** What stands behind the other end in `10 seconds ago, 10.0.0.1[own]...10.0.0.2[other`; what the other one calls itself comes last. */
function remoteIdIn(established: string): string | undefined {
  const dots = established.indexOf('...');
  return dots < 0 ? undefined : /^[^\s[]+\[(.*)$/.exec(established.slice(dots + 3))?.[1];
}

function certificatesIn(list: string): LoadedCertificate[] {
  return list.split(/^(?=[ \t]+subject:)/m).flatMap((block) => {
    const subject = /^\s+subject:\s+"(.*)"/.exec(block)?.[1];
    const serial = /^[ \t]+serial:[ \t]+([0-9a-f:]+)/m.exec(block)?.[1];
    if (subject === undefined || serial === undefined) return [];
    return [{ subject, serialNumber: serialNumberOf(serial), hasPrivateKey: /has private key/.test(block) }];
  });
}
