import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { admit } from '../../server/rate/gcra.ts';

const perMinute = fc.integer({ min: 1, max: 10_000 });
const START = 1_800_000_000_000;
/** Milliseconds between one request and the next. */
const pauses = (max: number) => fc.array(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 500 });

/** The times at which requests were let in. */
function letIn(rate: number, gaps: number[]): number[] {
  let fullAt: number | undefined;
  let now = START;
  return gaps.flatMap((gap) => {
    now += gap;
    const answer = admit(fullAt, now, rate);
    fullAt = answer.fullAt;
    return answer.waitMs > 0 ? [] : [now];
  });
}

describe('a rate', () => {
  test('lets exactly a minute’s worth through at once', () => {
    fc.assert(
      fc.property(perMinute, (rate) => {
        const through = letIn(rate, Array(rate + 5).fill(0));
        expect(through).toHaveLength(rate);
      }),
      { numRuns: 50 },
    );
  });

  test('never lets more through than a full bucket and what has flowed in since', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), pauses(3000), (rate, gaps) => {
        const times = letIn(rate, gaps);
        for (const [first, from] of times.entries())
          for (const [last, to] of times.entries())
            if (last >= first)
              expect(last - first + 1).toBeLessThanOrEqual(rate + ((to - from) * rate) / 60_000 + 0.01);
      }),
    );
  });

  test('refuses nobody who keeps to it', () => {
    fc.assert(
      fc.property(perMinute, pauses(1000), (rate, gaps) => {
        const kept = gaps.map((gap) => gap + Math.ceil(60_000 / rate));
        expect(letIn(rate, kept)).toHaveLength(kept.length);
      }),
    );
  });

  test('lets in whoever waits as long as it says, and nobody noticeably earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 30_000 }), (rate, later) => {
        let fullAt: number | undefined;
        for (let n = 0; n < rate; n++) ({ fullAt } = admit(fullAt, START, rate));
        const now = START + Math.min(later, Math.floor(10_000 / rate));
        const refused = admit(fullAt, now, rate);
        expect(refused.waitMs).toBeGreaterThan(0);
        expect(admit(refused.fullAt, now + refused.waitMs * 0.6, rate).waitMs).toBeGreaterThan(0);
        expect(admit(refused.fullAt, now + refused.waitMs, rate).waitMs).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test('forgets: a bucket that is full again is like one that was never drawn from', () => {
    fc.assert(
      fc.property(perMinute, pauses(100), fc.nat({ max: 10_000 }), (rate, gaps, later) => {
        let fullAt: number | undefined;
        let now = START;
        for (const gap of gaps) {
          now += gap;
          ({ fullAt } = admit(fullAt, now, rate));
        }
        expect(fullAt!).toBeLessThanOrEqual(now + 90_000);
        const then = fullAt! + later;
        expect(admit(fullAt, then, rate)).toEqual(admit(undefined, then, rate));
      }),
    );
  });

  test('shuts nobody out for longer than a minute when the clock is set back', () => {
    fc.assert(
      fc.property(perMinute, fc.integer({ min: 0, max: 1e9 }), (rate, back) => {
        let fullAt: number | undefined;
        for (let n = 0; n < rate; n++) ({ fullAt } = admit(fullAt, START, rate));
        const { waitMs } = admit(fullAt, START - back, rate);
        expect(waitMs).toBeLessThanOrEqual(60_000 / rate + 0.001);
      }),
      { numRuns: 50 },
    );
  });
});
