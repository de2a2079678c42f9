/**
 * What system a host has, and how things are said there: its packages, its services, its firewall. One table, for all cures.
 *
 * @module
 */

import { shellCommand } from '../../platform/quote.js';

export type PackageManager = 'apt' | 'dnf' | 'zypper';

export interface SystemFact {
  /** `debian 13`, from os-release(5); undefined where the host does not tell. */
  readonly distribution: string | undefined;
  /** `other`: the host was asked and has none that is known here. */
  readonly packageManager: PackageManager | 'other';
  /** `none`: neither systemd nor service(8), as in most containers. */
  readonly serviceManager: 'systemd' | 'service' | 'none';
  readonly firewall: 'firewalld' | 'ufw' | 'nftables';
}

/** What an operator types; where the system matters, made for it. */
export type Cure = string | ((system: SystemFact) => string);

export function cureOn(system: SystemFact, cure: Cure): string {
  return typeof cure === 'string' ? cure : cure(system);
}

/** A host that does not tell is spoken to in Debian's words. */
const usual: SystemFact = {
  distribution: undefined,
  packageManager: 'apt',
  serviceManager: 'systemd',
  firewall: 'nftables',
};

/** Whose it is, by the words of ID and ID_LIKE: one may be installed as a package of another one's. */
const managers: readonly { readonly name: PackageManager; readonly program: string; readonly of: RegExp }[] = [
  { name: 'apt', program: 'apt-get', of: /\b(debian|ubuntu)\b/ },
  { name: 'dnf', program: 'dnf', of: /\b(fedora|rhel|centos)\b/ },
  { name: 'zypper', program: 'zypper', of: /\b(suse|sles|opensuse[\w-]*)\b/ },
];

/** Reads lines such as `ID=debian`, `packages=apt-get dnf`, `services=systemd`, `firewall=ufw`. */
export function parseSystem(text: string): SystemFact {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] =
      /^(ID|ID_LIKE|VERSION_ID|packages|services|firewall)=["']?([\w.:+ -]{0,60})["']?$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && !values.has(name)) values.set(name, value);
  }
  const named = [values.get('ID'), values.get('VERSION_ID')].filter((word) => word !== undefined && word !== '');
  const family = `${values.get('ID') ?? ''} ${values.get('ID_LIKE') ?? ''}`;
  const packages = values.get('packages');
  const services = values.get('services');
  const firewall = values.get('firewall');
  return {
    distribution: named.length === 0 ? undefined : named.join(' '),
    packageManager: packages === undefined ? usual.packageManager : managerOf(packages.split(' '), family),
    serviceManager:
      services === 'service' || services === 'none' || services === 'systemd' ? services : usual.serviceManager,
    firewall: firewall === 'firewalld' || firewall === 'ufw' ? firewall : usual.firewall,
  };
}

function managerOf(programs: readonly string[], family: string): SystemFact['packageManager'] {
  const there = managers.filter(({ program }) => programs.includes(program));
  return (there.find(({ of }) => of.test(family)) ?? there[0])?.name ?? 'other';
}

const installs: Readonly<Record<PackageManager, string>> = {
  apt: 'apt-get install',
  dnf: 'dnf install',
  zypper: 'zypper install',
};

/** By Debian's names; what is not here has the same name everywhere. */
const renamedPackages: Readonly<Record<string, Readonly<Partial<Record<PackageManager, string>>>>> = {
  'openvswitch-switch': { dnf: 'openvswitch', zypper: 'openvswitch' },
  iproute2: { dnf: 'iproute' },
  'libnss3-tools': { dnf: 'nss-tools', zypper: 'mozilla-nss-tools' },
};

/** Services by Debian's names, where others call them otherwise. */
const renamedServices: Readonly<Record<string, Readonly<Partial<Record<PackageManager, string>>>>> = {
  'openvswitch-switch': { dnf: 'openvswitch', zypper: 'openvswitch' },
};

/** What a package of Debian is called there, without one twice. */
export function packagesThere({ packageManager }: SystemFact, packages: readonly string[]): string[] {
  return [...new Set(packages.map((name) => nameIn(renamedPackages, name, packageManager)))];
}

/** @param packages by Debian's names */
export function installCommand(system: SystemFact, packages: readonly string[]): string {
  const there = packagesThere(system, packages).join(' ');
  if (system.packageManager !== 'other') return `${installs[system.packageManager]} ${there}`;
  return `install what Debian has in ${there}, by the means of ${system.distribution ?? 'that system'}`;
}

/** Where every package of Open vSwitch has its own scripts; they are in no PATH. */
export const ovsScripts = '/usr/share/openvswitch/scripts';
export const ovsCtl = `${ovsScripts}/ovs-ctl`;

/** Where there is nothing that manages services. */
const byHand: Readonly<Record<string, Readonly<Record<'start' | 'restart', string>>>> = {
  'openvswitch-switch': { start: `${ovsCtl} start`, restart: `${ovsCtl} restart` },
  'openvswitch-ipsec': {
    start: `${ovsCtl} start-ovs-ipsec`,
    restart: `${ovsCtl} stop-ovs-ipsec; ${ovsCtl} start-ovs-ipsec`,
  },
};

/** @param service by Debian's name */
export function serviceCommand(system: SystemFact, verb: 'start' | 'restart', service: string): string {
  const name = nameIn(renamedServices, service, system.packageManager);
  if (system.serviceManager === 'systemd') return `systemctl ${verb} ${name}`;
  if (system.serviceManager === 'service') return `service ${name} ${verb}`;
  return byHand[service]?.[verb] ?? `ipsec ${verb}`;
}

/** Lets IKE and ESP of a peer in. */
export function admitCommand({ firewall }: SystemFact, peer: string): string {
  if (firewall === 'firewalld') return 'firewall-cmd --permanent --add-service=ipsec && firewall-cmd --reload';
  if (firewall === 'ufw') {
    return shellCommand`ufw allow proto udp from ${peer} to any port 500,4500 && ufw allow proto esp from ${peer}`;
  }
  const family = peer.includes(':') ? 'ip6' : 'ip';
  return shellCommand`nft add rule inet filter input ${family} saddr ${peer} udp dport '{ 500, 4500 }' accept`;
}

function nameIn(
  table: Readonly<Record<string, Readonly<Partial<Record<PackageManager, string>>>>>,
  name: string,
  manager: SystemFact['packageManager'],
): string {
  return (manager === 'other' ? undefined : table[name]?.[manager]) ?? name;
}
