/** The peer of `apply`: an Ansible playbook that gives the hosts of a fleet their identities and a tunnel each. */

import { writeFileSync } from 'node:fs';
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

/** Writes the inventory of a fleet. Each host has its tunnel to the next one, the last to the first. */
export function writeAnsibleInventory(fleet: Fleet, identityOf: IdentityOf): string {
  const entries = fleet.hosts.map(({ name, address }, index) => {
    const peer = fleet.hosts[(index + 1) % fleet.hosts.length];
    if (peer === undefined) throw new Error('an empty fleet');
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

/** Runs the playbook over an inventory; a host that fails is an error. */
export async function runAnsible(fleet: Fleet, inventory: string): Promise<AnsibleRun> {
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
        ANSIBLE_SSH_CONTROL_PATH_DIR: join(fleet.folder, 'cp'),
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
