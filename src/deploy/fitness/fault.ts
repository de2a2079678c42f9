/**
 * What is said of a host in which something is wrong, whoever looks at it: `plan` before a change, or `doctor`.
 *
 * @module
 */

/** What each rule has, for the documentation and the tests. */
export interface RuleText {
  readonly id: string;
  /** Of an error a tunnel does not work, or not as it should; a warning is about what will or may go wrong. */
  readonly severity: 'error' | 'warning';
  /** What it finds. */
  readonly meaning: string;
}

/** One thing that is wrong. */
export interface Fault {
  readonly message: string;
  /** One command, or several in order. */
  readonly cure: string;
  /** Where the cure is typed: on the host, or where this program runs. */
  readonly at: 'host' | 'here';
  /** The port of the tunnel that it is about. */
  readonly port?: string;
  /** The packages, by Debian's names, that the cure installs; none where they may not be installed without an operator. */
  readonly packages?: readonly string[];
}

export function onHost(message: string, cure: string, packages: readonly string[] = []): Fault[] {
  return [{ message, cure, at: 'host', ...(packages.length === 0 ? {} : { packages }) }];
}
