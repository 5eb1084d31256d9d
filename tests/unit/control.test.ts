import { describe, expect, test } from 'bun:test';
import { persistently } from '../../sw/control.ts';
import { createFlow } from '../../sw/flow.ts';
import { RequestError } from '../../sw/retry.ts';

/** A request that fails `failures` times. No wait ends by itself while the test runs. */
function request(failures: number, status: number) {
  const flow = createFlow();
  let waits = Promise.withResolvers<void>();
  let count = 0;
  const end = persistently(
    async () => {
      if (++count <= failures) throw new RequestError({ status, retryAfter: 1000 });
      return count;
    },
    { signal: new AbortController().signal, random: () => 1, line: flow.landings, onPhase: () => waits.resolve() },
  );
  return {
    end,
    /** Resolves when it waits for its next attempt. */
    async waiting() {
      await waits.promise;
      waits = Promise.withResolvers();
      // What tells of the wait is called before it begins.
      await Promise.resolve();
    },
    land: () => flow.watch(5, async () => {}),
    /** How many there were once all that was to come of the last news has come. */
    async attempts() {
      await new Promise((resolve) => setTimeout(resolve));
      return count;
    },
  };
}

describe('what waits because nobody answered', () => {
  test('goes as soon as a part has landed', async () => {
    const { waiting, land, end } = request(1, 0);
    await waiting();
    await land();
    expect(await end).toBe(2);
  });

  test('but waits its time where that was in vain, and may go early once more after that', async () => {
    const { waiting, land, end, attempts } = request(3, 0);
    await waiting();
    await land();
    await waiting();
    await land();
    expect(await attempts()).toBe(2);
    self.dispatchEvent(new Event('online'));
    await waiting();
    await land();
    expect(await end).toBe(4);
  });

  test('while whoever was asked to wait does so', async () => {
    const { waiting, land, end, attempts } = request(1, 503);
    await waiting();
    await land();
    expect(await attempts()).toBe(1);
    self.dispatchEvent(new Event('online'));
    expect(await end).toBe(2);
  });
});
