/**
 * Random histories of a CA: what is done to it, what happens to its files, and what must stay true. What is known of its
 * revocations is read here without the code under test.
 */

import { cpSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  check,
  crl,
  importCa,
  nodePlatform,
  OvsPkiError,
  prepareRollover,
  type ReasonCode,
  renew,
  repair,
  reqSign,
  retireRollover,
  revoke,
  switchRollover,
  undoRollover,
} from '../../src/index.js';
import { decodeCrlsPem } from '../../src/pki/crl.js';
import { killedAt } from './fault.js';
import { runWell } from './programs.js';
import { type Chance, chance } from './random.js';

const platform = nodePlatform();
const keySpec = { type: 'ec', curve: 'P-256' } as const;
const type = 'switch' as const;
const names = ['a', 'b', 'c', 'd'] as const;
const final: readonly (ReasonCode | undefined)[] = ['keyCompromise', 'superseded', 'cessationOfOperation', undefined];

/** What the folders are that a history begins with. */
export interface Beginnings {
  /** A PKI directory with CAs that signed themselves. */
  readonly own: string;
  /** One with the CA of a company, beside which lie its key, its root and other certificates for its key. */
  readonly company: string;
  readonly renewed: readonly string[];
  readonly companyKey: string;
  readonly root: string;
}

interface World {
  readonly folder: string;
  readonly pki: string;
  readonly ca: string;
  readonly random: Chance;
  readonly beginnings: Beginnings;
  readonly isCompany: boolean;
  /** Serial numbers that are revoked, or on hold. */
  readonly revoked: Set<string>;
  lastNumber: bigint;
  readonly steps: string[];
  /** Every content that a file of the CA has had; undefined where it was not there. */
  readonly states: Map<string, (string | undefined)[]>;
}

