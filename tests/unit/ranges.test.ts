import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { partRange } from '../../server/contract/plan.ts';
import { progressOf, storedBytes } from '../../server/contract/progress.ts';
import { count, includes, missing, rangesOf } from '../../server/contract/ranges.ts';
import { fromMultirange, toMultirange } from '../../server/database/multirange.ts';

const numbers = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 80 });
const sorted = (set: Iterable<number>) => [...new Set(set)].sort((a, b) => a - b);
const spread = (ranges: [number, number][]) =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => from + at));

describe('a set of part numbers', () => {
  test('holds what was put in, as few ranges as can be', () => {
    fc.assert(
      fc.property(numbers, (numbers) => {
        const ranges = rangesOf(numbers);
        expect(spread(ranges)).toEqual(sorted(numbers));
        expect(count(ranges)).toBe(sorted(numbers).length);
        for (let at = 1; at < ranges.length; at++) expect(ranges[at]![0]).toBeGreaterThan(ranges[at - 1]![1] + 1);
        for (let n = 0; n <= 61; n++) expect(includes(ranges, n)).toBe(numbers.includes(n));
      }),
    );
  });

  test('tells what is missing, in order and no more than asked for', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 70 }), fc.nat({ max: 70 }), (numbers, total, limit) => {
        const lacking = Array.from({ length: total }, (_, at) => at + 1).filter((n) => !numbers.includes(n));
        expect(missing(rangesOf(numbers), total)).toEqual(lacking);
        expect(missing(rangesOf(numbers), total, limit)).toEqual(lacking.slice(0, limit));
      }),
    );
  });

  test('comes back from PostgreSQL as it went', () => {
    fc.assert(
      fc.property(numbers, (numbers) => {
        expect(fromMultirange(toMultirange(rangesOf(numbers)))).toEqual(rangesOf(numbers));
      }),
    );
    expect(
      toMultirange([
        [1, 3],
        [7, 7],
      ]),
    ).toBe('{[1,4),[7,8)}');
    expect([toMultirange([]), fromMultirange('{}')]).toEqual(['{}', []]);
  });
});

describe('progress', () => {
  const upload = fc
    .record({ fileSize: fc.nat({ max: 100_000 }), partSize: fc.integer({ min: 1, max: 5000 }) })
    .map(({ fileSize, partSize }) => ({ fileSize, partSize, totalParts: Math.max(1, Math.ceil(fileSize / partSize)) }))
    .filter(({ totalParts }) => totalParts < 500);
  const some = upload.chain((plan) =>
    fc.tuple(fc.constant(plan), fc.subarray(Array.from({ length: plan.totalParts }, (_, at) => at + 1))),
  );

  test('counts the bytes of the stored parts, the last one’s as they are', () => {
    fc.assert(
      fc.property(some, ([plan, parts]) => {
        const bytes = parts.reduce((sum, n) => sum + partRange(plan, n).size, 0);
        expect(storedBytes(plan, rangesOf(parts))).toBe(bytes);
        expect(progressOf(plan, rangesOf(parts))).toMatchObject({
          uploaded: parts.length,
          total: plan.totalParts,
          uploadedBytes: bytes,
          totalBytes: plan.fileSize,
        });
      }),
    );
  });

  test('is 100 when all is stored and only then', () => {
    fc.assert(
      fc.property(some, ([plan, parts]) => {
        const { percentage, bytesPercentage } = progressOf(plan, rangesOf(parts));
        const all = parts.length === plan.totalParts;
        expect([percentage === 100, bytesPercentage === 100]).toEqual([all, all]);
        for (const figure of [percentage, bytesPercentage]) {
          expect(figure).toBeGreaterThanOrEqual(0);
          expect(figure).toBeLessThanOrEqual(100);
        }
      }),
    );
  });
});
