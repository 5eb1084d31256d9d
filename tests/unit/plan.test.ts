import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { UploadError } from '../../server/contract/errors.ts';
import { partRange, planParts, smallestPartSize } from '../../server/contract/plan.ts';
import { PROFILES } from '../../server/contract/profiles.ts';

const MiB = 2 ** 20;
const GiB = 2 ** 30;
const profile = fc.constantFrom(...Object.values(PROFILES));
const sized = profile.chain((profile) =>
  fc.record({
    profile: fc.constant(profile),
    // Both small and beyond any disk.
    fileSize: fc.oneof(
      fc.nat({ max: 100 * MiB }),
      fc.maxSafeNat().map((n) => n % (profile.largestObject + 1)),
    ),
  }),
);
const code = (work: () => unknown) => {
  try {
    work();
    return 'taken';
  } catch (error) {
    return error instanceof UploadError ? error.code : String(error);
  }
};

describe('a plan', () => {
  test('is lawful for every file that the store takes', () => {
    fc.assert(
      fc.property(sized, ({ fileSize, profile }) => {
        const { partSize, totalParts } = planParts(fileSize, profile);
        expect(partSize % MiB).toBe(0);
        expect(partSize).toBeGreaterThanOrEqual(profile.smallestPart);
        expect(partSize).toBeLessThanOrEqual(profile.largestPart);
        expect(totalParts).toBeGreaterThanOrEqual(1);
        expect(totalParts).toBeLessThanOrEqual(profile.mostParts);
        // No smaller whole MiB would do.
        const smaller = partSize - MiB;
        expect(smaller < profile.smallestPart || Math.ceil(fileSize / smaller) > profile.mostParts).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('covers every byte once, in order, with equal parts but the last', () => {
    const file = fc.record({ fileSize: fc.nat({ max: 200_000 }), partSize: fc.integer({ min: 1024, max: 5000 }) });
    fc.assert(
      fc.property(file, ({ fileSize, partSize }) => {
        const plan = planParts(fileSize, { ...PROFILES.generic, smallestPart: 1024 }, partSize);
        let next = 0;
        for (let n = 1; n <= plan.totalParts; n++) {
          const { partNumber, start, end, size } = partRange(plan, n);
          expect([partNumber, start, end - start + 1]).toEqual([n, next, size]);
          if (n < plan.totalParts) expect(size).toBe(partSize);
          else expect(fileSize === 0 ? size === 0 : size > 0 && size <= partSize).toBe(true);
          next = end + 1;
        }
        expect(next).toBe(fileSize);
      }),
    );
  });

  test('stays exact at the end of the largest file', () => {
    const plan = planParts(PROFILES.S3.largestObject, PROFILES.S3);
    expect(plan).toMatchObject({ partSize: 5 * GiB, totalParts: 10_000 });
    const { start, end, size } = partRange(plan, 10_000);
    expect([end + 1, size, start]).toEqual([PROFILES.S3.largestObject, 5 * GiB, 9999 * 5 * GiB]);
    expect(planParts(5 * MiB * 10_000, PROFILES.S3)).toMatchObject({ partSize: 5 * MiB, totalParts: 10_000 });
    expect(planParts(5 * MiB * 10_000 + 1, PROFILES.S3).partSize).toBe(6 * MiB);
  });

  test('refuses what the store would refuse', () => {
    const S3 = PROFILES.S3;
    expect(code(() => planParts(S3.largestObject + 1, S3))).toBe('FILE_TOO_LARGE');
    for (const partSize of [5 * MiB - 1, 5 * GiB + 1, 0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect([partSize, code(() => planParts(100, S3, partSize))]).toEqual([partSize, 'INVALID_PART_SIZE']);
    expect(code(() => planParts(5 * MiB * 10_000 + 1, S3, 5 * MiB))).toBe('INVALID_PART_SIZE');
    expect(code(() => planParts(100, S3, 5 * MiB + 1))).toBe('taken');
  });

  test('is the smallest that the caller could have asked for', () => {
    fc.assert(
      fc.property(sized, ({ fileSize, profile }) => {
        const smallest = smallestPartSize(fileSize, profile);
        expect(code(() => planParts(fileSize, profile, smallest))).toBe('taken');
      }),
    );
  });
});
