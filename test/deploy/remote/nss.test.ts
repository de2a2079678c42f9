/** What the scripts do to libreswan's database, with the real tools of NSS and a stand-in for ipsec(8). */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { libreswan } from '../../../src/deploy/ike/libreswan.js';
import { distrustScript, dropOldKeysScript, rereadScript } from '../../../src/deploy/remote/ike-scripts.js';
import { forgetIdentityScript, placeFunctions } from '../../../src/deploy/remote/scripts.js';
import { rsaKeyFile } from '../../support/keys.js';
import { type Run, run, runWell } from '../../support/programs.js';
import { scratchFolder } from '../../support/scratch.js';

const ike = libreswan.script('4.10');
const nickname = 'ovs_certkey_host.1';
const caNickname = 'ovs_cert_cacert';

/** `up`: pluto answers; `refusing`: it does not take what it is to read again. */
type Pluto = 'up' | 'down' | 'refusing';

interface Host {
  readonly folder: string;
  /** Runs a script as it is run on a host. */
  sh(script: string, pluto?: Pluto): Promise<Run>;
  /** Points the links to one of the pairs, and has pluto read it. */
  reread(pair: number, pluto?: Pluto): Promise<Run>;
  /** The serial numbers of the certificates of a nickname, the one that counts first. */
  serials(name?: string): Promise<string[]>;
  /** How many private keys there are. */
  keys(): Promise<number>;
  /** What was asked of pluto. */
  calls(): string[];
}

/**
 * Pairs 1 to 4 of a CA, by the order in which their times begin, with links to the first; the second CA has the name of the
 * first and another key.
 */
