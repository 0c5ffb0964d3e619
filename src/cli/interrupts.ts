/** Ctrl-C and its relatives, counted, while something runs that must end in an orderly way. */

type InterruptSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/**
 * Calls back at each of the signals, which then no longer end the process by themselves.
 * @returns a function that restores their usual effect
 */
export function onInterrupts(
  signals: readonly InterruptSignal[],
  handle: (times: number, signal: InterruptSignal) => void,
): () => void {
  let times = 0;
  const listeners = signals.map((signal) => {
    const listener = (): void => {
      times += 1;
      handle(times, signal);
    };
    process.on(signal, listener);
    return { signal, listener };
  });
  return () => {
    for (const { signal, listener } of listeners) process.off(signal, listener);
  };
}

/**
 * Cleans up before a signal has its usual effect, which is the end of the process.
 * @param clean must not wait for anything
 * @returns a function after which nothing needs to be cleaned up any more
 */
export function beforeInterrupts(clean: () => void): () => void {
  const release = onInterrupts(['SIGINT', 'SIGTERM', 'SIGHUP'], (_times, signal) => {
    release();
    clean();
    process.kill(process.pid, signal);
  });
  return release;
}
