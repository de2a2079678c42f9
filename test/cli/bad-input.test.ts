import { createHash } from 'node:crypto';
import { cpSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { errorTable } from '../../src/errors.js';
import { init, nodePlatform, sign } from '../../src/index.js';
import { badInputs } from '../cases/bad-input.js';
import type { BadInput } from '../cases/bad-input-row.js';
import { hostKeyNumber } from '../cases/bad-requests.js';
import { readPem, rsaKeyFile } from '../support/keys.js';
import { type Run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { buildRequest, fixtureKey, hostName, requestPem } from '../support/x509.js';

/** Those with this in their title, where only some are of interest: `BAD_INPUTS=PKCS npx ava …`. */
const part = process.env['BAD_INPUTS'] ?? '';
/** Processes at once. */
const concurrency = 4;

test('Every bad input gets its error and leaves nothing behind', async (t) => {
  const template = scratchFolder(t);
  const rows = scratchFolder(t);
  await makeTemplate(template);
  const found: Record<string, string[]> = {};
  const queue = badInputs.filter(({ title }) => title.includes(part)).entries();
  const worker = async (): Promise<void> => {
    for (const [index, row] of queue) {
      const folder = join(rows, String(index));
      cpSync(template, folder, { recursive: true });
      row.make?.(folder);
      const faults = await faultsOf(row, folder);
      if (faults.length > 0) found[row.title] = faults;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  t.deepEqual(found, {});
});

test('The table holds more than a hundred bad inputs, each once, and meets every code that input can cause', (t) => {
  const titles = badInputs.map(({ title }) => title);
  t.is(new Set(titles).size, titles.length);
  t.true(badInputs.filter(({ code }) => code !== 'accepted').length >= 110);
  const met = new Set<string>(badInputs.map(({ code }) => code));
  // These need a person, another process or one that fails, a full disk or a missing program, and have tests of their own.
  const elsewhere = [
    'INTERRUPTED',
    'PKI_LOCKED',
    'PKI_CONTRADICTORY',
    'FINGERPRINT_REJECTED',
    'REQUEST_CHANGED',
    'ROLLOVER_LAGS',
    'RUN_AFTER_FAILED',
    'CA_REVOKED',
    'INTERNAL_ERROR',
  ];
  // And these need hosts: the tests of deployment in test/interop meet them.
  const onHosts = [
    ...['UNREACHABLE', 'KEY_UNKNOWN', 'LOGIN_REFUSED', 'SUDO_REFUSED', 'CONNECTION_LOST', 'TIMEOUT', 'LOCKED', 'UNFIT'],
    ...['STEP_FAILED', 'FACT_UNKNOWN', 'ANSWER_INVALID', 'PROOF_FAILED'],
  ].map((end) => `HOST_${end}`);
  // These need a token: test/interop/token-faults.test.ts meets them.
  const ofTokens = ['NOT_FOUND', 'KEY_NOT_FOUND', 'PIN_LOCKED', 'FAILED'].map((end) => `TOKEN_${end}`);
  const ofHosts = [...onHosts, 'PLAN_STALE', 'IDENTITY_AMBIGUOUS', 'IDENTITY_UNFIT', 'AUTH_METHODS_MIXED'];
  t.deepEqual(
    Object.keys(errorTable).filter((code) => !met.has(code)),
    Object.keys(errorTable).filter((code) => [...elsewhere, ...ofTokens, ...ofHosts].includes(code)),
  );
});

async function makeTemplate(folder: string): Promise<void> {
  const platform = nodePlatform();
  const pkiDirectory = join(folder, 'pki');
  await init(platform, { pkiDirectory, keySpec: { type: 'rsa', bits: 2048 }, days: 3650, force: false });
  for (const [host, number] of [
    ['host', hostKeyNumber],
    ['good', 2],
  ] as const) {
    writeFileSync(join(folder, `${host}-privkey.pem`), readPem(rsaKeyFile(number)), { mode: 0o600 });
    const request = buildRequest({ subject: hostName(host), signKey: fixtureKey(number) });
    writeFileSync(join(folder, `${host}-req.pem`), requestPem(request));
  }
  await sign(platform, { pkiDirectory, names: [join(folder, 'good')], type: 'switch', days: 365, force: false });
}

/** Everything that is not as it must be, in words. */
async function faultsOf(row: BadInput, folder: string): Promise<string[]> {
  const before = contentsOf(folder);
  const run = await runRow(row, folder, []);
  const faults = [...outputFaults(run, folder), ...verdictFaults(row, run)];
  if (row.code !== 'accepted') faults.push(...changes(before, contentsOf(folder)));
  if (row.rules !== undefined && row.rules.length > 0 && faults.length === 0)
    faults.push(...(await ruleFaults(row, folder)));
  return faults;
}

function runRow(
  { args = ['sign', '--batch', 'host'], standardInput }: BadInput,
  cwd: string,
  more: string[],
): Promise<Run> {
  const input = standardInput === undefined ? {} : { input: standardInput };
  // Before the operands, as the last --dir or --log counts; a row without a command gets no option either.
  const common = args.length === 0 ? [] : ['--dir', 'pki', '--log', 'log', ...more];
  return runOurs([...common, ...args], { cwd, ...input });
}

function verdictFaults({ code, args = ['sign'] }: BadInput, { status, signal, stdout, stderr }: Run): string[] {
  const told = { status, signal, codes: [...stderr.matchAll(/\[([A-Z_]+)\]$/gm)].map(([, found]) => found) };
  const wanted =
    code === 'accepted'
      ? { status: 0, signal: null, codes: [] }
      : { status: errorTable[code].exitStatus, signal: null, codes: [code] };
  const isFingerprint = /^[^\n]*-req\.pem\t[^\n]*\n\tfingerprint [0-9A-Fa-f]{40}\n$/.test(stdout);
  const mayShow = code === 'accepted' || (args.includes('sign') && isFingerprint);
  return [
    ...(JSON.stringify(told) === JSON.stringify(wanted)
      ? []
      : [`wanted ${JSON.stringify(wanted)}, got ${JSON.stringify(told)}: ${stderr.slice(0, 600)}`]),
    ...(stdout === '' || mayShow ? [] : [`standard output: ${stdout.slice(0, 200)}`]),
  ];
}

function outputFaults({ stdout, stderr }: Run, folder: string): string[] {
  const output = `${stdout}${stderr}`;
  const forbidden = [/^\s+at .*:\d+/m, /node:internal/, /-----BEGIN/, /undefined|\[object /, /[^\P{C}\n\t]/u];
  return [
    ...forbidden.filter((pattern) => pattern.test(output)).map((pattern) => `${pattern} in: ${output.slice(0, 400)}`),
    ...(secretsIn(folder).some((secret) => output.includes(secret)) ? ['a part of a private key is printed'] : []),
  ];
}

/** Every whole line of base64 of a private key in the folder, cut so that one in the middle of a line is found too. */
function secretsIn(folder: string): string[] {
  const places = ['host-privkey.pem', 'good-privkey.pem', 'host-req.pem', 'pki/switchca/private/cakey.pem'];
  return places
    .map((place) => join(folder, place))
    .filter((place) => (lstatSync(place, { throwIfNoEntry: false })?.size ?? Number.MAX_VALUE) < 2 ** 16)
    .filter((place) => lstatSync(place).isFile())
    .map((place) => readFileSync(place, 'latin1'))
    .filter((content) => content.includes('PRIVATE KEY'))
    .flatMap((content) => content.split('\n').filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)))
    .map((line) => line.slice(8, 32));
}

async function ruleFaults(row: BadInput, folder: string): Promise<string[]> {
  const { stdout } = await runRow(row, folder, ['--json']);
  const { results } = JSON.parse(stdout) as { results: { error?: { details: { reasons: { rule: string }[] } } }[] };
  const rules = results.flatMap(({ error }) => error?.details.reasons.map(({ rule }) => rule) ?? []);
  return rules.join() === row.rules?.join() ? [] : [`wanted the rules ${row.rules?.join()}, got ${rules.join()}`];
}

/** What each place holds. What may change with every run is left out: the log, the lock, what is made from the index. */
function contentsOf(folder: string): Map<string, string> {
  const contents = new Map<string, string>();
  for (const place of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (/^log$|(^|\/)(lock|keys|keys\/[^/]*)$/.test(place)) continue;
    const file = join(folder, place);
    contents.set(place, place.endsWith('audit.log') ? openIntents(file) : describePlace(file));
  }
  return contents;
}

function describePlace(place: string): string {
  const found = lstatSync(place);
  if (found.isSymbolicLink()) return readlinkSync(place);
  if (!found.isFile()) return 'not a file';
  const content = found.size > 2 ** 24 ? String(found.size) : readFileSync(place);
  return createHash('sha256').update(content).digest('hex');
}

/** An intent that came to nothing is written down and closed; one that stays open would be a change. */
function openIntents(auditLog: string): string {
  if (!lstatSync(auditLog).isFile()) return 'not a file';
  const text = readFileSync(auditLog, 'latin1');
  const count = (event: string): number => text.split(`"event":"${event}"`).length - 1;
  return String(count('intent') - count('recorded') - count('abandoned'));
}

function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const places = [...new Set([...before.keys(), ...after.keys()])];
  return places.filter((place) => before.get(place) !== after.get(place)).map((place) => `${place} has changed`);
}
