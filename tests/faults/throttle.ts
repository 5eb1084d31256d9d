/** A line of so many bytes a second, shared by all who take from it, in the order in which they ask. */

/** What an idle or belated line may catch up on: hides late timers, and is no more than that. */
const BURST_MS = 50;
/** Sleeping for less than this costs more than it gains. */
const SHORTEST_SLEEP_MS = 2;
const STEPS_PER_SECOND = 50;
const SMALLEST_STEP = 1024;

export type Throttle = ReturnType<typeof createThrottle>;

/** `Infinity` is no limit; 0 lets nothing through until the rate is changed. */
export function createThrottle(bytesPerSecond: number) {
  let rate = bytesPerSecond;
  /** When the line will have carried all that was promised so far. */
  let free = performance.now();
  const sleepers = new Set<() => void>();

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = ms === Infinity ? undefined : setTimeout(wake, ms);
      function wake() {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      }
      sleepers.add(wake);
    });
  }

  return {
    /** The most that should be taken at once, so that a change of rate is felt soon. */
    step: () => Math.max(SMALLEST_STEP, Math.floor(rate / STEPS_PER_SECOND)),
    /** Resolves when `bytes` more may pass. */
    async take(bytes: number): Promise<void> {
      while (rate === 0) await sleep(Infinity);
      if (rate === Infinity) return;
      const now = performance.now();
      free = Math.max(free, now - BURST_MS) + (bytes / rate) * 1000;
      if (free - now > SHORTEST_SLEEP_MS) await sleep(free - now);
    },
    set(bytesPerSecond: number): void {
      rate = bytesPerSecond;
      free = performance.now();
      for (const wake of sleepers) wake();
    },
  };
}
