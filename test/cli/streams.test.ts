/** A single hyphen is standard output and standard input wherever a file is written or read; nowhere does it become a file. */

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ours, oursWell } from '../support/pki.js';
import { run, runOurs } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface Row {
  readonly line: string;
  readonly input?: string;
  /** What openssl reads of standard output. */
  readonly openssl?: string;
  readonly stdout?: RegExp;
  /** The code of the error, and the option that it names. */
  readonly refused?: RegExp;
}

const secret = 'correct horse battery';
const rows: readonly Row[] = [
  { line: 'crl --out -', openssl: 'crl -noout' },
  { line: 'crl controller --out=-', openssl: 'crl -noout' },
  { line: 'export a --format chain --out -', openssl: 'x509 -noout' },
  { line: 'export a --format key --out -', stdout: /./, refused: /\[USAGE\]/ },
  { line: 'export a --out a.p12 --passphrase-file -', input: `${secret}\n`, stdout: /^a\.p12: / },
  { line: 'import switch --request - --subject /O=a/CN=b -k ec', openssl: 'req -noout' },
  { line: 'rollover prepare controller --request - -k ec', openssl: 'req -noout' },
  { line: 'plan --out -', stdout: /^\{\n {2}"kind": "ovs-pki-ts plan"/ },
  { line: 'check --prometheus -', stdout: /^# HELP / },
  { line: 'show -', input: 'a-cert.pem', stdout: /^standard input: certificate\n/ },
  { line: 'sign - --as b --key-only -b', input: 'a-req.pem', refused: /\[REQUEST_REFUSED\]/ },
  { line: 'req -u -k ec --names -', input: 'c\nd\n', stdout: /made c-req\.pem[\s\S]*made d-req\.pem/ },
  { line: 'verify --names -', input: 'a\n', stdout: /^a-cert\.pem: OK\n$/ },
  { line: 'export a --out - --json', refused: /--out and --json \[USAGE\]/ },
  { line: 'status --to one.invalid --format dot --json', refused: /--format dot does not go with --json \[USAGE\]/ },
  { line: 'plan --out - --json', refused: /--out and --json \[USAGE\]/ },
  { line: 'check --prometheus - --nagios', refused: /--prometheus and --nagios \[USAGE\]/ },
  { line: 'show - --passphrase-file -', refused: /what is shown or signed and --passphrase-file \[USAGE\]/ },
  { line: 'sign --names - --passphrase-file -', refused: /--names and --passphrase-file \[USAGE\]/ },
  ...['--ca-cert', '--ca-key', '--chain', '--index', '--crl', '--certificates'].map((option) => ({
    line: `import switch --force ${option} -`,
    refused: new RegExp(`${option} does not read standard input \\[USAGE\\]`),
  })),
  { line: 'check --inventory -', refused: /--inventory does not read standard input \[USAGE\]/ },
  { line: 'plan --plan-key -', refused: /--plan-key does not read standard input \[USAGE\]/ },
  ...['verify', 'check', 'fingerprint', 'revoke', 'plan', 'apply'].map((command) => ({
    line: `${command} -`,
    refused: /there is no option - \[USAGE\]\n.*standard input is read by show and sign/,
  })),
];

const inventory = 'version: 1\nhosts:\n  a: {address: 192.0.2.1, ssh: "ssh://127.0.0.1:1"}\n';

test('a hyphen is a stream everywhere, or refused by name, and never a file', async (t) => {
  const folder = scratchFolder(t);
  await oursWell(folder, ['init', '--key=ec']);
  await oursWell(folder, ['req+sign', '-u', '--key=ec', 'a']);
  writeFileSync(join(folder, 'fleet.yaml'), inventory);
  for (const { line, input = '', openssl, stdout: wanted, refused } of rows) {
    const isFile = existsSync(join(folder, input)) && input !== '';
    const args = [...line.split(' '), '--dir', 'pki', '--log', 'log'];
    const { stdout, stderr, status } = await runOurs(args, {
      cwd: folder,
      input: isFile ? readFileSync(join(folder, input), 'utf8') : input,
    });
    if (refused !== undefined) t.regex(stderr, refused, line);
    else if (openssl !== undefined) {
      t.is((await run('openssl', openssl.split(' '), { input: stdout })).status, 0, `${line}: ${stderr}`);
      t.regex(stdout, /^-----BEGIN [\s\S]*-----END [A-Z0-9 ]*-----\n$/, line);
    } else t.regex(stdout, wanted ?? /^$/, `${line}: ${status} ${stderr}`);
    t.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('-')),
      [],
      line,
    );
  }
  t.is((await ours(folder, ['check'])).stderr, '', 'nothing of it has harmed the PKI');
});
