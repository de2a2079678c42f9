/**
 * A PKI directory belongs to nobody: after any mixture of ours, ovs-pki and `openssl ca` all three go on working on it.
 * Each sequence is data; what must be true after each of them is in test/support/directory-checks.ts.
 */

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkThatAllGoOn } from '../support/directory-checks.js';
import { rsaKeyFile } from '../support/keys.js';
import { type Playground, takeStep } from '../support/mixed-steps.js';
import { allBeginnings, type Beginning, beginPki, makeRequest, opensslCa, ours, oursWell } from '../support/pki.js';
import { runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';
import { takingTurns } from '../support/turns.js';

interface Sequence {
  readonly title: string;
  readonly begun: readonly Beginning[];
  readonly steps: readonly string[];
}

const sequences: readonly Sequence[] = [
  {
    title: 'all three sign in turn',
    begun: ['ours', 'ours with EC keys', 'ovs-pki'],
    steps: ['ours req+sign -u a', 'ovs-pki req+sign -u b', 'admin request c d', 'openssl in c', 'ours sign d'],
  },
  {
    title: 'all three sign for switches and for controllers',
    begun: ['ours', 'ovs-pki'],
    steps: [
      'ovs-pki req+sign a controller',
      'ours req+sign b controller',
      'admin request c d e',
      'openssl in c controller',
      'ovs-pki sign d',
      'ours sign e',
    ],
  },
  {
    title: 'each of the two signs what the other has requested, with and without a unique name',
    begun: ['ours', 'ovs-pki'],
    steps: [
      ...['ours req -u a', 'ours req b', 'ovs-pki req -u c', 'ovs-pki req d'],
      ...['ovs-pki sign a', 'ovs-pki sign b', 'ours sign c d'],
    ],
  },
  {
    title: 'many at once, by openssl and by us',
    begun: ['ours', 'ovs-pki'],
    steps: [
      'admin request a b c d e f g',
      'openssl infiles a b c',
      'ours sign d e',
      'openssl infiles f',
      'ovs-pki sign g',
    ],
  },
  {
    title: 'EC keys in requests to each',
    begun: ['ours', 'ours with EC keys', 'ovs-pki'],
    steps: [
      'ours req+sign -u --key=ec a',
      'admin request --ec b',
      'ovs-pki sign b',
      'admin request --ec c',
      'ours sign c',
    ],
  },
  {
    title: 'openssl revokes what each of them has signed, and makes a list',
    begun: ['ours', 'ours with EC keys', 'ovs-pki'],
    steps: [
      'admin request a b c d',
      ...['ours sign a d', 'ovs-pki sign b', 'openssl in c'],
      ...['openssl revoke --keyCompromise a', 'openssl revoke b', 'openssl revoke --superseded c'],
      'openssl gencrl crl.pem',
    ],
  },
  {
    title: 'openssl revokes and no list is made',
    begun: ['ours', 'ovs-pki'],
    steps: [
      'admin request a b',
      'ours sign a',
      'openssl revoke a',
      'ours sign b',
      'openssl revoke --cessationOfOperation b',
    ],
  },
  {
    title: 'several lists, in crl.pem and in the folder crl',
    begun: ['ours', 'ovs-pki'],
    steps: [
      'admin request a b c',
      ...['ours sign a b c', 'openssl revoke a', 'openssl gencrl crl/first.pem'],
      ...['openssl revoke b', 'openssl gencrl crl/another.pem', 'openssl gencrl crl.pem'],
    ],
  },
  {
    title: 'a revoked certificate is followed by another one of the same name and key',
    begun: ['ours', 'ovs-pki'],
    steps: [
      ...['ours req+sign -u a', 'openssl revoke --superseded a', 'admin keeps a a-first', 'ours sign -f a'],
      ...['openssl revoke a', 'admin keeps a a-second', 'ovs-pki sign -f a'],
    ],
  },
  {
    title: 'expired certificates become rows in state E',
    begun: ['ours', 'ovs-pki'],
    steps: [
      'admin request a b c',
      ...['openssl expired a', 'openssl updatedb', 'ours sign b', 'openssl expired c', 'openssl updatedb'],
    ],
  },
  {
    title: 'a CA that outlives the two-digit years of its index',
    begun: ['ours until 2056'],
    steps: [
      ...['ours req+sign -u --days=10900 a d', 'openssl updatedb', 'admin request b c', 'openssl in b'],
      ...['openssl revoke a', 'openssl gencrl crl.pem', 'openssl expired c', 'openssl updatedb'],
    ],
  },
  {
    title: 'a key that ovs-pki or openssl has certified is refused under another name',
    begun: ['ours', 'ovs-pki'],
    steps: [
      ...['ours req+sign -u first', 'ovs-pki req+sign -u a', 'admin request-with-key-of a x', 'ours refuses x'],
      ...['admin request b c', 'openssl infiles b c', 'admin request-with-key-of c y', 'ours refuses x y'],
      ...['openssl revoke a', 'ours refuses x y'],
    ],
  },
  {
    title: 'a key is refused under another name also after the register of keys was deleted',
    begun: ['ours', 'ovs-pki'],
    steps: [
      ...['admin request a b', 'ours sign a', 'ovs-pki sign b', 'ours req+sign -u c', 'admin deletes keys'],
      ...['admin request-with-key-of a x', 'admin request-with-key-of b y', 'ours refuses x y'],
      ...['admin deletes keys/state', 'ours refuses x y'],
    ],
  },
  {
    title: 'the audit log, the register of keys and the lock are deleted',
    begun: ['ours', 'ovs-pki'],
    steps: [
      ...['ours req+sign -u a', 'admin deletes audit.log', 'ours req+sign -u b', 'admin deletes audit.log keys lock'],
      ...['openssl revoke a', 'ours req+sign -u c'],
    ],
  },
  {
    title: 'the files that openssl leaves beside its index are deleted',
    begun: ['ovs-pki'],
    steps: [
      ...['ovs-pki req+sign a', 'admin deletes index.txt.old serial.old index.txt.attr', 'ours req+sign -u b'],
      ...['openssl revoke b', 'admin deletes index.txt.attr.old index.txt.old'],
    ],
  },
  {
    title: 'a second CA stands after the first in cacert.pem',
    begun: ['ours', 'ours with EC keys', 'ovs-pki'],
    steps: [
      ...['ours req+sign -u a', 'admin appends-other-ca', 'ours req+sign -u b', 'ovs-pki req+sign -u c'],
      ...['openssl revoke a', 'openssl gencrl crl.pem'],
    ],
  },
  {
    title: 'the key of the CA is in PKCS #1 form',
    begun: ['ours', 'ovs-pki'],
    steps: ['ours req+sign -u a', 'admin converts-ca-key rsa', 'ours req+sign -u b', 'openssl revoke a'],
  },
  {
    title: 'the key of the CA is in SEC 1 form',
    begun: ['ours with EC keys'],
    steps: ['ours req+sign -u a', 'admin converts-ca-key ec', 'ours req+sign -u b', 'openssl revoke a'],
  },
  {
    title: 'certificates of version 1, as ovs-pki once made them, are there',
    begun: ['ovs-pki'],
    steps: [
      ...['admin request --no-san a b', 'openssl legacy a', 'ours req+sign -u c', 'openssl legacy b'],
      ...['admin request-with-key-of b x', 'ours refuses x'],
    ],
  },
  {
    title: 'ovs-pki puts new CA keys into the directory',
    begun: ['ours', 'ours with EC keys', 'ovs-pki'],
    steps: ['ours req+sign -u a', 'ovs-pki req+sign -u b', 'ovs-pki init -f', 'ours req+sign -u c'],
  },
];

const prepared = mkdtempSync(join(tmpdir(), 'ovs-pki-ts-test-'));

test.before('each kind of directory is made once, and copied for each sequence', async () => {
  for (const beginning of allBeginnings) {
    mkdirSync(join(prepared, beginning));
    await beginPki(join(prepared, beginning), beginning);
  }
});

test.after.always(() => rmSync(prepared, { recursive: true }));

/** ava begins all tests of a file at once, and each of these is a chain of processes: four chains at a time are enough. */
const oneOfFew = takingTurns(4);

for (const { title, begun, steps } of sequences) {
  for (const beginning of begun) {
    test(`${title}, in a directory begun by ${beginning}`, async (t) => {
      const folder = scratchFolder(t);
      await oneOfFew(async () => {
        await runWell('cp', ['-a', join(prepared, beginning, 'pki'), folder]);
        const playground: Playground = { folder, begunByUs: beginning !== 'ovs-pki', issued: new Map(), keysUsed: 0 };
        for (const step of steps) await takeStep(playground, step);
        await checkThatAllGoOn(t, playground);
      });
    });
  }
}

test('of two lists of the same second the one with the higher number counts', async (t) => {
  const folder = scratchFolder(t);
  const playground: Playground = { folder, begunByUs: true, issued: new Map(), keysUsed: 0 };
  const sameSecond = ['-crl_lastupdate', '260101000000Z', '-crl_nextupdate', '491231235959Z'];
  await runWell('cp', ['-a', join(prepared, 'ours', 'pki'), folder]);
  for (const step of ['admin request a', 'ours sign a']) await takeStep(playground, step);
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl.pem', ...sameSecond]);
  await takeStep(playground, 'openssl revoke a');
  await opensslCa(folder, 'switch', ['-gencrl', '-out', 'crl/next.pem', ...sameSecond]);
  // With the index alone it would be refused, too: take it away, as on a host that has only the certificates and lists.
  await takeStep(playground, 'admin deletes index.txt');
  const { status, stderr } = await ours(folder, ['verify', 'a']);
  t.is(status, 4);
  t.regex(stderr, /the certificate was revoked on/);
});

test('openssl ca, run by hand in a directory begun by us, keeps to our profile whatever a request asks for', async (t) => {
  const folder = scratchFolder(t);
  await runWell('cp', ['-a', join(prepared, 'ours', 'pki'), folder]);
  await makeRequest(folder, 'honest', rsaKeyFile(1));
  await makeRequest(folder, 'greedy', rsaKeyFile(2), {
    subjectAltName: true,
    more: ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign', 'extendedKeyUsage=codeSigning'],
  });
  await oursWell(folder, ['sign', '-b', 'honest']);
  const files = ['-in', `${folder}/greedy-req.pem`, '-out', `${folder}/greedy-cert.pem`];
  await opensslCa(folder, 'switch', files);
  const extensions = 'basicConstraints,keyUsage,extendedKeyUsage,authorityKeyIdentifier';
  const [ofHonest, ofGreedy] = await Promise.all(
    ['honest', 'greedy'].map((name) =>
      runWell('openssl', ['x509', '-in', `${name}-cert.pem`, '-noout', '-ext', extensions], { cwd: folder }),
    ),
  );
  t.is(sorted(ofGreedy), sorted(ofHonest));
  t.regex(ofGreedy ?? '', /CA:FALSE/);
});

/** Extensions have no order that matters. */
function sorted(text = ''): string {
  return text
    .split(/^(?=\S)/m)
    .sort()
    .join('');
}
