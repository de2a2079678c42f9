/** Each state that a run can be killed in, made by hand, and what the next run makes of it. */

import { appendFileSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { init, nodePlatform, OvsPkiError, req, revoke, sign } from '../../../src/index.js';
import { caFaults, indexSerials } from '../../support/ca-state.js';
import { scratchFolder } from '../../support/scratch.js';

const keySpec = { type: 'ec', curve: 'P-256' } as const;
const platform = nodePlatform();

interface Scene {
  readonly pki: string;
  readonly ca: string;
  readonly hosts: string;
  /** Of host_1, which was signed. */
  readonly serial: string;
}

/** host_1 was signed; the change takes back what a run that was killed would not have done yet. */
const states: readonly {
  readonly title: string;
  readonly change: (scene: Scene) => void;
  readonly event: 'recorded' | 'abandoned' | 'no more entries';
}[] = [
  { title: 'before the intent', change: dropFrom('nothing'), event: 'abandoned' },
  { title: 'between the intent and the copy', change: dropFrom('copy'), event: 'abandoned' },
  { title: 'between the copy and the index', change: dropFrom('row'), event: 'recorded' },
  { title: 'inside the serial number of the row', change: cutRow((row) => row.slice(0, 25)), event: 'recorded' },
  { title: 'inside the subject of the row', change: cutRow((row) => row.slice(0, -3)), event: 'recorded' },
  { title: 'before the newline of the row', change: cutRow((row) => row.slice(0, -1)), event: 'recorded' },
  { title: 'between the index and the outcome', change: dropFrom('outcome'), event: 'recorded' },
  { title: 'inside the outcome', change: cutOutcome, event: 'recorded' },
  { title: 'between the outcome and the key register', change: dropFrom('register'), event: 'no more entries' },
  { title: 'inside a line of the key register', change: cutRegister, event: 'no more entries' },
  { title: 'before the certificate was delivered', change: dropFrom('delivery'), event: 'no more entries' },
];

for (const { title, change, event } of states) {
  test(`killed ${title}, the next run finishes what there is to finish`, async (t) => {
    const scene = await makeScene(t);
    const row = readFileSync(join(scene.ca, 'index.txt'), 'latin1')
      .split('\n')
      .find((line) => line.includes(scene.serial));
    change(scene);
    await signWell(t, scene, 'host_2');
    t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
    const isKnown = event !== 'abandoned';
    t.is(indexSerials(scene.ca).includes(scene.serial), isKnown);
    t.is(
      readFileSync(join(scene.ca, 'index.txt'), 'latin1')
        .split('\n')
        .includes(row ?? ''),
      isKnown,
    );
    const recovered = auditEntries(scene.ca).filter((entry) => entry.recovered === true);
    const wanted =
      event === 'no more entries' || title === 'before the intent' ? [] : [{ event, serialNumber: scene.serial }];
    t.deepEqual(
      recovered.map((entry) => ({ event: entry.event, serialNumber: entry.serialNumber })),
      wanted,
    );
    await assertKeyIsKnown(t, scene, isKnown);
  });
}

/** What a revocation that was killed leaves, and whether the next run finds it done. */
const revocations: readonly { readonly title: string; readonly undo: readonly ('row' | 'outcome')[] }[] = [
  { title: 'between the intent and the index', undo: ['row', 'outcome'] },
  { title: 'between the index and the outcome', undo: ['outcome'] },
];

for (const { title, undo } of revocations) {
  test(`a revocation killed ${title} is closed by the next run`, async (t) => {
    const scene = await makeScene(t);
    const index = join(scene.ca, 'index.txt');
    const request = { pkiDirectory: scene.pki, type: 'switch', serialNumbers: [], invalidityDate: undefined } as const;
    const [first] = await revoke(platform, { ...request, names: ['host_1'], reason: 'superseded' });
    t.is(first?.outcome, 'revoked');
    if (undo.includes('row')) copyFileSync(`${index}.old`, index);
    if (undo.includes('outcome')) dropLines(join(scene.ca, 'audit.log'), '"revoke","serialNumber":"', 'recorded');
    await signWell(t, scene, 'host_2');
    t.deepEqual(caFaults(scene.ca, scene.hosts, { recovered: true }), []);
    const closed = auditEntries(scene.ca).filter((entry) => entry.recovered === true);
    const event = undo.includes('row') ? 'abandoned' : 'recorded';
    t.like(closed, [{ event, serialNumber: scene.serial }]);
    t.is(closed.length, 1);
    const [again] = await revoke(platform, { ...request, names: ['host_1'], reason: 'superseded' });
    t.is(again?.outcome, undo.includes('row') ? 'revoked' : 'already-revoked');
  });
}

test('a damaged copy of an interrupted run is an error with a code, and blocks nothing once it is away', async (t) => {
  const scene = await makeScene(t);
  dropFrom('outcome')(scene);
  const copy = join(scene.ca, 'newcerts', `${scene.serial}.pem`);
  writeFileSync(copy, 'damaged');
  const names = [join(scene.hosts, 'host_2')];
  await t.throwsAsync(sign(platform, { ...order(scene), names }), { instanceOf: OvsPkiError, code: 'PKI_CORRUPT' });
  rmSync(copy);
  await signWell(t, scene, 'host_2');
});

async function makeScene(t: ExecutionContext): Promise<Scene> {
  const folder = scratchFolder(t);
  const scene = { pki: join(folder, 'pki'), ca: join(folder, 'pki/switchca'), hosts: join(folder, 'hosts') };
  await init(platform, { pkiDirectory: scene.pki, keySpec, days: 3650, force: false });
  mkdirSync(scene.hosts);
  const names = ['host_1', 'host_2', 'host_3'].map((name) => join(scene.hosts, name));
  await req(platform, { names, keySpec, unique: true, force: false });
  await signWell(t, scene, 'host_1');
  return { ...scene, serial: indexSerials(scene.ca)[1] ?? '' };
}

function order({ pki }: Pick<Scene, 'pki'>) {
  return { pkiDirectory: pki, type: 'switch', days: 3650, force: false } as const;
}

async function signWell(t: ExecutionContext, scene: Pick<Scene, 'pki' | 'hosts'>, name: string): Promise<void> {
  const [result] = await sign(platform, { ...order(scene), names: [join(scene.hosts, name)] });
  t.is(result?.outcome, 'signed', result?.outcome === 'refused' ? result.error.message : '');
}

/** A request for another name, of the key of host_1, must be refused if and only if that key is certified. */
async function assertKeyIsKnown(t: ExecutionContext, { ca, serial }: Scene, isKnown: boolean): Promise<void> {
  const buckets = readdirSync(join(ca, 'keys')).filter((name) => name !== 'state');
  const lines = buckets.flatMap((name) => readFileSync(join(ca, 'keys', name), 'latin1').split('\n'));
  const ofHost1 = lines.filter((line) => new RegExp(`^[0-9a-f]{64} ${serial} host_1$`).test(line));
  // One by its key, one by its name.
  t.is(ofHost1.length, isKnown ? 2 : 0);
}

type Stage = 'nothing' | 'copy' | 'row' | 'outcome' | 'register' | 'delivery';

/** Takes back everything that comes at or after a stage, in the order in which a run does it. */
function dropFrom(stage: Stage): (scene: Scene) => void {
  const order: readonly Stage[] = ['nothing', 'copy', 'row', 'outcome', 'register', 'delivery'];
  return (scene) => {
    const dropped = order.slice(order.indexOf(stage));
    if (dropped.includes('delivery')) rmSync(join(scene.hosts, 'host_1-cert.pem'));
    if (dropped.includes('register')) rmSync(join(scene.ca, 'keys'), { recursive: true });
    if (dropped.includes('outcome')) dropLines(join(scene.ca, 'audit.log'), `${scene.serial}","event":"recorded`);
    if (dropped.includes('row')) dropLines(join(scene.ca, 'index.txt'), scene.serial);
    if (dropped.includes('copy')) rmSync(join(scene.ca, 'newcerts', `${scene.serial}.pem`));
    if (dropped.includes('nothing')) dropLines(join(scene.ca, 'audit.log'), scene.serial);
  };
}

function cutRow(cut: (row: string) => string): (scene: Scene) => void {
  return (scene) => {
    const file = join(scene.ca, 'index.txt');
    const row = readFileSync(file, 'latin1')
      .split('\n')
      .find((line) => line.includes(scene.serial));
    dropFrom('row')(scene);
    appendFileSync(file, cut(`${row}\n`));
  };
}

function cutOutcome(scene: Scene): void {
  dropFrom('register')(scene);
  const file = join(scene.ca, 'audit.log');
  writeFileSync(file, readFileSync(file).subarray(0, -20));
}

/** As a full disk leaves it: the lines before it are whole, and the state is older than the index. */
function cutRegister(scene: Scene): void {
  const folder = join(scene.ca, 'keys');
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const content = readFileSync(file);
    if (content.includes(scene.serial)) writeFileSync(file, content.subarray(0, -5));
  }
  copyFileSync('/dev/null', join(folder, 'state'));
  rmSync(join(scene.hosts, 'host_1-cert.pem'));
}

/** Drops the lines that have all of these texts in them. */
function dropLines(file: string, ...texts: readonly string[]): void {
  const lines = readFileSync(file, 'latin1').split('\n');
  writeFileSync(file, lines.filter((line) => !texts.every((text) => line.includes(text))).join('\n'), 'latin1');
}

function auditEntries(ca: string): { event: string; serialNumber: string; recovered?: boolean }[] {
  const lines = readFileSync(join(ca, 'audit.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as { event: string; serialNumber: string; recovered?: boolean });
}
