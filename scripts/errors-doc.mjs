// docs/errors.md, from the table of error codes: prints the page to standard output.
import { errorTable } from '../dist/errors.js';

const statusMeanings = {
  0: 'all is well',
  1: 'a bug of the program: please report it',
  2: 'usage: the command line is not one that the program takes',
  3: 'refused: what was asked for cannot be done',
  4: 'the answer is no: `verify` found a certificate that is not valid, `check`, `status` or `doctor` something due or wrong',
  5: 'the PKI directory is locked, damaged or absent',
  6: 'some host failed: it could not be reached, or not be changed as it was wanted',
  130: 'interrupted',
};

const codes = Object.entries(errorTable);
const rows = codes.map(([code, { exitStatus, meaning }]) => `| \`${code}\` | ${exitStatus} | ${meaning} |`);
const statuses = Object.entries(statusMeanings).map(([status, meaning]) => `| ${status} | ${meaning} |`);

process.stdout.write(`# Errors and exit statuses

<!-- Made by "npm run docs:errors" from src/errors.ts; a test holds it against that table. -->

An error is two lines on standard error, what is wrong and what to do about it, with a code that stays the same when
the words change:

    ovs-pki-ts: error: host_1-cert.pem already exists [FILE_EXISTS]
    ovs-pki-ts: hint: choose another name, or give --force to replace it

With \`--json\` it stands in the document as \`code\`, \`message\`, \`hint\` and \`details\`; the library throws it as an
\`OvsPkiError\`, or returns it as the result of the one name that it concerns. Where several names have been given and
some were refused, the exit status is that of the first refusal; where hosts are worked on, it is 6, or 1
where a bug of ours showed at one of them.

## Exit statuses

| status | meaning |
|---|---|
${statuses.join('\n')}

## Codes

| code | exit status | meaning |
|---|---|---|
${rows.join('\n')}
`);
