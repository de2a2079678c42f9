/**
 * The only place that asks questions. They go to standard error, so that standard output holds results only.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { visibleLines } from '../../platform/visible.js';

/** Asks a yes/no question whose answer has to be written out, as ovs-pki asks it. */
export async function confirm(message: string, answeringOption: string): Promise<boolean> {
  const { answer } = await ask(answeringOption, {
    type: 'input',
    name: 'answer',
    message,
    validate: (typed: string) => /^(yes|no)$/.test(typed.trim()) || 'type yes or no',
  });
  return answer?.trim() === 'yes';
}

/** Asks for a line of text that a check finds nothing wrong with. */
export async function askText(
  message: string,
  initial: string,
  answeringOption: string,
  fault: (typed: string) => string | undefined,
): Promise<string> {
  const { answer } = await ask(answeringOption, {
    type: 'input',
    name: 'answer',
    message,
    default: initial,
    validate: (typed: string) => fault(typed) ?? true,
  });
  return answer ?? initial;
}

/** Asks for a secret, which is not shown. */
export async function askSecret(message: string, answeringOption: string): Promise<string> {
  const { answer } = await ask(answeringOption, { type: 'password', name: 'answer', message });
  return answer ?? '';
}

/** Asks for a new secret until a check finds nothing wrong with it and it was typed the same twice. */
export async function askNewSecret(
  message: string,
  answeringOption: string,
  fault: (typed: string) => string | undefined,
): Promise<string> {
  const question = { type: 'password', name: 'answer' } as const;
  const validate = (typed: string) => fault(typed) ?? true;
  const { answer = '' } = await ask(answeringOption, { ...question, message: `${message}:`, validate });
  const same = (typed: string) => typed === answer || 'this is not what was typed before; Ctrl-C ends';
  await ask(answeringOption, { ...question, message: `${message}, again:`, validate: same });
  return answer;
}

interface Question {
  readonly type: 'input' | 'password';
  readonly name: 'answer';
  readonly message: string;
  readonly default?: string;
  readonly validate?: (typed: string) => string | boolean;
}

export function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

async function ask(answeringOption: string, question: Question): Promise<{ answer?: string }> {
  if (!hasTerminal()) {
    throw new OvsPkiError('PROMPT_IMPOSSIBLE', `there is no terminal to ask: ${question.message}`, {
      hint: `answer it on the command line with ${answeringOption}`,
    });
  }
  const { default: inquirer } = await import('inquirer');
  try {
    return await inquirer.createPromptModule({ output: process.stderr })<{ answer: string }>([
      { ...question, message: visibleLines(question.message) },
    ]);
  } catch (error) {
    if (error instanceof Error && error.name === 'ExitPromptError') {
      throw new OvsPkiError('INTERRUPTED', 'interrupted; nothing was done', { cause: error });
    }
    throw error;
  }
}
