import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { UploadError } from '../contract/errors.ts';
import { admit } from '../rate/gcra.ts';

const PATIENCE_MS = 5000;
/** Keys that were withdrawn are taken no longer than this. */
const FRESH_MS = 600_000;
/** Tokens with invented key ids must not become a flood at the identity provider. */
const LOOKUPS_PER_MINUTE = 6;

/**
 * The public keys that `url` tells, at the time `now` in milliseconds. They are read anew every ten minutes, and where
 * a token names one that is not among them; while nobody answers there, those known before go on working.
 * Throws `IDENTITY_UNAVAILABLE` where nobody can tell whether there is such a key.
 */
export function openKeySet(url: string): (now: number) => JWTVerifyGetKey {
  // When to read them is decided here: jose would wait for a dead provider at each token, and ask it as often.
  const remote = createRemoteJWKSet(new URL(url), {
    timeoutDuration: PATIENCE_MS,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
  });
  let readAt = Number.NEGATIVE_INFINITY;
  let fault: unknown;
  let lookups: number | undefined;
  let reading: Promise<void> | undefined;

  async function read(now: number): Promise<void> {
    try {
      await remote.reload();
      readAt = now;
      fault = undefined;
    } catch (error) {
      fault = error;
    } finally {
      reading = undefined;
    }
  }

  async function lookUp(now: number): Promise<void> {
    if (reading) return reading;
    const { fullAt, waitMs } = admit(lookups, now, LOOKUPS_PER_MINUTE);
    lookups = fullAt;
    if (waitMs > 0) return;
    reading = read(now);
    return reading;
  }

  const unavailable = () =>
    new UploadError(
      'IDENTITY_UNAVAILABLE',
      'The keys that tokens are checked with cannot be read just now; try again.',
      {
        retryAfter: 5,
        cause: fault,
      },
    );

  return (now) => async (header, token) => {
    if (fault || Math.abs(now - readAt) >= FRESH_MS) {
      const looked = lookUp(now);
      // Nobody waits for a provider that was away, where there are keys to go on with.
      if (!fault || !remote.fresh) await looked;
    }
    if (!remote.fresh) throw unavailable();
    try {
      return await remote(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await lookUp(now);
      if (fault) throw unavailable();
      return remote(header, token);
    }
  };
}
