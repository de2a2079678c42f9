/** Completions, asked for in the real shells. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runOurs, runWell } from '../support/programs.js';
import { scratchFolder } from '../support/scratch.js';

interface CompletionCase {
  readonly line: string;
  /** What is offered, among others. */
  readonly has: readonly string[];
  readonly hasNot?: readonly string[];
}

const cases: readonly CompletionCase[] = [
  { line: 'ovs-pki-ts re', has: ['req', 'req+sign', 'renew', 'revoke', 'remove'], hasNot: ['init'] },
  { line: 'ovs-pki-ts connect --auth ', has: ['ca-signed', 'self-signed', 'psk'], hasNot: ['gre'] },
  { line: 'ovs-pki-ts revoke --rea', has: ['--reason'], hasNot: ['--remove'] },
  { line: 'ovs-pki-ts --dir pki sign ho', has: ['host_1', 'host_2'], hasNot: ['other'] },
  { line: 'ovs-pki-ts status --to ed', has: ['edge_1', 'edge_2'], hasNot: ['host_1'] },
  { line: 'ovs-pki-ts plan --host ed', has: ['edge_1', 'edge_2'], hasNot: ['host_1'] },
  { line: 'ovs-pki-ts status --format ', has: ['dot', 'netjson'] },
  { line: 'ovs-pki-ts rollover ', has: ['prepare', 'switch', 'controller'] },
  { line: 'ovs-pki-ts apply fl', has: ['fleet.yaml'] },
];

const shells = {
  bash: `
    source ./script
    COMP_LINE=$1; read -ra COMP_WORDS <<<"$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    compopt() { COMPREPLY+=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); }
    _ovs_pki_ts; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // What it would offer is taken where it is added, and the files where they are asked for.
  zsh: `
    words=(\${(z)1}); [[ $1 == *' ' ]] && words+=('')
    CURRENT=\${#words}
    compadd() { shift; for word in "$@"; do [[ $word == \${words[CURRENT]}* ]] && print -r -- $word; done }
    _files() { print -rl -- \${words[CURRENT]}*(N) }
    source ./script
    true`,
  fish: `source ./script; complete -C "$argv[1]" | string replace -r '\\t.*' ''; true`,
} as const;

for (const [shell, script] of Object.entries(shells)) {
  test(`${shell} completes commands, options, names, hosts and files`, async (t) => {
    const folder = await scene(t, shell);
    for (const { line, has, hasNot = [] } of cases) {
      const args = shell === 'fish' ? ['--no-config', '-c', script, line] : ['-c', script, shell, line];
      const offered = (await runWell(shell, shell === 'zsh' ? ['-f', ...args] : args, { cwd: folder })).split('\n');
      for (const word of has) t.true(offered.includes(word), `${line}: ${word} in ${offered.join(' ')}`);
      for (const word of hasNot) t.false(offered.includes(word), `${line}: ${word}`);
    }
  });
}

test('a file name that is a command is not offered, and not run', async (t) => {
  const folder = await scene(t, 'bash');
  writeFileSync(join(folder, '$(touch ran)-cert.pem'), '');
  const [script] = [shells.bash];
  const offered = await runWell('bash', ['-c', `${script}; ls`, 'bash', 'ovs-pki-ts sign '], { cwd: folder });
  t.false(/^ran$/m.test(offered));
});

test('completion is for three shells', async (t) => {
  for (const args of [[], ['tcsh'], ['bash', 'zsh']]) t.is((await runOurs(['completion', ...args])).status, 2);
});

async function scene(t: ExecutionContext, shell: string): Promise<string> {
  const folder = scratchFolder(t);
  const made = await runOurs(['completion', shell]);
  t.is(made.status, 0, made.stderr);
  writeFileSync(join(folder, 'script'), made.stdout);
  for (const name of ['host_1-req.pem', 'host_2-cert.pem', 'other.txt']) writeFileSync(join(folder, name), '');
  writeFileSync(
    join(folder, 'fleet.yaml'),
    'version: 1\nhosts:\n  edge_1: {ssh: a}\n  edge_2:\n    ssh: b\ntunnels:\n  - mesh: [edge_1, edge_2]\n',
  );
  mkdirSync(join(folder, 'pki'));
  return folder;
}