async function makeHost(t: ExecutionContext, database: 'made' | 'missing' = 'made'): Promise<Host> {
  const folder = scratchFolder(t);
  const bin = join(folder, 'bin');
  const nss = join(folder, 'nss');
  mkdirSync(bin);
  mkdirSync(nss);
  if (database === 'made') await runWell('certutil', ['-N', '-d', `sql:${nss}`, '--empty-password']);
  writeFileSync(join(bin, 'ipsec'), ipsec(folder));
  chmodSync(join(bin, 'ipsec'), 0o755);
  await makePairs(folder);
  const env = { PATH: `${bin}:${process.env['PATH']}` };
  // In namespaces of its own, where the folder that is looked into without pluto is this one.
  const inside = `mount --bind ${nss} /etc/ipsec.d && exec sh -s`;
  const sh = (script: string, pluto: Pluto = 'up') =>
    run('unshare', ['--mount', 'sh', '-c', inside], { cwd: folder, input: script, env: { ...env, PLUTO: pluto } });
  const serials = async (name = nickname) => {
    const { stdout } = await run('certutil', ['-L', '-d', `sql:${nss}`, '-n', name]);
    return [...stdout.matchAll(/Serial Number: (\d+)/g)].map(([, serial = '']) => serial);
  };
  return {
    folder,
    sh,
    reread: (pair, pluto) => {
      const links = ['cert', 'key'].map((kind) => ({ path: join(folder, `${kind}.pem`), to: `${kind}-${pair}.pem` }));
      const paths = { certificate: join(folder, 'cert.pem'), private_key: join(folder, 'key.pem') };
      return sh(rereadScript(ike, 'host.1', links, paths), pluto);
    },
    serials,
    keys: async () => (await run('certutil', ['-K', '-d', `sql:${nss}`])).stdout.match(/^<.*>/gm)?.length ?? 0,
    calls: () => (existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').split('\n') : []),
  };
}

const ipsec = (folder: string): string => `#!/bin/sh
echo "$*" >>${folder}/calls
case $1 in
  --version) echo 'Linux Libreswan 4.10 (XFRM) on 6.1.0' ;;
  status) [ "$PLUTO" != down ] && echo '000 nssdir=${folder}/nss, dumpdir=/run/pluto, statsbin=unset' ;;
  whack) [ "$PLUTO" = up ] || { echo '027 reloading leftcert failed'; exit 1; } ;;
esac
`;

async function makePairs(folder: string): Promise<void> {
  const openssl = (...args: string[]) => runWell('openssl', args, { cwd: folder });
  for (const number of [1, 2]) {
    const key = ['-key', rsaKeyFile(10 + number), '-set_serial', String(70 + number)];
    await openssl('req', '-x509', ...key, '-subj', '/CN=CA', '-days', '9', '-out', `ca-${number}.pem`);
  }
  writeFileSync(join(folder, 'ca.cnf'), caConfiguration);
  writeFileSync(join(folder, 'serial'), '01\n');
  writeFileSync(join(folder, 'index'), '');
  writeFileSync(join(folder, 'index.attr'), 'unique_subject = no\n');
  for (const pair of [1, 2, 3, 4]) {
    await openssl('pkey', '-in', rsaKeyFile(pair), '-out', `key-${pair}.pem`);
    await openssl('req', '-new', '-key', `key-${pair}.pem`, '-subj', '/CN=host.1', '-out', 'req.pem');
    const time = ['-startdate', `260${pair}01000000Z`, '-enddate', '360101000000Z'];
    await openssl(
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-in', 'req.pem', '-out', `cert-${pair}.pem`, ...time],
    );
  }
}

const caConfiguration = `[ca]
default_ca = here
[here]
database = index
serial = serial
new_certs_dir = .
certificate = ca-1.pem
private_key = ${rsaKeyFile(11)}
default_md = sha256
policy = any
[any]
commonName = supplied
`;

test('a renewal brings the new pair beside the old one, and then takes the old key alone', async (t) => {
  const host = await makeHost(t);
  for (const pair of [1, 2, 3]) {
    const { status, stderr } = await host.reread(pair);
    t.is(status, 0, stderr);
    t.is((await host.serials())[0], String(pair));
  }
  t.is((await host.serials()).length, 3);
  t.is(await host.keys(), 3);
  t.is(host.calls().filter((call) => call === 'whack --rereadcerts').length, 3);
  t.is((await host.sh(dropOldKeysScript(ike, 'host.1'))).status, 0);
  t.is(await host.keys(), 1);
  t.is((await host.serials()).length, 3, 'nobody can say which of one nickname is to go');
  const kept = await host.sh(`pk12util -o out.p12 -n ${nickname} -d sql:nss -W '' -K ''
    openssl pkcs12 -in out.p12 -passin pass: -nodes -nocerts 2>/dev/null | openssl pkey -pubout | cmp - key-3.pub`);
  await runWell('openssl', ['pkey', '-in', 'key-3.pem', '-pubout', '-out', 'key-3.pub'], { cwd: host.folder });
  t.regex(kept.stdout, /EXPORT SUCCESSFUL/);
  t.is((await host.sh(dropOldKeysScript(ike, 'host.1'))).status, 0, 'again');
  t.is(await host.keys(), 1);
});

const walks: readonly { readonly title: string; readonly pairs: readonly number[] }[] = [
  { title: 'the way back leads to the pair of before', pairs: [1, 2, 1] },
  { title: 'a pair that is there already stays', pairs: [1, 2, 2] },
  { title: 'after the way back the new pair can come again', pairs: [1, 2, 1, 2] },
  { title: 'an older certificate counts when it is wanted, also among several', pairs: [3, 4, 1, 2] },
  { title: 'the first of four', pairs: [4, 3, 2, 1] },
];

for (const { title, pairs } of walks) {
  test(`${title}: ${pairs.join()}`, async (t) => {
    const host = await makeHost(t);
    for (const pair of pairs) {
      const { status, stderr } = await host.reread(pair);
      t.is(status, 0, stderr);
      t.is((await host.serials())[0], String(pair));
    }
    t.is((await host.sh(dropOldKeysScript(ike, 'host.1'))).status, 0);
    t.is(await host.keys(), 1);
    const certificate = join(host.folder, `cert-${pairs.at(-1)}.pem`);
    t.is((await host.serials())[0], (await serialOf(certificate)).toString());
    const exported = await host.sh(`pk12util -o out.p12 -n ${nickname} -d sql:nss -W '' -K '' >/dev/null
      openssl pkcs12 -in out.p12 -passin pass: -nodes -nocerts 2>/dev/null | openssl pkey -pubout
      openssl x509 -in ${certificate} -noout -pubkey`);
    const [first, second] = exported.stdout.split(/(?=-----BEGIN)/);
    t.truthy(first);
    t.is(first, second, 'its key is the one that has stayed');
  });
}

async function serialOf(certificate: string): Promise<number> {
  const serial = await runWell('openssl', ['x509', '-in', certificate, '-noout', '-serial']);
  return Number.parseInt(serial.replace('serial=', ''), 16);
}

const refusals: readonly {
  readonly title: string;
  readonly prepare: string;
  readonly pluto?: Pluto;
  readonly says: RegExp;
}[] = [
  { title: 'that does not take it', prepare: ':', pluto: 'refusing', says: /did not take the new certificate: 027/ },
  { title: 'without the new key', prepare: 'rm key-2.pem', says: /could not be put into the NSS database: / },
  {
    title: 'whose database is gone',
    prepare: 'mkdir away; mv nss/* away',
    says: /there is no NSS database in /,
  },
];

for (const { title, prepare, pluto = 'up', says } of refusals) {
  test(`a pluto ${title}: it is said, and the way back keeps what was good`, async (t) => {
    const host = await makeHost(t);
    t.is((await host.reread(1)).status, 0);
    await host.sh(prepare);
    const refused = await host.reread(2, pluto);
    t.is(refused.status, 1);
    t.regex(refused.stderr, says);
    t.notRegex(refused.stderr, /PRIVATE KEY/);
    await host.sh('[ ! -e away ] || mv away/* nss');
    const back = await host.reread(1);
    t.is(back.status, 0, back.stderr);
    t.is((await host.serials())[0], '1');
    t.is(await host.keys(), 1);
  });
}

test('a pluto that is down has the new pair when it starts; without a database there is nothing to do', async (t) => {
  const host = await makeHost(t);
  t.is((await host.reread(1)).status, 0);
  const down = await host.reread(2, 'down');
  t.is(down.status, 0, down.stderr);
  t.is((await host.serials())[0], '2');
  t.is(host.calls().filter((call) => call === 'whack --rereadcerts').length, 1);
  const missing = await makeHost(t, 'missing');
  const { status, stderr } = await missing.reread(2, 'down');
  t.is(status, 0, stderr);
  t.is(await missing.keys(), 0);
});

test('a certificate with another subject takes the nickname over', async (t) => {
  const host = await makeHost(t);
  t.is((await host.reread(1)).status, 0);
  const request = ['-key', 'key-2.pem', '-subj', '/O=Another/CN=host.1', '-set_serial', '9', '-out', 'cert-2.pem'];
  await runWell('openssl', ['req', '-x509', ...request], { cwd: host.folder });
  const { status, stderr } = await host.reread(2);
  t.is(status, 0, stderr);
  t.deepEqual(await host.serials(), ['9']);
  t.is(await host.keys(), 1);
});

test('trust in another CA of the name comes and goes, and what is trusted again is trusted once', async (t) => {
  const host = await makeHost(t);
  const trust = (number: number) => host.sh(`${placeFunctions()}\n${ike}\ntrust ca-${number}.pem\n`);
  for (const number of [1, 2, 2]) {
    const { status, stderr } = await trust(number);
    t.is(status, 0, stderr);
  }
  t.deepEqual((await host.serials(caNickname)).sort(), ['71', '72']);
  t.is(host.calls().filter((call) => call === 'whack --impair trigger:FREE_ROOT_CERTS').length, 3);
  const distrusted = await host.sh(`${placeFunctions()}\n${ike}\n${distrustScript(['ca-2.pem'])}`);
  t.is(distrusted.status, 0, distrusted.stderr);
  t.deepEqual(await host.serials(caNickname), ['72']);
  const shown = await runWell('certutil', ['-L', '-d', `sql:${host.folder}/nss`]);
  t.regex(shown, /^ovs_cert_cacert +CT,, *$/m);
});

/** What a database holds, but for the text around it. */
async function contentOf({ folder }: Host): Promise<string> {
  const database = ['-d', `sql:${folder}/nss`];
  const listed = await Promise.all([
    runWell('certutil', ['-L', ...database]),
    run('certutil', ['-K', ...database]).then(({ stdout }) => stdout.replace(/^certutil: .*\n/gm, '')),
    runWell('crlutil', ['-L', ...database]),
  ]);
  return listed.join('\n').replaceAll(/ +$/gm, '');
}

for (const isShared of [false, true]) {
  const title = isShared ? 'the CA that an operator has there stays, with its CRL' : 'nothing of it stays';
  test(`an identity with a renewed key, two CAs and their CRL is taken out of the database: ${title}`, async (t) => {
    const host = await makeHost(t);
    const database = ['-d', `sql:${host.folder}/nss`];
    const openssl = (...args: string[]) => runWell('openssl', args, { cwd: host.folder });
    if (isShared)
      await runWell('certutil', ['-A', '-a', '-i', 'ca-1.pem', '-n', 'my own CA', '-t', 'C,,', ...database], {
        cwd: host.folder,
      });
    const before = await contentOf(host);
    await openssl('ca', '-gencrl', '-config', 'ca.cnf', '-crldays', '9', '-out', 'crl.pem');
    const crl = readFileSync(join(host.folder, 'crl.pem'), 'latin1');
    await host.reread(1);
    await host.reread(2);
    const trusted = isShared ? '' : 'trust ca-1.pem\ntrust ca-2.pem\n';
    const made = await host.sh(`${placeFunctions()}\n${ike}\n${trusted}place_crl "$PWD/host-crl.pem" '${crl}'\n`);
    t.is(made.status, 0, made.stderr);
    const between = await contentOf(host);
    t.regex(between, /ovs_certkey_host\.1.* CRL/s);
    const leaving = { name: 'host.1', authorities: ['ca-1.pem', 'ca-2.pem'] };
    const gone = await host.sh(`${placeFunctions()}\n${ike}\n${forgetIdentityScript(leaving)}`);
    t.is(gone.status, 0, gone.stderr);
    const after = await contentOf(host);
    if (isShared) t.regex(after, /my own CA +C,,.*CRL names.*my own CA +CRL/s);
    else t.is(after, before);
    t.notRegex(after, /ovs_certkey|ovs_cert_cacert|leaving/);
    const again = await host.sh(`${placeFunctions()}\n${ike}\n${forgetIdentityScript(leaving)}`);
    t.deepEqual([again.status, await contentOf(host)], [0, after]);
  });
}

test('a file that is no CA is not trusted, and the script ends', async (t) => {
  const host = await makeHost(t);
  const { status, stderr } = await host.sh(`${placeFunctions()}\n${ike}\ntrust key-1.pem\necho went on`);
  t.is(status, 1);
  t.regex(stderr, /the NSS database sql:\S+nss does not take the CA key-1\.pem: /);
  t.notRegex(stderr, /PRIVATE KEY/);
});

test('a script that is killed while the key goes into the database leaves no PKCS #12 behind', async (t) => {
  const host = await makeHost(t);
  const at = (name: string): string => join(host.folder, name);
  mkdirSync(at('tmp'));
  // The key is in the file by now; then the shell is killed, as by a power cut.
  const killer = `#!/bin/sh
cat /proc/self/fd/8 >${at('seen')}
ls -A ${at('tmp')} >${at('there')}
kill -9 $MAIN $PPID
`;
  writeFileSync(at('bin/pk12util'), killer, { mode: 0o755 });
  const script = rereadScript(ike, 'host.1', [], { certificate: at('cert-1.pem'), private_key: at('key-1.pem') });
  const { status } = await host.sh(`export TMPDIR=${at('tmp')} MAIN=$$\n${script}`);
  t.not(status, 0);
  const pem = await run('openssl', ['pkcs12', '-in', at('seen'), '-passin', 'pass:', '-nodes']);
  t.regex(pem.stdout, /PRIVATE KEY/, 'it was there');
  t.is(readFileSync(at('there'), 'utf8'), '', 'without a name');
  t.deepEqual(readdirSync(at('tmp')), []);
});

test('the key of another host in the same database stays', async (t) => {
  const host = await makeHost(t);
  for (const pair of [1, 2]) t.is((await host.reread(pair)).status, 0);
  const other = `openssl req -x509 -key key-3.pem -subj /CN=hostx1 -out cert-3.pem
    openssl pkcs12 -export -in cert-3.pem -inkey key-3.pem -out o.p12 -name ovs_certkey_hostx1 -passout pass:
    pk12util -i o.p12 -d sql:nss -W ''`;
  await host.sh(other);
  t.is(await host.keys(), 3);
  t.is((await host.sh(dropOldKeysScript(ike, 'host.1'))).status, 0);
  t.is(await host.keys(), 2);
});
