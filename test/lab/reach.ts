/** What makes ssh reach the hosts: keys, known_hosts, a configuration, and names inside the laboratory's namespace. */

import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from '../support/programs.js';

interface Reachable {
  readonly id: string;
  readonly name: string;
  readonly management: string;
}

/**
 * `ip netns exec NAME` puts the files of /etc/netns/NAME over those of /etc: there ssh finds the laboratory's hosts
 * with no option at all, as it finds a user's hosts by the user's own configuration.
 */
export class ReachBook {
  readonly sshConfig: string;
  readonly #folder: string;
  readonly #netns: string;

  constructor(namespace: string, folder: string) {
    this.#folder = folder;
    this.#netns = `/etc/netns/${namespace}`;
    this.sshConfig = join(this.#netns, 'ssh/ssh_config');
    mkdirSync(join(this.#netns, 'ssh'), { recursive: true });
    writeFileSync(join(this.#netns, 'hosts'), '127.0.0.1 localhost\n::1 localhost\n');
    writeFileSync(this.sshConfig, this.#config());
  }

  async addGuest(): Promise<void> {
    this.#know(['10.77.0.1'], join(this.#folder, 'share/control/host-key.pub'));
  }

  async addHost(host: Reachable): Promise<void> {
    const key = join(this.#folder, `share/keys/host-${host.id}`);
    await makeKey(key);
    this.#know([host.name, host.management], `${key}.pub`);
    // A name that is used again belongs to the newest host of that name.
    const file = join(this.#netns, 'hosts');
    const others = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.endsWith(` ${host.name}`));
    // In place: namespaces have this very file mounted.
    writeFileSync(file, `${others.join('\n').trimEnd()}\n${host.management} ${host.name}\n`);
  }

  remove(): void {
    rmSync(this.#netns, { recursive: true, force: true });
  }

  #know(names: readonly string[], publicKey: string): void {
    const [type, key] = readFileSync(publicKey, 'utf8').split(' ');
    appendFileSync(join(this.#folder, 'known_hosts'), `${names.join(',')} ${type} ${key}\n`);
  }

  /** A cheap key exchange: everything on the far side is emulated. */
  #config(): string {
    return `Host *
  IdentityFile ${this.#folder}/share/keys/id_ed25519
  UserKnownHostsFile ${this.#folder}/known_hosts
  StrictHostKeyChecking yes
  KexAlgorithms curve25519-sha256
  Ciphers aes128-gcm@openssh.com
  GSSAPIAuthentication no
`;
  }
}

export async function makeKey(path: string): Promise<void> {
  await runWell('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ovs-pki-ts laboratory', '-f', path]);
}
