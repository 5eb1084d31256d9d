const BASE_SECONDS = 5;
const LONGEST_SECONDS = 6 * 3600;
/** How long an event is tried. */
const LIFE_SECONDS = 3 * 86_400;

/**
 * Seconds until the next attempt after `attempt` (from 1) has failed: exponential with full jitter, and not before the
 * receiver's own `retryAfter`. Undefined where that is later than three days after the event, which is then given up.
 */
export function nextAttempt(
  { attempt, ageSeconds, retryAfter = 0 }: { attempt: number; ageSeconds: number; retryAfter?: number | undefined },
  random: () => number,
): number | undefined {
  const jittered = random() * Math.min(LONGEST_SECONDS, BASE_SECONDS * 2 ** (attempt - 1));
  const seconds = Math.max(jittered, retryAfter);
  return ageSeconds + seconds > LIFE_SECONDS ? undefined : seconds;
}
