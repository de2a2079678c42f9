/**
 * Rules about what must be installed and running on a host.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';
import { knownValue } from '../facts/fact.js';
import { fitnessRules } from '../fitness/rules.js';
import { ovsCtl, ovsScripts, type SystemFact } from '../system/system.js';
import { configOf, daemonOf, type Rule, usesCertificates } from './rule.js';

const fitness = fitnessRules.map(
  ({ find, ...rule }): Rule => ({
    ...rule,
    find: (host) => find({ facts: host.facts, daemon: daemonOf(host), hasCrls: host.crls.length > 0 }),
  }),
);

export const programsRules: readonly Rule[] = [
  ...fitness,
  {
    id: 'ike-daemon-differs',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec writes the configuration of another IKE daemon than the one that is installed.',
    find: ({ facts }) => {
      const [wanted, found] = [knownValue(facts.monitor)?.ikeDaemon, knownValue(facts.ike)?.daemon];
      if (wanted === undefined || found === undefined || wanted === found) return [];
      return [
        {
          message: `ovs-monitor-ipsec was started for ${wanted.label}, and the program ipsec is that of ${found.label}`,
          cure: `${ovsCtl} stop-ovs-ipsec; ${ovsCtl} --ike-daemon=${found.name} start-ovs-ipsec`,
          at: 'host',
        },
      ];
    },
  },
  {
    id: 'ike-port-closed',
    severity: 'error',
    meaning: 'The IKE daemon runs, and nothing listens on UDP port 500.',
    find: ({ facts }) =>
      knownValue(facts.ike)?.running === true && !facts.listensForIke
        ? [{ message: 'nothing listens on UDP port 500, so no peer can reach it', cure: 'ipsec restart', at: 'host' }]
        : [],
  },
  {
    id: 'nss-folder-mismatch',
    severity: 'error',
    meaning: 'ovs-monitor-ipsec puts certificates into another NSS database than the one that libreswan reads.',
    find: (host) => {
      const [monitor, ike] = [knownValue(host.facts.monitor), knownValue(host.facts.ike)];
      const daemon = daemonOf(host);
      const written = monitor && (monitor.nssFolder ?? daemon?.nssFolderOf(ike?.version ?? ''));
      const read = ike?.nssFolder;
      if (daemon?.store !== 'nss' || written === undefined || read === undefined || written === read) return [];
      if (!usesCertificates(host) && configOf(host)['certificate'] === undefined) return [];
      return [
        {
          message: `ovs-monitor-ipsec puts certificates into ${written}, and ${daemon.label} reads ${read}`,
          cure: nssFolderCommand(host.facts.system, daemon.name, read),
          at: 'host',
        },
      ];
    },
  },
];

/** ovs-ctl has no option for the folder, so the unit is given another command line. */
function nssFolderCommand({ serviceManager }: SystemFact, daemon: string, folder: string): string {
  const unit = '/etc/systemd/system/openvswitch-ipsec.service.d';
  const start = `${ovsScripts}/ovs-monitor-ipsec --pidfile=/run/openvswitch/ovs-monitor-ipsec.pid --ike-daemon=${daemon}`;
  const rest = '--log-file --detach unix:/run/openvswitch/db.sock';
  if (serviceManager !== 'systemd') {
    return `${ovsCtl} stop-ovs-ipsec; ${start} ${shellCommand`--ipsec-d=${folder}`} ${rest}`;
  }
  const command = `${start} --ipsec-d=${folder} ${rest}`;
  return `mkdir -p ${unit} && printf '[Service]\\nExecStart=\\nExecStart=%s\\n' ${shellCommand`${command}`} >${unit}/nss.conf && systemctl daemon-reload && systemctl restart openvswitch-ipsec`;
}
