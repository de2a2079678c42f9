/**
 * strongSwan, with charon under the starter: what ovs-monitor-ipsec feeds by ipsec.conf.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import { fillTemplate } from '../../platform/templates.js';
import { installCommand } from '../system/system.js';
import { type IkeDaemon, ikeDaemonLabels } from './daemon.js';
import { readStrongswan } from './strongswan-answers.js';

/** Plugins that can do AES-GCM; Debian has the first three in libstrongswan-standard-plugins. */
const gcmPlugins: ReadonlySet<string> = new Set(['gcm', 'openssl', 'aesni', 'botan', 'wolfssl']);

// Not Debian's "strongswan": since 6.0 that brings charon-systemd, which ovs-monitor-ipsec cannot feed.
const debian = ['strongswan-starter', 'strongswan-charon', 'libstrongswan-standard-plugins'];
const packages = { apt: debian, dnf: ['strongswan'], zypper: ['strongswan-ipsec'], other: debian };
const pluginPackages = { apt: debian.slice(2), dnf: ['strongswan'], zypper: ['strongswan'], other: debian.slice(2) };

export const strongswan: IkeDaemon = {
  name: 'strongswan',
  label: ikeDaemonLabels.strongswan,
  version: /strongSwan(?: U?([\d.]+))?/i,
  versionPattern: '*trongSwan*',
  // AppArmor lets charon read below /etc/ipsec.d only.
  places: {
    certs: '/etc/ipsec.d/certs',
    private: '/etc/ipsec.d/private',
    cacerts: '/etc/ipsec.d/cacerts',
    crls: '/etc/ipsec.d/crls',
  },
  store: 'files',
  nssFolderOf: () => undefined,
  programs: [],
  packages: ({ packageManager }) => packages[packageManager],
  displaces: ['charon-systemd'],
  // In those of dnf its program is not called ipsec, and ovs-monitor-ipsec does not find it.
  usualWith: ['apt', 'zypper'],
  otherForm: 'swanctl',
  questions: () => fillTemplate('remote/ike/strongswan-facts.sh', {}),
  read: readStrongswan,
  script: () => fillTemplate('remote/ike/strongswan.sh', {}),
  lacks: ({ plugins }) =>
    plugins === undefined || plugins.some((name) => gcmPlugins.has(name))
      ? undefined
      : {
          message:
            'strongSwan has no plugin for AES-GCM (gcm, openssl or aesni), which the proposals of ovs-monitor-ipsec need',
          cure: (system) => `${installCommand(system, pluginPackages[system.packageManager])} && ipsec restart`,
        },
  readsEcKeys: false,
  checksExtKeyUsage: false,
  confinement: { profile: /charon.*\(enforce\)/, folder: '/etc/ipsec.d' },
  meetsStrangers: true,
  markStops: ['gre'],
  waitsForPeer: false,
  authenticatesAgain: () => 'with any peer',
  triedUpTo: '6.1',
  // charon as the end that answers takes the old IKE SA away ten seconds after the new one has come.
  renewalSeconds: { hold: 8, leave: 12 },
  trustsFolder: true,
  noticesCrlLate: false,
  needsLocalIp: false,
  isReconciled: false,
  keepsConnections: false,
  encapsulation: 'ipsec_forceencaps=yes',
  sayings: [
    {
      id: 'log-no-trusted-key',
      said: /no trusted (?:RSA|ECDSA)?\s?public key found/,
      message: 'strongSwan has no CA that it believes the certificate of the peer by',
      cure: 'ipsec rereadcacerts && ipsec listcacerts',
    },
  ],
  commands: {
    start: (connection) => shellCommand`ipsec up ${connection}`,
    forget: (connection) => shellCommand`ipsec stroke delete ${connection}`,
    trust: (file) =>
      file?.startsWith('/etc/ipsec.d/cacerts/') === true
        ? 'ipsec rereadcacerts'
        : shellCommand`cp ${file} /etc/ipsec.d/cacerts/ && ipsec rereadcacerts`,
    readCrl: () => 'ipsec rereadcrls && ipsec purgecrls',
    decryptKey: (file) =>
      shellCommand`(umask 077; openssl rsa -in ${file} -out ${file}.plain && mv ${file}.plain ${file} && ipsec rereadsecrets)`,
  },
};
