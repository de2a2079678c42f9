import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { oursWell } from '../support/pki.js';
import { runOurs, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const hex = /^(?:[0-9A-F]{2})+$/;
const colons = /^[0-9A-F]{2}(?::[0-9A-F]{2})+$/;

/** The form of what stands behind a key, in whatever document. */
const forms: Readonly<Record<string, RegExp>> = {
  serialNumber: hex,
  crlNumber: hex,
  notBefore: time,
  notAfter: time,
  thisUpdate: time,
  nextUpdate: time,
  crlNextUpdate: time,
  revokedAt: time,
  invalidityDate: time,
  modifiedAt: time,
  checkedAt: time,
  at: time,
  type: /^(?:switch|controller)(?:ca)?$/,
  reason: /^(?:unspecified|keyCompromise|CACompromise|superseded|certificateHold)$/,
  key: /^(?:RSA \d+|EC P-\d+)$/,
  keyIdentifier: colons,
  subjectKeyIdentifier: colons,
  authorityKeyIdentifier: colons,
  publicKeySha256: /^[0-9a-f]{64}$/,
  subject: /^[A-Za-z]+=[^/]+(?:, [A-Za-z]+=[^/]+)*$/,
  issuer: /^(?:[A-Za-z]+=[^/]+(?:, [A-Za-z]+=[^/]+)*|switch|self)$/,
  sha256: /^(?:[0-9a-f]{64}|[0-9A-F]{2}(?::[0-9A-F]{2}){31})$/,
  sha1: /^(?:[0-9a-f]{40}|[0-9A-F]{2}(?::[0-9A-F]{2}){19})$/,
  code: /^[A-Z_]+$/,
  command: /^[a-z+-]+$/,
  outcome: /^[a-z -]+$/,
};

const commands: readonly (readonly [line: string, ...keys: string[]])[] = [
  ['init -k ec', 'serialNumber', 'notAfter'],
  ['req -u -k ec a', 'modifiedAt'],
  ['sign -b a', 'serialNumber'],
  ['req+sign -u -k ec b c d', 'serialNumber', 'type'],
  ['self-sign -f a', 'serialNumber'],
  ['fingerprint a-req.pem', 'modifiedAt'],
  ['verify b', 'serialNumber'],
  ['renew b', 'serialNumber'],
  ['revoke b --reason superseded', 'revokedAt', 'reason'],
  ['revoke c --reason keyCompromise --at 2026-01-31', 'revokedAt', 'reason'],
  ['revoke d', 'revokedAt', 'reason'],
  ['crl', 'crlNumber', 'nextUpdate'],
  ['list', 'serialNumber', 'revokedAt', 'reason', 'invalidityDate'],
  ['show b a-req.pem a-privkey.pem pki/switchca/crl.pem', 'crlNumber', 'invalidityDate', 'reason', 'keyIdentifier'],
  ['check --warn 4000d', 'at', 'crlNextUpdate'],
  ['rollover status', 'serialNumber'],
  ['setup -k ec e', 'serialNumber', 'subject'],
  ['export e --format chain --out chain.pem', 'serialNumber', 'notAfter'],
  ['check --repair', 'type'],
  ['import controller --request request.pem --subject /C=DE/O=a/CN=b -k ec', 'subject', 'key'],
  ['passphrase switch --new-passphrase-file secret', 'outcome'],
  ['rollover prepare switch --pki-only --passphrase-file secret', 'serialNumber', 'subject'],
  ['import controller --ca-cert company.pem --ca-key company.key --force', 'serialNumber', 'subject', 'issuer'],
  ['distribute --to 127.0.0.1:1', 'code'],
];

const companyCa =
  'req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout company.key -out company.pem -subj /C=DE/O=x/CN=y -days 4000' +
  ' -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign';

test('the same thing has the same form in every JSON document', async (t) => {
  const folder = scratchFolder(t);
  const faults: string[] = [];
  writeFileSync(join(folder, 'secret'), 'correct horse\n', { mode: 0o600 });
  await runWell('openssl', companyCa.split(' '), { cwd: folder });
  for (const [line, ...keys] of commands) {
    const args = [...line.split(' '), '--dir', 'pki', '--log', 'log', '--json'];
    const { stdout } = await runOurs(args, { cwd: folder });
    const seen = new Set<string>();
    const look = (value: unknown, key: string): void => {
      if (Array.isArray(value)) for (const item of value) look(item, key);
      else if (typeof value === 'object' && value !== null) {
        for (const [name, inner] of Object.entries(value)) look(inner, name);
      } else if (typeof value === 'string') {
        seen.add(key);
        if (forms[key]?.test(value) === false) faults.push(`${line}: ${key} ${value}`);
        // A time under a name that is not in the table.
        if (/^\d{4}-\d\d-\d\d/.test(value) && !time.test(value)) faults.push(`${line}: ${key} ${value}`);
      }
    };
    look(JSON.parse(stdout), '');
    faults.push(...keys.filter((key) => !seen.has(key)).map((key) => `${line}: no ${key}`));
  }
  t.deepEqual(faults, []);
});

test('a CRL has one number and a revocation one reason and one time, whoever tells of it', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '-k', 'ec']);
  await oursWell(folder, ['req+sign', '-u', '-k', 'ec', 'a']);
  await oursWell(folder, ['revoke', 'a', '--reason', 'keyCompromise', '--at', '2026-01-31']);
  for (let count = 0; count < 10; count++) await oursWell(folder, ['crl']);
  const told = async (...args: string[]): Promise<Record<string, unknown>> =>
    JSON.parse((await runOurs([...args, '--dir', 'pki', '--log', 'log', '--json'], { cwd: folder })).stdout);
  const made = await told('crl');
  const shown = (await told('show', 'pki/switchca/crl.pem')) as {
    results: [{ contents: [{ crlNumber: string; entries: [Record<string, string>] }] }];
  };
  const [
    {
      contents: [crl],
    },
  ] = shown.results;
  t.is(crl.crlNumber, '0B');
  t.is(made['crlNumber'], '0B');
  const listed = (await told('list', '--state', 'revoked')) as { results: [Record<string, string>] };
  const { serialNumber, revokedAt, reason, invalidityDate } = listed.results[0];
  t.deepEqual(crl.entries, [{ serialNumber, revokedAt, reason, invalidityDate }] as unknown as typeof crl.entries);
});

test('a name has one form, whatever is in it, in the list as in the certificate', async (t) => {
  const folder = scratchFolder(t);
  for (const subject of [
    '/O=Müller \\/ Söhne, "AG"\\+<x>;/OU=#1',
    '/C=DE/O=a \\\\ b/OU=x=y/OU= z'.replace('= z', '=z '),
  ]) {
    await oursWell(folder, ['init', '--force', '-k', 'ec', '--subject', subject.trimEnd()]);
    await oursWell(folder, ['req+sign', '-u', '-f', '-k', 'ec', 'a']);
    const told = async (...args: string[]): Promise<string> =>
      (await runOurs([...args, '--dir', 'pki', '--log', 'log', '--json'], { cwd: folder })).stdout;
    const listed = JSON.parse(await told('list', 'switch', '--name', 'a')).results;
    const [{ certificate }] = JSON.parse(await told('verify', 'a')).results;
    t.deepEqual(
      listed.map((row: { subject: string }) => row.subject),
      [certificate.subject],
    );
  }
});
