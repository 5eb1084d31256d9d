import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createBoard } from '../../sw/board.ts';

const TOTAL = 6;
const number = fc.integer({ min: 1, max: TOTAL });
const step = fc.oneof(
  fc.record({ do: fc.constant('learn' as const), n: number, stored: fc.boolean(), known: fc.boolean() }),
  fc.record({ do: fc.constant('take' as const), n: number }),
  fc.record({ do: fc.constantFrom('giveBack' as const, 'arrive' as const, 'lose' as const), n: number }),
);

describe('the board of an upload', () => {
  test('whatever happens in whatever order, a part is sent once at a time, and never once it is stored', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const board = createBoard(TOTAL);
        const stored = new Set<number>();
        const away = new Set<number>();
        const digests = new Set<number>();
        for (const now of steps) {
          if (now.do === 'learn') {
            const digest = now.known ? { digest: `d${now.n}` } : {};
            if (!stored.has(now.n)) {
              if (now.known) digests.add(now.n);
              else digests.delete(now.n);
              if (now.stored) stored.add(now.n);
            }
            board.learn({ partNumber: now.n, stored: now.stored, sliced: true, ...digest });
          } else if (now.do === 'take') {
            const part = board.take(({ partNumber }) => partNumber >= now.n);
            const able = [...digests].filter((n) => n >= now.n && !stored.has(n) && !away.has(n));
            expect(part?.partNumber).toBe(able.length ? Math.min(...able) : undefined);
            if (part) away.add(part.partNumber);
          } else {
            board[now.do](now.n);
            if (now.do === 'arrive') stored.add(now.n);
            if (now.do === 'lose') stored.delete(now.n);
            else away.delete(now.n);
          }
          expect(board.travelling).toBe(away.size);
          expect(board.stored().sort()).toEqual([...stored].sort());
          expect(board.finished).toBe(stored.size === TOTAL);
          expect(board.window(1, TOTAL).map(({ partNumber }) => partNumber)).toEqual(
            [...digests].filter((n) => !stored.has(n)).sort(),
          );
          expect(board.digests() !== undefined).toBe(digests.size === TOTAL);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('what is heard of a part while the disk is read stays known', () => {
    const seen = fc.record({ stored: fc.boolean(), sliced: fc.boolean(), digested: fc.boolean() });
    const part = ({ stored, sliced, digested }: { stored: boolean; sliced: boolean; digested: boolean }) => ({
      ...{ partNumber: 1, stored, sliced },
      ...(digested && { digest: 'd' }),
    });
    fc.assert(
      fc.property(seen, seen, (heard, read) => {
        const board = createBoard(1);
        board.learn(part(heard));
        board.recall(part(read));
        expect(board.finished).toBe(heard.stored || read.stored);
        if (board.finished) return;
        expect(board.part(1)!.sliced).toBe(heard.sliced || read.sliced);
        expect(board.take(() => true) !== undefined).toBe(heard.digested || read.digested);
      }),
    );
  });

  test('the window begins where it is asked to and is no longer than asked', () => {
    const board = createBoard(10);
    for (let partNumber = 1; partNumber <= 10; partNumber++)
      board.learn({ partNumber, digest: 'd', stored: partNumber === 5, sliced: true });
    expect(board.window(4, 3).map(({ partNumber }) => partNumber)).toEqual([4, 6, 7]);
    expect(board.window(9, 30).map(({ partNumber }) => partNumber)).toEqual([9, 10]);
    expect(board.window(11, 1)).toEqual([]);
    expect(board.window(1, 0)).toEqual([]);
  });
});
