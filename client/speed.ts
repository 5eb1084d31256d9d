/** Milliseconds over which the rate is smoothed. */
const MEMORY_MS = 6000;
/** A longer silence than this says nothing about the line. */
const GAP_MS = 45_000;

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
  /** What was sent and how long it took, both forgotten at the same rate: bursts and the pauses between them count as one. */
  let sent = 0;
  let took = 0;
  return {
    add(bytes, now) {
      const elapsed = now - (last?.now ?? now);
      // Within a millisecond nothing is measured; it counts with what comes next.
      if (last && elapsed >= 0 && elapsed < 1) return;
      if (last && elapsed > 0 && elapsed < GAP_MS && bytes >= last.bytes) {
        const kept = Math.exp(-elapsed / MEMORY_MS);
        sent = sent * kept + bytes - last.bytes;
        took = took * kept + elapsed;
      }
      last = { bytes, now };
    },
    stop() {
      last = undefined;
      sent = took = 0;
    },
    get bytesPerSecond() {
      return took && (sent / took) * 1000;
    },
  };
}
