/** Milliseconds over which the rate is smoothed. */
const MEMORY_MS = 4000;
/** A longer silence than this says nothing about the line. */
const GAP_MS = 10_000;

/** Smoothed bytes a second of what is told to have been sent. */
export interface Speed {
  /** `bytes` in all had been sent at `now` milliseconds. */
  add(bytes: number, now: number): void;
  stop(): void;
  /** 0 where it is not known. */
  readonly bytesPerSecond: number;
}

export function createSpeed(): Speed {
  let last: { bytes: number; now: number } | undefined;
  let rate: number | undefined;
  return {
    add(bytes, now) {
      const elapsed = now - (last?.now ?? now);
      if (last && elapsed > 0 && elapsed < GAP_MS && bytes >= last.bytes) {
        const sample = ((bytes - last.bytes) / elapsed) * 1000;
        const weight = 1 - Math.exp(-elapsed / MEMORY_MS);
        rate = rate === undefined ? sample : rate + weight * (sample - rate);
      }
      last = { bytes, now };
    },
    stop() {
      last = rate = undefined;
    },
    get bytesPerSecond() {
      return rate ?? 0;
    },
  };
}
