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
  bar.start(total, 0);
  return { update: (done) => bar.update(done), stop: () => bar.stop() };
}
