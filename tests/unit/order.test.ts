import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { byTurn } from '../../sw/order.ts';

const upload = fc.record({
  id: fc.string({ minLength: 1, maxLength: 3 }),
  size: fc.nat({ max: 5 }),
  addedAt: fc.nat({ max: 5 }),
  order: fc.constantFrom('smallest' as const, 'picked' as const, undefined),
});
const uploads = (order: 'smallest' | 'picked' | undefined) => fc.array(upload.map((one) => ({ ...one, order })));

describe('whose turn it is', () => {
  test('the smallest’s, and of equals the one that was picked first', () => {
    fc.assert(
      fc.property(uploads(undefined), (files) => {
        const sizes = files.sort(byTurn).map(({ size, addedAt }) => size * 10 + addedAt);
        expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
      }),
    );
  });

  test('in the order of the picking, where the app wants that', () => {
    fc.assert(
      fc.property(uploads('picked'), (files) => {
        const times = files.sort(byTurn).map(({ addedAt }) => addedAt);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
      }),
    );
  });

  test('is the same whichever way one looks at it, whatever was picked under which order', () => {
    fc.assert(
      fc.property(upload, upload, upload, (a, b, c) => {
        expect(Math.sign(byTurn(a, b))).toBe(-Math.sign(byTurn(b, a)) + 0);
        if (byTurn(a, b) <= 0 && byTurn(b, c) <= 0) expect(byTurn(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
