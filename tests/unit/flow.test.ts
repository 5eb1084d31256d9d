import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createFlow } from '../../sw/flow.ts';
import { RequestError } from '../../sw/retry.ts';

const never = new AbortController().signal;
const upload = { id: '', size: 1, addedAt: 0 };
const known = { rate: 1e9, size: 1000 };

describe('the line that all files share', () => {
  test('carries never more at once than it should, first come first served, and a failure gives its place up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.boolean(), { maxLength: 30 }),
        async (most, works) => {
          const flow = createFlow(known);
          const begun: number[] = [];
          let running = 0;
          let peak = 0;
          const outcomes = await Promise.allSettled(
            works.map((succeeds, at) =>
              flow.run({ bytes: 1000, most: most, upload }, never, async () => {
                begun.push(at);
                peak = Math.max(peak, ++running);
                await Promise.resolve();
                await Promise.resolve();
                running--;
                if (!succeeds) throw new Error('no');
                return at;
              }),
            ),
          );
          expect(peak).toBe(Math.min(most, works.length));
          expect(begun).toEqual(works.map((_, at) => at));
          expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(works);
          expect(flow.idle).toBe(true);
        },
      ),
    );
  });

  test('begins no part that the time left is too short for, and begins it when there is more', async () => {
    let left = 1000;
    // 1 MB/s: a part of 5 MB takes 5 s.
    const flow = createFlow({ rate: 1e6, size: 5e6 }, () => left);
    let began = false;
    const run = flow.run({ bytes: 5e6, most: 5, upload }, never, async () => {
      began = true;
    });
    await Promise.resolve();
    expect(began).toBe(false);
    left = 60_000;
    // Whoever ends wakes those who wait.
    await flow.run({ bytes: 1, most: 5, upload }, never, async () => {}).catch(() => {});
    await run;
    expect(began).toBe(true);
  });

  test('rests for every file when the store says so, for as long as it says', async () => {
    let now = 0;
    const flow = createFlow(known, undefined, () => now);
    const slow = new RequestError({ status: 503, code: 'SlowDown', retryAfter: 2 });
    await flow
      .run({ bytes: 1000, most: 5, upload }, never, () => flow.watch(1000, () => Promise.reject(slow)))
      .catch(() => {});
    let began = false;
    const next = flow.run({ bytes: 1000, most: 5, upload }, never, async () => {
      began = true;
    });
    await Promise.resolve();
    expect(began).toBe(false);
    now = 2001;
    await next;
    expect(began).toBe(true);
  });

  test('lets the smallest file go first, however late it came', async () => {
    const flow = createFlow({ rate: 1, size: 1e9 });
    const order: string[] = [];
    const go = (id: string, size: number) =>
      flow.run({ bytes: 1, most: 1, upload: { id, size, addedAt: 0 } }, never, async () => void order.push(id));
    await Promise.all([go('film', 2e9), go('film', 2e9), go('film', 2e9), go('photo', 3e6), go('song', 5e6)]);
    expect(order).toEqual(['film', 'photo', 'song', 'film', 'film']);
  });

  test('whoever no longer wants to go leaves the queue', async () => {
    const flow = createFlow({ rate: 1, size: 1e9 });
    const { promise, resolve } = Promise.withResolvers<void>();
    const first = flow.run({ bytes: 1, most: 1, upload }, never, () => promise);
    const stop = new AbortController();
    const second = flow.run({ bytes: 1, most: 1, upload }, stop.signal, async () => {});
    stop.abort(new Error('paused'));
    expect(second).rejects.toThrow('paused');
    resolve();
    await first;
    expect(flow.idle).toBe(true);
  });
});
