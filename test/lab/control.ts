/** The way into the guest that the program under test knows nothing of: one ssh connection of the laboratory's own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Run, run } from '../support/programs.js';
import { endProcess } from './machine.js';

export interface Control {
  /** Runs a shell script in the guest itself, outside every host. */
  run(script: string, input?: string, seconds?: number): Promise<Run>;
  /** The bytes that a command of the guest prints. */
  bytes(command: string): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openControl(namespace: string, folder: string): Promise<Control> {
  const config = join(folder, 'control-ssh-config');
  writeFileSync(config, controlConfig(folder));
  const prefix = ['netns', 'exec', namespace, 'ssh', '-F', config];
  const master = spawn('ip', [...prefix, '-MN', 'guest'], { stdio: ['ignore', 'ignore', 'inherit'] });
  await waitForMaster(master, join(folder, 'control.sock'));
  return {
    run: (script, input = '', seconds = usualSeconds) =>
      run('ip', [...prefix, 'guest', remoteCommand(script)], { input, seconds }),
    bytes: (command) => readBytes([...prefix, 'guest', command]),
    close: () => endProcess(master),
  };
}

/** Nothing that the laboratory does takes so long: a command that hangs must not hold up all that follow. */
const usualSeconds = 300;

/** The script goes as the command's last word, so that standard input stays free for the script. */
function remoteCommand(script: string): string {
  return `exec sh -c '${script.replaceAll("'", `'\\''`)}'`;
}

function controlConfig(folder: string): string {
  return `Host guest
  HostName 10.77.0.1
  User root
  IdentityFile ${folder}/share/keys/id_ed25519
  IdentitiesOnly yes
  UserKnownHostsFile ${folder}/known_hosts
  StrictHostKeyChecking yes
  ControlPath ${folder}/control.sock
  KexAlgorithms curve25519-sha256
  Ciphers aes128-gcm@openssh.com
  ConnectionAttempts 30
  ServerAliveInterval 30
`;
}

async function waitForMaster(master: ChildProcess, socket: string): Promise<void> {
  for (let waited = 0; waited < 600; waited++) {
    if (existsSync(socket)) return;
    if (master.exitCode !== null) throw new Error(`the control connection ended with status ${master.exitCode}`);
    await sleep(100);
  }
  throw new Error('the control connection did not come up');
}

function readBytes(argv: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('ip', argv, {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: usualSeconds * 1000,
      killSignal: 'SIGKILL',
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (status) =>
      status === 0 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${argv.at(-1)}: exit status ${status}`)),
    );
  });
}
