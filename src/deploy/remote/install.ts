/**
 * Packages are installed on a host, by the means of its system.
 *
 * @module
 */

import { OvsPkiError } from '../../errors.js';
import { shellWord } from '../../platform/quote.js';
import type { HostShell } from '../../platform/ssh.js';
import { fillTemplate } from '../../platform/templates.js';
import { lastWords } from '../answer/answer.js';
import type { MissingPackages } from '../fitness/packages.js';

/** A mirror may be slow, and a disk too. */
const installTimeoutMs = 900_000;

export function installScript({ manager, packages, displaced, starts }: MissingPackages): string {
  const script = fillTemplate('remote/install.sh', {
    manager,
    packages: packages.map(shellWord).join(' '),
    displaced: shellWord(` ${displaced.join(' ')} `),
  });
  return `${script}${starts.map((command) => `start ${shellWord(command)}\n`).join('')}`;
}

/** @throws HOST_STEP_FAILED; what the shell throws */
export async function installPackages(shell: HostShell, host: string, missing: MissingPackages): Promise<void> {
  const { status, stderr } = await shell.run(installScript(missing), installTimeoutMs);
  if (status === 0) return;
  const said = lastWords(stderr, 1);
  const message = `${host}: ${missing.packages.join(' ')} could not be installed: ${said || `exit status ${status}`}`;
  throw new OvsPkiError('HOST_STEP_FAILED', message, {
    hint: `nothing else was changed on ${host}; when the cause is mended, run the command again`,
    details: { host, said, packages: missing.packages },
  });
}
