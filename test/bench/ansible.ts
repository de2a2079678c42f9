/** The peer of `apply`: an Ansible playbook that gives the hosts of a fleet their identities and a tunnel each. */

import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fleet } from '../support/fleet/fleet.js';
import { projectRoot, run } from '../support/programs.js';

export interface AnsibleRun {
  readonly seconds: number;
  /** Tasks that changed something, over all hosts. */
  readonly changed: number;
}

/** What a host is to be given: a folder that holds cert.pem, privkey.pem and cacert.pem. */
export type IdentityOf = (host: string) => string;

/** Writes the inventory of a fleet of an even number of hosts. Each has its tunnel to the other one of its pair. */
export function writeAnsibleInventory(fleet: Fleet, identityOf: IdentityOf): string {
  const entries = fleet.hosts.map(({ name, address }, index) => {
    const peer = fleet.hosts[index ^ 1];
    if (peer === undefined) throw new Error(`${name} has no other one`);
    const variables = {
      ansible_ssh_common_args: `-F ${fleet.ssh.configuration}`,
      identity: identityOf(name),
      own_address: address,
      peer_address: peer.address,
      peer_name: peer.name,
    };
    return [name, variables];
  });
  const file = join(fleet.folder, 'ansible-inventory.json');
  writeFileSync(file, JSON.stringify({ all: { hosts: Object.fromEntries(entries) } }));
  return file;
}

/** Runs the playbook over an inventory, and begins without connections; a host that fails is an error. */
export async function runAnsible(fleet: Fleet, inventory: string): Promise<AnsibleRun> {
  await endConnections(fleet);
  const folder = join(projectRoot, 'test/bench/ansible');
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = await run(
    'ansible-playbook',
    ['--inventory', inventory, join(folder, 'site.yml')],
    {
      cwd: fleet.folder,
      env: {
        ...fleet.environment,
        LC_ALL: 'C.UTF-8',
        ANSIBLE_CONFIG: join(folder, 'ansible.cfg'),
        ANSIBLE_HOME: join(fleet.folder, 'ansible'),
        ANSIBLE_SSH_CONTROL_PATH_DIR: connectionsOf(fleet),
        ANSIBLE_LOCAL_TEMP: join(fleet.folder, 'ansible-tmp'),
      },
    },
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) throw new Error(`ansible-playbook: exit status ${status}\n${stdout}\n${stderr}`);
  const counts = [...stdout.matchAll(/^host_\S+ +: ok=\d+ +changed=(\d+) /gm)].map(([, changed]) => Number(changed));
  if (counts.length !== fleet.hosts.length) throw new Error(`ansible-playbook has no word of some hosts:\n${stdout}`);
  return { seconds, changed: counts.reduce((sum, changed) => sum + changed, 0) };
}

/** What Ansible keeps open for a minute, for its next run. */
async function endConnections(fleet: Fleet): Promise<void> {
  const folder = connectionsOf(fleet);
  const sockets = existsSync(folder) ? readdirSync(folder) : [];
  for (const socket of sockets) await run('ssh', ['-o', `ControlPath=${join(folder, socket)}`, '-O', 'exit', 'host']);
}

function connectionsOf({ folder }: Fleet): string {
  return join(folder, 'cp');
}
