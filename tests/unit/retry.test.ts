import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../../server/contract/errors.ts';
import { backOff, isTransient } from '../../sw/retry.ts';
import { createSlots } from '../../sw/slots.ts';

const random = fc.double({ min: 0, max: 0.999, noNaN: true });
const attempt = fc.integer({ min: 1, max: 10_000 });

describe('back-off', () => {
  test('is between nothing and twice the last ceiling, 30 s at most, however often it failed', () => {
    fc.assert(
      fc.property(attempt, random, (attempt, chance) => {
        const ms = backOff({ status: 0 }, attempt, () => chance);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThan(Math.min(30_000, 500 * 2 ** attempt) + 1e-6);
        expect(Number.isFinite(ms)).toBe(true);
      }),
    );
    expect(backOff({ status: 0 }, 1, () => 0.999)).toBeLessThan(1000);
    expect(backOff({ status: 0 }, 9999, () => 0.999)).toBeGreaterThan(29_000);
  });

  test('is never shorter than the other side asked for', () => {
    fc.assert(
      fc.property(attempt, random, fc.nat({ max: 600 }), (attempt, chance, retryAfter) => {
        const ms = backOff({ status: 503, retryAfter }, attempt, () => chance);
        expect(ms).toBeGreaterThanOrEqual(retryAfter * 1000);
        expect(ms).toBeLessThan(retryAfter * 1000 + 500);
      }),
    );
  });
});

describe('another attempt', () => {
  const status = (code: ErrorCode) => ({ status: ERRORS[code], code });

  test('is made where it may help', () => {
    expect(isTransient({ status: 0 })).toBe(true);
    for (const code of [
      'UPLOAD_COMPLETING',
      'UPLOAD_STARTING',
      'STORE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE',
      'INTERNAL_ERROR',
    ] as const)
      expect([code, isTransient(status(code))]).toEqual([code, true]);
    for (const code of [408, 425, 429, 502, 504]) expect(isTransient({ status: code })).toBe(true);
  });

  test('is not made where it cannot', () => {
    for (const code of [
      'DIGEST_MISMATCH',
      'UPLOAD_ABORTED',
      'UPLOAD_EXPIRED',
      'UNAUTHENTICATED',
      'GRANT_EXHAUSTED',
      'IDEMPOTENCY_CONFLICT',
      'INVALID_REQUEST',
      'UPLOAD_NOT_FOUND',
    ] as const)
      expect([code, isTransient(status(code))]).toEqual([code, false]);
  });
});

describe('slots', () => {
  test('never more than there are, first come first served, and a failure gives its place up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        async (count, works) => {
          const slots = createSlots();
          const begun: number[] = [];
          let running = 0;
          let most = 0;
          const outcomes = await Promise.allSettled(
            works.map((succeeds, at) =>
              slots.run(count, async () => {
                begun.push(at);
                most = Math.max(most, ++running);
                await Promise.resolve();
                await Promise.resolve();
                running--;
                if (!succeeds) throw new Error('no');
                return at;
              }),
            ),
          );
          expect(most).toBe(Math.min(count, works.length));
          expect(begun).toEqual(works.map((_, at) => at));
          expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(works);
          expect(running).toBe(0);
        },
      ),
    );
  });
});
