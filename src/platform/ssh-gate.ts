/**
 * How many logins are under way at one sshd: of more than ten at once OpenSSH refuses some (MaxStartups 10:30:100), and a
 * jump host sees one login for each host behind it.
 *
 * @module
 */

/** Below the ten that OpenSSH admits, since others log in too. */
export const defaultLoginsAtOnce = 8;

/** Lets logins through. What it gives is to be called once, when the login is over. */
export type Gate = (stations: readonly string[]) => Promise<() => void>;

interface Waiting {
  readonly stations: readonly string[];
  readonly enter: () => void;
}

/** A login takes its place at all of its stations or at none, so that no two wait for each other. */
export function loginGate(atOnce: number): Gate {
  const taken = new Map<string, number>();
  const queue: Waiting[] = [];
  // One at least, whatever is asked for: nobody would ever enter, and all would wait for ever.
  const isFree = (station: string): boolean => !((taken.get(station) ?? 0) >= Math.max(1, atOnce));
  const count = (stations: readonly string[], by: number): void => {
    for (const station of stations) taken.set(station, (taken.get(station) ?? 0) + by);
  };
  const admit = (): void => {
    for (const waiting of [...queue]) {
      if (!waiting.stations.every(isFree)) continue;
      queue.splice(queue.indexOf(waiting), 1);
      count(waiting.stations, 1);
      waiting.enter();
    }
  };
  return (stations) =>
    new Promise((resolve) => {
      let isOver = false;
      const leave = (): void => {
        if (isOver) return;
        isOver = true;
        count(stations, -1);
        admit();
      };
      queue.push({ stations, enter: () => resolve(leave) });
      admit();
    });
}
