import { OvsPkiError } from '../../errors.js';
import type { CommandContext, Outcome } from '../outcome/outcome.js';
import { completionShells, completionText } from '../render/completion.js';

export async function run({ operands }: CommandContext<'completion'>): Promise<Outcome> {
  const [name, ...more] = operands;
  const shell = completionShells.find((known) => known === name);
  if (shell === undefined || more.length > 0) {
    const given = operands.length === 0 ? 'nothing' : JSON.stringify(operands.join(' '));
    throw new OvsPkiError('USAGE', `completion takes bash, zsh or fish, not ${given}`, {
      hint: 'ovs-pki-ts completion bash',
    });
  }
  const text = completionText(shell);
  return { exitStatus: 0, text, json: { shell, script: text }, errors: [] };
}
