/**
 * A progress bar on standard error, if that is a terminal and there is something to wait for.
 *
 * @module
 */

export interface Progress {
  readonly update: (done: number, total: number) => void;
  readonly stop: () => void;
}

const fewest = 4;

export async function startProgress(what: string, total: number): Promise<Progress> {
  if (total < fewest || !process.stderr.isTTY) return { update: () => undefined, stop: () => undefined };
  const { default: cliProgress } = await import('cli-progress');
  const bar = new cliProgress.SingleBar(
    { format: `${what} [{bar}] {value}/{total}, {eta_formatted} left`, stream: process.stderr, clearOnComplete: true },
    cliProgress.Presets.legacy,
  );
  // It begins with the work, so that it does not run into a question that comes before.
  const update = (done: number): void => (bar.isActive ? bar.update(done) : bar.start(total, done));
  return { update, stop: () => bar.stop() };
}