/** One history, in a folder of its own. Throws with its steps where something is not as it must be. */
export async function liveThrough(
  folder: string,
  beginnings: Beginnings,
  seed: number,
  asks: { readonly openssl: boolean; readonly ovsPki: boolean },
): Promise<void> {
  const random = chance(seed);
  const isCompany = random.next() < 0.5;
  const pki = join(folder, 'pki');
  cpSync(isCompany ? beginnings.company : beginnings.own, pki, { recursive: true, verbatimSymlinks: true });
  const world: World = {
    ...{ folder, pki, ca: join(pki, 'switchca'), random, beginnings, isCompany },
    ...{ revoked: new Set<string>(), lastNumber: -1n, steps: [], states: new Map<string, (string | undefined)[]>() },
  };
  try {
    remember(world);
    await issue(world);
    for (let step = 0; step < 10; step++) await oneStep(world);
    await settle(world);
    await makeCrl(world);
    if (asks.openssl) await askOpenssl(world);
    if (asks.ovsPki) await askOvsPki(world);
  } catch (error) {
    throw new Error(`history ${seed}: ${world.steps.join('; ')}: ${String(error)}`, { cause: error });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneStep(world: World): Promise<void> {
  const [name, action] = pick(world, actionsOf(world));
  const isKilled = name !== 'restore' && world.random.next() < 0.3;
  world.steps.push(isKilled ? `${name}, killed` : name);
  if (isKilled) {
    await killedAt(1 + Math.floor(world.random.next() * 40), () => action(world).catch(unlessRefused));
    // The next process finds the locks of one that is dead.
    for (const place of ['pki/switchca/lock', 'pki/controllerca/lock', '.ovs-pki-ts.lock']) {
      rmSync(join(world.folder, place), { recursive: true, force: true });
    }
    note(world);
    await settle(world);
  } else await action(world).catch(unlessRefused);
  note(world);
  remember(world);
}

type Action = (world: World) => Promise<unknown>;

function actionsOf({ isCompany }: World): (readonly [string, Action])[] {
  const own: (readonly [string, Action])[] = [
    ['prepare', ({ pki }) => prepareRollover(platform, { pkiDirectory: pki, type, days: 30 })],
    ['switch', ({ pki }) => switchRollover(platform, { pkiDirectory: pki, type })],
    ['back', ({ pki }) => undoRollover(platform, { pkiDirectory: pki, type })],
    ['retire', ({ pki }) => retireRollover(platform, { pkiDirectory: pki, type, force: true })],
  ];
  return [
    ['issue', issue],
    ['renew', renewOne],
    ['revoke', (world) => revokeOne(world, pick(world, final))],
    ['revoke', (world) => revokeOne(world, pick(world, final))],
    ['hold', (world) => revokeOne(world, 'certificateHold')],
    ['release', releaseOne],
    ['crl', makeCrl],
    ['crl', makeCrl],
    ['restore', restore],
    ['restore', restore],
    ['restore', restore],
    ...(isCompany ? ([['import', importRenewed]] as const) : own),
  ];
}

async function issue({ pki, folder, random }: World): Promise<void> {
  const name = names[Math.floor(random.next() * names.length)] as string;
  const order = { pkiDirectory: pki, type, days: 20, names: [join(folder, name)] };
  await reqSign(platform, { ...order, keySpec, unique: true, force: true });
}

async function renewOne({ pki, folder, random }: World): Promise<void> {
  const file = join(folder, names[Math.floor(random.next() * names.length)] as string);
  const order = { pkiDirectory: pki, type, days: 20, names: [file], dueWithinMs: undefined, keySpec: undefined };
  await renew(platform, { ...order, rekey: false, revokeOld: random.next() < 0.5 });
}

async function revokeOne({ pki, random }: World, reason: ReasonCode | undefined): Promise<void> {
  const name = names[Math.floor(random.next() * names.length)] as string;
  const order = { pkiDirectory: pki, type, serialNumbers: [], invalidityDate: undefined };
  await revoke(platform, { ...order, names: [name], reason });
}

async function releaseOne({ pki, ca, random, revoked }: World): Promise<void> {
  const held = rowsOf(ca).filter(([, , column = '']) => column.endsWith('certificateHold'));
  const serial = held[Math.floor(random.next() * held.length)]?.[3];
  if (serial === undefined) return;
  const order = { pkiDirectory: pki, type, names: [], reason: undefined, invalidityDate: undefined, release: true };
  // From the moment at which it is ordered a list need not have it any more.
  revoked.delete(serial);
  await revoke(platform, { ...order, serialNumbers: [serial] });
}

async function importRenewed({ pki, beginnings, random }: World): Promise<void> {
  const certificateFile = beginnings.renewed[Math.floor(random.next() * beginnings.renewed.length)] as string;
  const { companyKey: privateKeyFile, root: chainFile } = beginnings;
  await importCa(platform, { pkiDirectory: pki, type, certificateFile, privateKeyFile, chainFile, force: true });
}

/** The list that is made has all that is revoked, and a number that none had. */
async function makeCrl(world: World): Promise<void> {
  const made = await crl(platform, { pkiDirectory: world.pki, type, days: 10, out: undefined });
  const [list] = decodeCrlsPem(readFileSync(made.file, 'latin1'), made.file);
  const forgotten = [...world.revoked].filter((serial) => !list.revoked.has(serial));
  if (forgotten.length > 0) throw new Error(`CRL ${made.crlNumber} forgets ${forgotten.join(', ')}`);
  if ((list.crlNumber ?? -1n) <= world.lastNumber) throw new Error(`CRL ${made.crlNumber} after ${world.lastNumber}`);
  world.lastNumber = list.crlNumber ?? -1n;
}

/** One file is put back as it was once; then the program names what contradicts, makes no bad list, and puts it right. */
async function restore(world: World): Promise<void> {
  const older = [...world.states].flatMap(([file, contents]) => {
    if (isLink(join(world.ca, file))) return [];
    const now = contentOf(join(world.ca, file));
    return contents.filter((content) => content !== now).map((content) => ({ file, content }));
  });
  const chosen = older[Math.floor(world.random.next() * older.length)];
  if (chosen === undefined) return;
  const { file } = chosen;
  // One that was cut is of no time at all, but neither is what a full disk leaves.
  const isCut = !['cacert.pem', 'ca.cnf'].includes(file) && world.random.next() < 0.2;
  const content = isCut ? chosen.content?.slice(0, world.random.next() * chosen.content.length) : chosen.content;
  world.steps[world.steps.length - 1] = `${isCut ? 'cut' : 'restore'} ${file}`;
  const before = contentOf(join(world.ca, file));
  put(join(world.ca, file), content);
  // Whose release is in the log was released by name, and what the log does not have is not known to anybody.
  if (file === 'audit.log') for (const serial of releasedHolds(world)) world.revoked.delete(serial);
  await requireNamed(world, file);
  try {
    await makeCrl(world);
  } catch (error) {
    if (!(error instanceof OvsPkiError) || !refusals.includes(error.code)) throw error;
    // No other file has the certificate of the CA: it is put back by hand.
    if (file === 'cacert.pem') put(join(world.ca, file), before);
  }
  await settle(world);
  const lost = [...world.revoked].filter((serial) => !revokedIn(world.ca).has(serial));
  if (lost.length > 0) throw new Error(`not revoked after the repair: ${lost.join(', ')}`);
}

const refusals: readonly string[] = ['PKI_CONTRADICTORY', 'KEY_MISMATCH', 'PKI_CORRUPT'];

/** What the older file does not know, and is known here, is named. */
async function requireNamed(world: World, file: string): Promise<void> {
  const rules = await rulesNamed(world);
  const need = (rule: string, isWrong: boolean): void => {
    if (isWrong && rules?.has(rule) === false)
      throw new Error(`after ${file} was put back check does not name ${rule}`);
  };
  const index = new Set(rowsOf(world.ca).map(([, , , serial = '']) => serial));
  // A row that was cut behind its serial number can be read, or not: both are right.
  const unfinished = (contentOf(join(world.ca, 'index.txt')) ?? '').split('\n').at(-1)?.split('\t')[3];
  const isLost = (serial: string, known: ReadonlySet<string>): boolean => serial !== unfinished && !known.has(serial);
  need(
    'revocation-lost',
    [...world.revoked].some((serial) => isLost(serial, revokedIn(world.ca))),
  );
  need(
    'certificate-lost',
    copiesIn(world.ca).some((serial) => isLost(serial, index)),
  );
  const next = numberIn(world, 'crlnumber');
  need('number-missing', next === undefined || numberIn(world, 'serial') === undefined);
  need('config-missing', contentOf(join(world.ca, 'ca.cnf')) === undefined);
  need('crl-number-behind', next !== undefined && next <= world.lastNumber);
  need('crl-older', file === 'crl.pem' && world.lastNumber >= 0n && numberOf(world.ca) < world.lastNumber);
}

/** As openssl reads it, which wants digits in pairs. */
function numberIn({ ca }: World, file: string): bigint | undefined {
  const text = contentOf(join(ca, file))?.trimEnd() ?? '';
  return /^([0-9A-F]{2})+$/i.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** Undefined where all is refused because a file that is needed is gone or damaged, as it is. */
async function rulesNamed({ pki }: World): Promise<Set<string> | undefined> {
  try {
    const { reasons } = await check(platform, { pkiDirectory: pki, type, warnMs: 0, criticalMs: 0 });
    return new Set<string>(reasons.map(({ rule }) => rule));
  } catch (error) {
    if (error instanceof OvsPkiError && ['PKI_CORRUPT', 'KEY_MISMATCH'].includes(error.code)) return undefined;
    throw new Error(`check: ${String(error)}`, { cause: error });
  }
}

function numberOf(ca: string): bigint {
  if (contentOf(join(ca, 'crl.pem')) === undefined) return -1n;
  return decodeCrlsPem(readFileSync(join(ca, 'crl.pem'), 'latin1'), 'crl.pem')[0].crlNumber ?? -1n;
}

/** What an operator does after a kill or a restore. */
async function settle({ pki }: World): Promise<void> {
  await repair(platform, { pkiDirectory: pki, type });
}

/** What is revoked now: everything that the index or the CRL says after a step. */
function note(world: World): void {
  for (const serial of revokedIn(world.ca)) world.revoked.add(serial);
  // A release that was killed before it was made has not been made.
}

function remember({ ca, states }: World): void {
  for (const file of new Set([...filesOf(ca), ...states.keys()])) {
    if (isLink(join(ca, file))) continue;
    const content = contentOf(join(ca, file));
    const known = states.get(file) ?? (isThereFromTheStart(file) ? [] : [undefined]);
    if (!known.includes(content)) states.set(file, [...known, content]);
  }
}

function isThereFromTheStart(file: string): boolean {
  return file === 'cacert.pem';
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function put(file: string, content: string | undefined): void {
  if (content === undefined) rmSync(file, { force: true });
  else writeFileSync(file, Buffer.from(content, 'latin1'));
}

/** The files that somebody could put back: neither keys nor locks, and no link of a rollover. */
function filesOf(ca: string): string[] {
  const top = ['index.txt', 'index.txt.attr', 'serial', 'crlnumber', 'crl.pem', 'audit.log', 'index.txt.old', 'ca.cnf'];
  const inside = ['keys', 'newcerts', 'crl'].flatMap((folder) =>
    contentsOf(join(ca, folder)).map((name) => join(folder, name)),
  );
  return [...top, 'cacert.pem', ...inside];
}

function contentsOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function contentOf(file: string): string | undefined {
  try {
    return lstatSync(file).isFile() ? readFileSync(file, 'latin1') : undefined;
  } catch {
    return undefined;
  }
}

/** On hold in the index, and released by the last thing that the log says of them. */
function releasedHolds({ ca }: World): string[] {
  // A line that was cut says nothing.
  const lines = (contentOf(join(ca, 'audit.log')) ?? '').split('\n').filter((line) => line.endsWith('}'));
  const columns = new Map<string, string>();
  const last = new Map<string, string | undefined>();
  for (const line of lines) {
    const { action, event, serialNumber, revoked } = JSON.parse(line) as Record<string, string>;
    if (serialNumber === undefined || (action !== 'revoke' && action !== 'release')) continue;
    if (event === 'intent') columns.set(`${action} ${serialNumber}`, revoked as string);
    else if (event === 'recorded')
      last.set(serialNumber, action === 'release' ? columns.get(`release ${serialNumber}`) : undefined);
  }
  return rowsOf(ca).flatMap(([state, , column, serial = '']) =>
    state === 'R' && last.get(serial) === column ? [serial] : [],
  );
}

function rowsOf(ca: string): string[][] {
  const text = contentOf(join(ca, 'index.txt')) ?? '';
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('\t'));
}

function revokedIn(ca: string): Set<string> {
  return new Set(rowsOf(ca).flatMap(([state, , , serial = '']) => (state === 'R' ? [serial] : [])));
}

function copiesIn(ca: string): string[] {
  return contentsOf(join(ca, 'newcerts')).flatMap((name) => /^([0-9A-F]+)\.pem$/.exec(name)?.[1] ?? []);
}

async function askOpenssl({ ca, revoked }: World): Promise<void> {
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-gencrl', '-out', 'crl.pem'], { cwd: ca });
  const [list] = decodeCrlsPem(readFileSync(join(ca, 'crl.pem'), 'latin1'), 'crl.pem');
  const forgotten = [...revoked].filter((serial) => !list.revoked.has(serial));
  if (forgotten.length > 0) throw new Error(`openssl does not know of ${forgotten.join(', ')}`);
  await runWell('openssl', ['ca', '-config', 'ca.cnf', '-updatedb'], { cwd: ca });
}

/** The last word is that of ovs-pki, which signs a request in this directory. */
async function askOvsPki({ folder, pki, ca }: World): Promise<void> {
  const request = contentsOf(folder).find((name) => name.endsWith('-req.pem')) as string;
  cpSync(join(folder, request), join(folder, 'last-req.pem'));
  const before = rowsOf(ca).length;
  await runWell('ovs-pki', ['-b', `--dir=${pki}`, '--log=/dev/null', 'sign', 'last', type], { cwd: folder });
  if (rowsOf(ca).length !== before + 1) throw new Error('ovs-pki has added no row');
}

/** That a step is refused is as good: it is what the history has come to. */
function unlessRefused(error: unknown): void {
  if (!(error instanceof OvsPkiError) || error.code === 'PKI_LOCKED') throw error;
}

function pick<T>({ random }: { readonly random: Chance }, from: readonly T[]): T {
  return from[Math.floor(random.next() * from.length)] as T;
}
