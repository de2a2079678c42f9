/** `npm run lab`: the laboratory proves itself with the tutorial typed by hand on each kind of pair. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Wire } from './capture.js';
import { type Daemon, type Lab, startLab } from './lab.js';
import { firstPing, makePki, typeTutorial } from './tutorial.js';

const kinds: readonly (readonly [Daemon, Daemon])[] = [
  ['strongswan', 'strongswan'],
  ['strongswan', 'libreswan'],
  ['libreswan', 'libreswan'],
];

interface Row {
  readonly kind: string;
  readonly pair: number;
  readonly ping: number | undefined;
  readonly wire: Wire;
}

process.exitCode = await main();

async function main(): Promise<number> {
  const lab = await startLab();
  const folder = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-tutorial-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => lab.close().finally(() => process.exit(1)));
  }
  try {
    console.log(`boot: ${lab.bootSeconds.toFixed(1)} s`);
    const rows: Row[] = [];
    for (const [index, kind] of kinds.entries()) {
      const row = await tryKind(lab, kind, join(folder, String(index)));
      console.log(describe(row));
      rows.push(row);
    }
    return rows.every((row) => row.ping !== undefined && row.wire.esp.count > 0) ? 0 : 1;
  } finally {
    await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tryKind(lab: Lab, daemons: readonly [Daemon, Daemon], folder: string): Promise<Row> {
  const started = Date.now();
  const pair = await lab.addPair({ daemons });
  const seconds = (Date.now() - started) / 1000;
  await makePki(folder, pair.hosts);
  const capture = await lab.capture(pair);
  await typeTutorial(lab, pair, folder);
  const ping = await firstPing(lab, pair.hosts[0], '192.0.0.2');
  await lab.ssh(pair.hosts[0], 'ping -c 5 -i 0.2 192.0.0.2');
  return { kind: daemons.join('–'), pair: seconds, ping, wire: await capture.stop() };
}

function describe({ kind, pair, ping, wire }: Row): string {
  const answer = ping === undefined ? 'no ping answered' : `first ping after ${ping.toFixed(1)} s`;
  const counts = `ESP ${wire.esp.count}, plaintext ${wire.plaintext.count}, IKE ${wire.ike.count}`;
  return `${kind}: pair in ${pair.toFixed(1)} s, ${answer}, ${counts}`;
}
