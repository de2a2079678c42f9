/** Folders and files of hosts that are not as they should be, and tunnels that stand in the way. */

import * as faults from '../support/fleet/faults.js';
import { type DeployFault, edited, onHost1, scriptOnHost1 } from './deploy-fault.js';

const [certs, keys, authorities] = ['/etc/ipsec.d/certs', '/etc/ipsec.d/private', '/etc/ipsec.d/cacerts'];

export const faultsOfPlaces: readonly DeployFault[] = [
  ...[certs, keys, authorities].flatMap((folder): DeployFault[] => [
    {
      title: `the disk is full: ${folder}`,
      begin: 'bare',
      make: onHost1(faults.diskFull(folder)),
      codes: ['HOST_STEP_FAILED'],
      says: new RegExp(`host_1: it could not be prepared: .*${folder}/.*could not be written: is the disk full`),
      hints: /what it had is in force; when the cause is mended, run the command again/,
      tunnelWaits: true,
    },
    {
      title: `a folder is read-only: ${folder}`,
      begin: 'bare',
      make: onHost1(faults.readOnly(folder)),
      codes: ['HOST_STEP_FAILED'],
      says: new RegExp(`${folder}/.*could not be written: is the disk full or read-only`),
      hints: /when the cause is mended, run the command again/,
      tunnelWaits: true,
    },
    {
      title: `root may not look into a folder: ${folder}`,
      make: onHost1(faults.unreadable(folder)),
      codes: ['HOST_FACT_UNKNOWN'],
      says: new RegExp(`host_1: .*could not be read: .*${folder}.*Permission denied`),
      hints: /doctor --to root@host_1/,
    },
    {
      title: `root may not look into a folder that nothing points to yet: ${folder}`,
      begin: 'bare',
      make: onHost1(faults.unreadable(folder)),
      codes: ['HOST_FACT_UNKNOWN'],
      says: new RegExp(`host_1: .*could not be read: .*${folder}.*Permission denied`),
      hints: /doctor --to root@host_1/,
      tunnelWaits: true,
    },
  ]),
  {
    title: 'another key stands under our name of the key',
    make: scriptOnHost1(
      `cd ${keys} && openssl genrsa -out other 2048 2>/dev/null && mv other "$(echo host_1-*-privkey.pem)"`,
    ),
    exitStatus: 0,
    codes: [],
    says: /^$/,
    hints: /^$/,
    leaves: { host_1: 'new' },
  },
  {
    title: 'the key that the database names is gone',
    make: scriptOnHost1(`rm ${keys}/host_1-*-privkey.pem`),
    exitStatus: 0,
    codes: [],
    says: /^$/,
    hints: /^$/,
    leaves: { host_1: 'new' },
  },
  {
    title: 'the certificate that the database names is cut off',
    make: scriptOnHost1(`truncate -s 700 ${certs}/host_1-*-cert.pem`),
    exitStatus: 0,
    codes: [],
    says: /^$/,
    hints: /^$/,
    leaves: { host_1: 'new' },
  },
  ...[certs, keys].map(
    (folder): DeployFault => ({
      title: `the disk is full when a new generation comes: ${folder}`,
      make: onHost1(faults.diskFull(folder)),
      codes: ['HOST_STEP_FAILED'],
      says: /host_1: it could not be prepared: .*could not be written: is the disk full/,
      hints: /when the cause is mended, run the command again/,
    }),
  ),
  {
    title: 'a tunnel with a PSK is on the host',
    make: scriptOnHost1(
      'ovs-vsctl --no-wait add-br br-psk -- add-port br-psk other -- set Interface other type=gre options:remote_ip=198.51.100.9 options:psk=swordfish',
      'ovs-vsctl --no-wait del-br br-psk',
    ),
    codes: ['AUTH_METHODS_MIXED'],
    says: /host_1: the ports other use PSKs, and certificates are wanted/,
    hints: /move those ports to certificates too, or take them away/,
  },
  {
    title: 'the name of the port is taken by something else',
    begin: 'bare',
    // A name that nobody has given would be another one, which is free.
    make: async (scene) => {
      const named = (text: string) => text.replace(/^( *)- between: .*$/m, '$&\n$1  port: tun');
      const back = await edited(scene.folder, 'fleet.yaml', named);
      const cure = await scriptOnHost1(
        'ovs-vsctl --no-wait add-br br-ipsec -- add-port br-ipsec tun -- set Interface tun type=internal',
        'ovs-vsctl --no-wait del-br br-ipsec',
      )(scene);
      return async () => {
        await back();
        await cure();
      };
    },
    codes: ['HOST_UNFIT'],
    says: /host_1: the port tun is of type internal, not gre/,
    hints: /choose another name for the port/,
    tunnelWaits: true,
  },
];
