/** What must be true of both hosts and of all that was said, whatever has happened. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type HostIdentity, identityOn } from './identity.js';
import { hostNames, type Operator, runIn } from './operator.js';

export async function identitiesOf(operator: Operator): Promise<[HostIdentity, HostIdentity]> {
  return [await identityOn(operator, 'host_1'), await identityOn(operator, 'host_2')];
}

/** Both hosts have the new identity and nothing else of ours, and there is nothing more to do. */
export async function judgeEnd(t: ExecutionContext, operator: Operator, folder: string): Promise<void> {
  for (const { state, hasTunnel, files } of await identitiesOf(operator)) {
    t.is(state, 'new');
    t.true(hasTunnel);
    t.is(files.length, 3, files.join());
  }
  const plan = await runIn(operator.fleet, folder, ['plan', '--skip-proof']);
  t.is(plan.status, 0, plan.stderr);
  t.is(plan.stdout.replaceAll(/ \(.*?\)/g, ''), hostNames.map((name) => `${name}: nothing to do\n`).join(''));
}

/** A piece of every line of every private key that holds nothing of the public one. */
export function secretsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((place) => /(privkey|cakey)\.pem$/.test(place))
    .flatMap((place) => secretsIn(readFileSync(join(folder, place), 'latin1')));
}

/** PKCS #8 has the modulus of an RSA key in its first third, and the number of an EC key in its second. */
export function secretsIn(pem: string): string[] {
  const lines = pem.split('\n').filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line));
  return (lines.length > 8 ? lines.slice(lines.length / 3) : lines.slice(1, 2)).map((line) => line.slice(8, 32));
}
