/**
 * libreswan, with pluto over a database of NSS that ovs-monitor-ipsec fills.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import { serviceCommand } from '../system/system.js';
import { type IkeDaemon, ikeDaemonLabels } from './daemon.js';
import { newestLibreswan, readLibreswan } from './libreswan-answers.js';
import { isOlder } from './version.js';

/** `ipsec auto` went with libreswan 5; a version that is not known is taken for the one that most hosts have. */
const isFive = (version: string): boolean => /^\d/.test(version) && !isOlder(version, '5');

const usualNssFolder = '/var/lib/ipsec/nss';

export const libreswan: IkeDaemon = {
  name: 'libreswan',
  label: ikeDaemonLabels.libreswan,
  version: /Libreswan(?: (\S+))?/i,
  versionPattern: '*ibreswan*',
  // ovs-monitor-ipsec imports from there; /etc/ipsec.d may be the NSS database itself.
  places: { certs: '/etc/keys', private: '/etc/keys', cacerts: '/etc/keys', crls: '/etc/keys' },
  store: 'nss',
  nssFolderOf: (version) => (/^\d/.test(version) && isOlder(version, '4') ? '/etc/ipsec.d' : usualNssFolder),
  programs: [
    { program: 'certutil', pack: 'libnss3-tools', why: 'ovs-monitor-ipsec brings certificates into NSS with it' },
    { program: 'pk12util', pack: 'libnss3-tools', why: 'ovs-monitor-ipsec brings keys into NSS with it' },
    {
      program: 'crlutil',
      pack: 'libnss3-tools',
      why: 'libreswan gets the list of revoked certificates with it',
      onlyFor: 'crl',
    },
  ],
  packages: () => ['libreswan', 'libnss3-tools'],
  usualWith: ['dnf'],
  otherForm: undefined,
  questions: () => fillTemplate('remote/ike/libreswan-facts.sh', {}),
  read: readLibreswan,
  script: (version) => fillTemplate('remote/ike/libreswan.sh', { generation: isFive(version) ? '5' : '4' }),
  lacks: () => undefined,
  readsEcKeys: true,
  checksExtKeyUsage: true,
  confinement: undefined,
  meetsStrangers: false,
  markStops: [],
  waitsForPeer: true,
  // The event that sets it off is gone since 5.0.
  authenticatesAgain: (version) => (isFive(version) ? 'never' : 'with its like'),
  triedUpTo: newestLibreswan,
  // The old IKE SA is taken down by us, and what pluto does before takes longer than in charon.
  renewalSeconds: { hold: 20, leave: 21 },
  trustsFolder: false,
  noticesCrlLate: true,
  needsLocalIp: true,
  isReconciled: true,
  keepsConnections: true,
  encapsulation: 'ipsec_encapsulation=yes',
  sayings: [
    {
      id: 'log-no-ca-in-nss',
      said: /no Certificate Authority in NSS Certificate DB/,
      needsCa: true,
      message:
        'libreswan had no CA when it first looked, and goes on with that: a CA that came later is seen only after a restart',
      cure: (system) =>
        `${serviceCommand(system, 'restart', 'ipsec')} && ${serviceCommand(system, 'restart', 'openvswitch-ipsec')}`,
    },
    {
      id: 'log-cannot-identify',
      said: /we cannot identify ourselves/,
      message: 'libreswan does not find its own address among those of the connection',
      cure: 'ovs-vsctl --columns=name,options list Interface',
    },
  ],
  commands: {
    listen: 'ipsec whack --listen',
    start: (connection, version) =>
      isFive(version) ? shellCommand`ipsec start ${connection}` : shellCommand`ipsec auto --start ${connection}`,
    forget: (connection, version) =>
      isFive(version) ? shellCommand`ipsec delete ${connection}` : shellCommand`ipsec auto --delete ${connection}`,
    trust: (file, nssFolder = usualNssFolder) =>
      shellCommand`certutil -A -a -i ${file} -d sql:${nssFolder} -n ovs_cert_cacert -t CT,,`,
    readCrl: (file, nssFolder = usualNssFolder) =>
      [
        shellCommand`openssl crl -in ${file} -outform DER -out ${file}.der`,
        shellCommand`crlutil -I -i ${file}.der -d sql:${nssFolder}`,
        shellCommand`rm ${file}.der`,
      ].join(' && '),
    decryptKey: () => undefined,
  },
};
