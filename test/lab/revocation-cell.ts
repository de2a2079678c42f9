/** A host whose certificate is revoked gets no tunnel again, with a list that is in force and with one that has ended. */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runOurs, runWell } from '../support/programs.js';
import type { Cell } from './cells.js';
import { type Outcome, removeAll, said } from './connect-cell.js';
import type { Lab, LabHost, Pair } from './lab.js';
import { inventoryOf } from './renewal-cell.js';
import { pingBothWays } from './watch.js';

/** pluto looks for another list after a minute (NSS). */
const noticed = 65;

export async function tryRevocation(lab: Lab, pair: Pair, cell: Cell, folder: string): Promise<Outcome> {
  const [revoked, other] = pair.hosts;
  const operate = (...args: string[]) => lab.operate(['--dir', 'pki', '--log', 'log', ...args], { cwd: folder });
  await runOurs(['--dir', 'pki', '--log', 'log', 'init'], { cwd: folder });
  writeFileSync(join(folder, 'fleet.yaml'), inventoryOf(pair, cell));
  const capture = await lab.capture(pair);
  const failures: string[] = [];
  const expect = (what: string, isSo: boolean): void => {
    if (!isSo) failures.push(what);
  };
  const deployed = await operate('apply', 'fleet.yaml');
  expect(`apply: ${said(deployed)}`, deployed.status === 0);

  // 1. Revoked: the tunnel goes, and does not come again, whoever asks.
  await operate('revoke', revoked.name);
  const applied = await operate('apply', 'fleet.yaml');
  expect(
    `apply after revoke: ${said(applied)}`,
    applied.status === 6 && applied.stderr.includes('CERTIFICATE_REVOKED'),
  );
  await lab.run(other, `sleep ${noticed}`, '', noticed + 30);
  await operate('apply', 'fleet.yaml');
  expect('the revoked host has a tunnel again', !(await comesUp(lab, pair)));
  const words = await refusals(lab, pair);
  expect('no daemon says why it refuses the host', words !== '');

  // 2. Trusted again, with another certificate.
  await operate('req+sign', '-u', '-f', revoked.name);
  const again = await operate('apply', 'fleet.yaml');
  expect(`apply with another certificate: ${said(again)}`, again.status === 0);
  expect('the host with another certificate has no tunnel', await comesUp(lab, pair));

  // 3. A list that has ended, first without the certificate and then with it.
  await loadEndedList(lab, other, folder);
  expect('with a list that has ended, who is not on it is refused', await comesUp(lab, pair));
  await operate('revoke', revoked.name);
  await loadEndedList(lab, other, folder);
  const isLetIn = await comesUp(lab, pair);
  if (other.daemon === 'strongswan') expect('with a list that has ended, who is on it is let in', !isLetIn);

  await removeAll(lab, pair, folder);
  const wire = await capture.stop();
  expect(`${wire.plaintext.count} plaintext packets`, wire.plaintext.count === 0);
  const ended = `with a list that has ended, who is on it is ${isLetIn ? 'let in' : 'refused'}, and anybody else let in`;
  return { failures, wire, note: `refused: ${words}; ${ended}` };
}

/** Whether the tunnel works after both ends have taken down what is up and tried to make it anew. */
async function comesUp(lab: Lab, pair: Pair): Promise<boolean> {
  const connections = `sed -n 's/^conn \\(tun.*\\)$/\\1/p' /etc/ipsec.conf`;
  const strongswan = `for c in $(${connections}); do ipsec stroke down-nb "$c[*]"; done; sleep 3; for c in $(${connections}); do timeout 20 ipsec up "$c"; done`;
  const libreswan = `for c in $(${connections}); do timeout 20 ipsec auto --down "$c"; done; sleep 3; for c in $(${connections}); do timeout 20 ipsec auto --up "$c"; done`;
  for (const host of pair.hosts) {
    await lab.run(
      host,
      `{ ${host.daemon === 'strongswan' ? strongswan : libreswan}; } >/dev/null 2>&1 </dev/null`,
      '',
      120,
    );
  }
  for (let tries = 0; tries < 5; tries++) {
    const { answered, sent } = await pingBothWays(lab, pair, 3);
    if (answered === sent) return true;
  }
  return false;
}

async function refusals(lab: Lab, pair: Pair): Promise<string> {
  const logs = await Promise.all(
    pair.hosts.map((host) => lab.run(host, 'cat /var/log/syslog /var/log/pluto.log 2>/dev/null')),
  );
  const text = logs.map(({ stdout }) => stdout).join('\n');
  return /certificate was revoked on|SEC_ERROR_REVOKED_CERTIFICATE/.exec(text)?.[0] ?? '';
}

/** A list of `openssl ca` that ends three seconds after it was made, loaded as `apply` loads one. */
async function loadEndedList(lab: Lab, host: LabHost, folder: string): Promise<void> {
  const ca = join(folder, 'pki/switchca');
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-crlsec', '3', '-out', 'ended.pem'], { cwd: ca });
  const pem = readFileSync(join(ca, 'ended.pem'), 'latin1');
  const place = host.daemon === 'strongswan' ? '/etc/ipsec.d/crls' : '/etc/keys';
  const load =
    host.daemon === 'strongswan'
      ? 'ipsec rereadcrls; ipsec purgecrls; sleep 5'
      : `openssl crl -in "$file" -outform DER -out /tmp/ended.der; crlutil -I -B -i /tmp/ended.der -d sql:/var/lib/ipsec/nss; sleep ${noticed}`;
  await lab.run(
    host,
    `file=$(ls ${place}/ovs-crl-*.pem); cat >"$file"; { ${load}; } >/dev/null 2>&1`,
    pem,
    noticed + 60,
  );
}
