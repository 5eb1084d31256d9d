import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { planParts } from '../../server/contract/plan.ts';
import { GENERIC } from '../../server/contract/profile.ts';
import { partSizeFor } from '../../sw/hint.ts';
import { isMetered } from '../../sw/network.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;

describe('the part size that is wished for', () => {
  test('is the smallest on a line that is slow, unknown, or often cut', () => {
    for (const line of [{}, { rate: 1e6 }, { rate: 40e6 }, { rate: 1e9, life: 6 * MiB }])
      expect(partSizeFor(2 * GiB, line)).toBe(5 * MiB);
  });

  test('grows with a line that is fast and holds', () => {
    expect(partSizeFor(2 * GiB, { rate: 125e6 })).toBe(11 * MiB);
    expect(partSizeFor(20 * GiB, { rate: 1e9 })).toBe(64 * MiB);
  });

  test('is always lawful, and no more than the line moves in 15 s where the law allows', () => {
    const rate = fc.double({ min: 0, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(fc.nat({ max: 10_000 * GiB }), rate, rate, (fileSize, rate, life) => {
        const size = partSizeFor(fileSize, { rate, life });
        const smallest = partSizeFor(fileSize, {});
        expect(() => planParts(fileSize, GENERIC, size)).not.toThrow();
        expect(size === smallest || size <= 15 * rate).toBe(true);
      }),
    );
  });
});

test('a network is metered where it is a mobile one, or the person saves data', () => {
  expect([{ type: 'cellular' }, { type: 'wifi', saveData: true }, { type: 'wifi' }, {}].map(isMetered)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
