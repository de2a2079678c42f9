/**
 * A third IKE daemon, which does not exist: what the project has to be told for one more. Who
 * imports this first has it among the daemons. Its program ipsec(8) and its
 * functions for hosts are in fakeswan.sh.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IkeDaemon } from '../../../src/deploy/ike/daemon.js';
import { ikeDaemons } from '../../../src/deploy/ike/daemons.js';
import { projectRoot } from '../programs.js';

const folder = '/etc/fakeswan';

/** The two parts of fakeswan.sh: what is installed on a host, and what our program sends. */
export function fakeswanText(part: 'program' | 'functions'): string {
  const [program = '', functions = ''] = readFileSync(
    join(projectRoot, 'test/support/fleet/fakeswan.sh'),
    'utf8',
  ).split(/^### .*\n/m);
  return part === 'program' ? program : functions;
}

const fakeswan: IkeDaemon = {
  name: 'fakeswan',
  label: 'Fakeswan',
  version: /Fakeswan ([\d.]+)/,
  versionPattern: '*Fakeswan*',
  places: { certs: folder, private: `${folder}/secret`, cacerts: `${folder}/trusted`, crls: `${folder}/revoked` },
  store: 'files',
  nssFolderOf: () => undefined,
  programs: [{ program: 'fakeswanctl', pack: 'fakeswan-tools', why: 'Fakeswan is told of everything with it' }],
  packages: () => ['fakeswan'],
  usualWith: [],
  otherForm: undefined,
  questions: () => 'probe ike-status ipsec summary\n',
  read: (answers, version) => ({
    version,
    running: answers.get('ike-status')?.status === 0,
    missing: undefined,
    connections: [],
    certificates: [],
    authorities: [],
    crls: [],
    plugins: answers.get('ike-status')?.text.split('\n'),
    nssFolder: undefined,
    listensAt: undefined,
  }),
  script: () => fakeswanText('functions'),
  lacks: ({ plugins }) =>
    plugins?.includes('no ciphers') === true
      ? { message: 'Fakeswan was built without ciphers', cure: 'apt-get install fakeswan-ciphers' }
      : undefined,
  ...{ readsEcKeys: true, checksExtKeyUsage: false, confinement: undefined, meetsStrangers: false, markStops: [] },
  ...{
    waitsForPeer: false,
    authenticatesAgain: () => 'never',
    triedUpTo: '1.2',
    renewalSeconds: { hold: 1, leave: 1 },
  },
  ...{ trustsFolder: true, noticesCrlLate: false, needsLocalIp: false, isReconciled: false, keepsConnections: false },
  encapsulation: 'ipsec_wrapped=yes',
  sayings: [],
  commands: {
    start: (connection) => `fakeswanctl begin ${connection}`,
    forget: (connection) => `fakeswanctl forget ${connection}`,
    trust: (file) => `fakeswanctl trust ${file}`,
    readCrl: (file) => `fakeswanctl distrust ${file}`,
    decryptKey: () => undefined,
  },
};

(ikeDaemons as readonly IkeDaemon[] as IkeDaemon[]).push(fakeswan);
