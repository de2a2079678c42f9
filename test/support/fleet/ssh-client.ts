/**
 * What the client of a fleet needs: a key, the hosts' keys, a configuration, and a folder for the front of PATH whose ssh,
 * scp and sftp are OpenSSH's with that configuration. (OpenSSH takes no notice of HOME.)
 */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWell } from '../programs.js';

export interface SshClient {
  readonly configuration: string;
  /** For the front of PATH. */
  readonly programs: string;
  readonly publicKey: string;
  /** Writes down the hosts and their keys; who logs in unless the command says otherwise. */
  know(hosts: readonly KnownHost[], user: string): void;
  /** Leads connections to a host elsewhere, or where they belong again. */
  route(host: string, to: { readonly address: string; readonly port: number } | undefined): void;
}

export interface KnownHost {
  readonly name: string;
  readonly address: string;
  /** As in a .pub file. */
  readonly hostKey: string;
}

export async function makeSshClient(folder: string): Promise<SshClient> {
  const key = join(folder, 'key');
  await runWell('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'operator of the fleet', '-f', key]);
  const configuration = join(folder, 'ssh_config');
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  for (const program of ['ssh', 'scp', 'sftp']) {
    const text = `#!/bin/sh\nexec /usr/bin/${program} -F ${configuration} "$@"\n`;
    writeFileSync(join(programs, program), text, { mode: 0o755 });
  }
  let known: readonly KnownHost[] = [];
  let defaultUser = 'root';
  const routes = new Map<string, { address: string; port: number }>();
  const write = () => {
    const blocks = known.map(({ name, address }) => {
      const to = routes.get(name) ?? { address, port: 22 };
      return `Host ${name} ${address}\n  HostName ${to.address}\n  Port ${to.port}\n  HostKeyAlias ${name}\n`;
    });
    writeFileSync(configuration, blocks.join('') + settings(folder, key, defaultUser));
  };
  return {
    configuration,
    programs,
    publicKey: readFileSync(`${key}.pub`, 'utf8'),
    know: (hosts, user) => {
      known = hosts;
      defaultUser = user;
      writeFileSync(join(folder, 'known_hosts'), hosts.map(({ name, hostKey }) => `${name} ${hostKey}\n`).join(''));
      write();
    },
    route: (host, to) => {
      if (to === undefined) routes.delete(host);
      else routes.set(host, to);
      write();
    },
  };
}

function settings(folder: string, key: string, user: string): string {
  return `Host *
  User ${user}
  IdentityFile ${key}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${join(folder, 'known_hosts')}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  HostKeyAlgorithms ssh-ed25519
  KexAlgorithms curve25519-sha256
`;
}
