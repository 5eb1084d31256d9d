import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { grouped } from '../../sw/group.ts';

test('what is asked while an answer is under way goes together with the next, in order, and each gets its own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat({ max: 5 }), { maxLength: 12 }), async (rounds) => {
      const batches: number[][] = [];
      const ask = grouped(async (asks: number[]) => {
        batches.push(asks);
        await Promise.resolve();
        return asks.map((asked) => asked * 2);
      });
      let next = 0;
      const answers: Promise<number>[] = [];
      for (const count of rounds) {
        for (let n = 0; n < count; n++) answers.push(ask(next++));
        await Promise.resolve();
      }
      expect(await Promise.all(answers)).toEqual(answers.map((_, at) => at * 2));
      expect(batches.flat()).toEqual(answers.map((_, at) => at));
      expect(batches.length).toBeLessThanOrEqual(Math.max(1, 2 * rounds.length));
    }),
  );
});

test('what fails is no other’s failure, and nobody’s after', async () => {
  const ask = grouped(async (asks: string[]) => {
    await Promise.resolve();
    if (asks.includes('bad')) throw new Error('no room');
    return asks;
  });
  const outcomes = await Promise.allSettled([ask('a'), ask('b'), ask('bad'), ask('c')]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect((await Promise.allSettled([ask('bad')])).map(({ status }) => status)).toEqual(['rejected']);
  expect(await ask('d')).toBe('d');
});
