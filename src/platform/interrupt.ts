/**
 * Ctrl-C and the like, as a question that can be asked between two steps.
 *
 * @module
 */

/**
 * From now on the first SIGINT, SIGTERM or SIGHUP does not end the program but is remembered; the second one does.
 *
 * @returns whether there was one
 */
export function onInterrupt(): () => boolean {
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      interrupted = true;
    });
  }
  return () => interrupted;
}
