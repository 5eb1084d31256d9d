import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { nextAttempt } from '../../server/webhook/backoff.ts';

const DAYS = 86_400;
const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the time until an event is tried again', () => {
  test('doubles at most, is spread from nothing on, and never more than six hours', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), unit, (attempt, random) => {
        const seconds = nextAttempt({ attempt, ageSeconds: 0 }, () => random)!;
        const most = Math.min(5 * 2 ** (attempt - 1), 6 * 3600);
        expect(seconds).toBeCloseTo(random * most, 6);
      }),
    );
  });

  test('is never less than the receiver asks for', () => {
    expect(nextAttempt({ attempt: 1, ageSeconds: 0, retryAfter: 100 }, () => 0.5)).toBe(100);
    expect(nextAttempt({ attempt: 9, ageSeconds: 0, retryAfter: 1 }, () => 0.5)).toBe(640);
  });

  test('is no more once it would be three days old, or the receiver asks for longer', () => {
    expect(nextAttempt({ attempt: 30, ageSeconds: 3 * DAYS - 21_601 }, () => 0.999)).toBeGreaterThan(0);
    expect(nextAttempt({ attempt: 30, ageSeconds: 3 * DAYS }, () => 0.001)).toBeUndefined();
    expect(nextAttempt({ attempt: 1, ageSeconds: 0, retryAfter: 4 * DAYS }, () => 0)).toBeUndefined();
  });

  test('lets an event that always fails be tried some thirty times in three days', () => {
    let age = 0;
    let attempt = 1;
    for (let seconds: number | undefined = 0; seconds !== undefined && attempt < 1000; attempt++) {
      seconds = nextAttempt({ attempt, ageSeconds: age }, () => 0.5);
      age += seconds ?? 0;
    }
    expect(attempt).toBeGreaterThan(20);
    expect(attempt).toBeLessThan(50);
    expect(age).toBeGreaterThan(2.5 * DAYS);
  });
});
