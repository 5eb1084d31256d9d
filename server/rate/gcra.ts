const MINUTE_MS = 60_000;

export interface Admission {
  /** When the bucket is full again, in milliseconds: all there is to keep of it. */
  fullAt: number;
  /** Milliseconds until the next is let in; 0 where this one is. */
  waitMs: number;
}

/**
 * The generic cell rate algorithm (ITU-T I.371): a bucket that holds what a minute allows and refills evenly.
 * `fullAt` is undefined for one that was never drawn from.
 */
export function admit(fullAt: number | undefined, now: number, perMinute: number): Admission {
  const cost = MINUTE_MS / perMinute;
  // A clock that is set back shuts nobody out for longer than an empty bucket does.
  const from = Math.min(Math.max(fullAt ?? now, now), now + MINUTE_MS);
  const waitMs = from + cost - (now + MINUTE_MS);
  // Adding up fractions loses a millisecond or so in a minute.
  return waitMs > Math.min(2, cost / 2) ? { fullAt: from, waitMs } : { fullAt: from + cost, waitMs: 0 };
}
