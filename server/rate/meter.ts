import { admit } from './gcra.ts';

/** Senders that are remembered at most, at some 100 bytes each. */
const MOST = 100_000;

/**
 * Counts what each sender asks for, by `name`. Who has not asked for a minute is forgotten; where more than `most` have,
 * those who were heard of longest ago are, so that nobody can fill the memory.
 */
export function openMeter(perMinute: number, most = MOST) {
  /** When each one's bucket is full again; whoever was heard of last stands last. */
  const senders = new Map<string, number>();
  return {
    size: () => senders.size,
    /** Milliseconds until `name` is let in; 0 where it is now, which counts. */
    ask(name: string, now: number): number {
      const { fullAt, waitMs } = admit(senders.get(name), now, perMinute);
      senders.delete(name);
      senders.set(name, fullAt);
      for (const [longest, fullAt] of senders) {
        if (fullAt > now && senders.size <= most) break;
        senders.delete(longest);
      }
      return waitMs;
    },
  };
}
