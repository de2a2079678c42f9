/** Outputs of all versions that are to be had, and of those that are not: what is read from each. */

import test from 'ava';
import { knownValue } from '../../../src/deploy/facts/fact.js';
import { type HostFacts, readFacts } from '../../../src/deploy/facts/host-facts.js';
import { capturedAnswers } from '../../cases/captured-answers.js';
import { capturedAt } from '../../support/host-answers.js';

for (const { name, source, text, expected } of capturedAnswers) {
  test(`${name} (${source})`, (t) => {
    t.deepEqual(linesOf(readFacts('h', text, '', 'answer', capturedAt)), expected.trim().split('\n'));
  });
}

test('there are 60 outputs of real runs and more', (t) => {
  const count = capturedAnswers.reduce((sum, { source, outputs }) => sum + (source === 'run' ? outputs : 0), 0);
  t.true(count >= 60, `${count}`);
});

/** All that the readers have found. */
function linesOf(facts: HostFacts): string[] {
  const ike = knownValue(facts.ike);
  const daemon = `${ike?.daemon.label} ${ike?.version} ${ike?.running === true ? 'runs' : 'does not run'}`;
  return [
    ...(ike === undefined ? [] : [daemon]),
    ...(ike?.listensAt === undefined ? [] : [`listens at ${ike.listensAt.join(' ')}`]),
    ...(ike?.nssFolder === undefined ? [] : [`NSS in ${ike.nssFolder}`]),
    ...(ike?.plugins === undefined ? [] : [`${ike.plugins.length} plugins, gcm: ${ike.plugins.includes('gcm')}`]),
    ...(ike?.connections ?? []).map(({ name, childInstalled, ikeEstablished, connecting, remoteId }) => {
      const states = { child: childInstalled, ike: ikeEstablished, trying: connecting };
      const words = Object.entries(states).flatMap(([word, is]) => (is ? [word] : []));
      return `connection ${name}: ${words.join(' ') || 'loaded'}${remoteId === undefined ? '' : `, peer ${remoteId}`}`;
    }),
    ...(ike?.certificates ?? []).map(
      ({ serialNumber, subject, hasPrivateKey }) =>
        `certificate ${serialNumber} ${subject.replace(/.*CN=/, '')}${hasPrivateKey === true ? ' with key' : ''}`,
    ),
    ...(ike?.authorities ?? []).map(({ serialNumber }) => `CA ${serialNumber}`),
    ...(ike?.crls ?? []).map(({ crlNumber, keyIdentifier = 'unknown' }) => `CRL ${crlNumber} of ${keyIdentifier}`),
    ...(ike?.missing === undefined ? [] : [`without ${ike.missing}`]),
    ...(knownValue(facts.monitorTunnels) ?? []).map(
      ({ port, version, state, reason, certificateFile, localName, remoteName, usesPsk, localIp }) =>
        `tunnel ${port} v${version} ${state}${reason === undefined ? '' : ` (${reason})`} ${
          usesPsk ? 'PSK' : `${certificateFile} ${localName} ${remoteName}`
        } at ${localIp}`,
    ),
    ...(knownValue(facts.policies) ?? []).map((item) => {
      const { direction, action, esp, mark, priority } = item;
      return `policy ${direction} ${action}${esp ? ' ESP' : ''} ${packets(item)}${
        mark === undefined ? '' : ` mark ${mark}`
      } priority ${priority}`;
    }),
    ...(knownValue(facts.states) ?? []).map(
      ({ source, destination, spi, bytes, packets: count, selector, larval }) =>
        `association ${source} ${destination} ${larval ? 'larval' : spi} ${bytes} bytes ${count} packets${
          selector === undefined ? '' : ` for ${packets(selector)}`
        }`,
    ),
    ...(knownValue(facts.addresses) ?? []).map((address) => `address ${address}`),
    ...facts.devices.map(({ name, mtu, addresses }) => `device ${name} ${mtu} ${addresses.join(' ')}`),
    ...facts.ownConnections.map((name) => `own connection ${name}`),
    ...[...facts.carried].map(([port, { out, in: incoming }]) => `carried ${port} ${out} ${incoming}`),
    ...(facts.system.distribution === undefined ? [] : [Object.values(facts.system).join(' ')]),
    ...(knownValue(facts.ovsdb)?.interfaces ?? []).map(
      ({ name, type, bridge, options, psk }) =>
        `interface ${name} ${type} on ${bridge} ${JSON.stringify(options)}${psk === undefined ? '' : ' with PSK'}`,
    ),
  ];
}

function packets(selector: {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string | undefined;
  readonly sourcePort: string | undefined;
  readonly destinationPort: string | undefined;
}): string {
  const { source, destination, protocol = 'any', sourcePort, destinationPort } = selector;
  const ports = [sourcePort && `from ${sourcePort}`, destinationPort && `to ${destinationPort}`].filter(Boolean);
  return [source, destination, protocol, ...ports].join(' ');
}
