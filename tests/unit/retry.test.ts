import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../../server/contract/errors.ts';
import { backOff, isTransient, remedyFor } from '../../sw/retry.ts';

const random = fc.double({ min: 0, max: 0.999, noNaN: true });
const attempt = fc.integer({ min: 1, max: 10_000 });

describe('back-off', () => {
  for (const [what, status, longest, ceiling] of [
    ['doubles where the other side cannot', 503, 30_000, (attempt: number) => 500 * 2 ** attempt],
    ['grows by half a second where nobody answers', 0, 10_000, (attempt: number) => 500 * attempt],
  ] as const)
    test(`is between nothing and a ceiling that ${what}, up to ${longest / 1000} s, however often it failed`, () => {
      fc.assert(
        fc.property(attempt, random, (attempt, chance) => {
          const ms = backOff({ status }, attempt, () => chance);
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThan(Math.min(longest, ceiling(attempt)) + 1e-6);
          expect(Number.isFinite(ms)).toBe(true);
        }),
      );
      expect(backOff({ status }, 9999, () => 0.999)).toBeGreaterThan(longest * 0.96);
    });

  test('is never shorter than the other side asked for', () => {
    fc.assert(
      fc.property(attempt, random, fc.nat({ max: 600 }), (attempt, chance, retryAfter) => {
        const ms = backOff({ status: 503, retryAfter }, attempt, () => chance);
        expect(ms).toBeGreaterThanOrEqual(retryAfter * 1000);
        expect(ms).toBeLessThan(retryAfter * 1000 + 500);
      }),
    );
  });
});

describe('another attempt', () => {
  const status = (code: ErrorCode) => ({ status: ERRORS[code], code });

  test('is made where it may help', () => {
    expect(isTransient({ status: 0 })).toBe(true);
    for (const code of [
      'UPLOAD_COMPLETING',
      'UPLOAD_STARTING',
      'STORE_UNAVAILABLE',
      'DATABASE_UNAVAILABLE',
      'INTERNAL_ERROR',
    ] as const)
      expect([code, isTransient(status(code))]).toEqual([code, true]);
    for (const code of [408, 425, 429, 502, 504]) expect(isTransient({ status: code })).toBe(true);
  });

  test('is not made where it cannot', () => {
    for (const code of [
      'DIGEST_MISMATCH',
      'UPLOAD_ABORTED',
      'UPLOAD_EXPIRED',
      'UNAUTHENTICATED',
      'GRANT_EXHAUSTED',
      'IDEMPOTENCY_CONFLICT',
      'INVALID_REQUEST',
      'UPLOAD_NOT_FOUND',
    ] as const)
      expect([code, isTransient(status(code))]).toEqual([code, false]);
  });
});

describe('before a part is sent again', () => {
  test('what the bucket said decides what is done', () => {
    const table: [status: number, code: string | undefined, remedy: string][] = [
      [0, undefined, 'sign'],
      [403, 'AccessDenied', 'sign'],
      [400, 'EntityTooSmall', 'sign'],
      [404, 'NoSuchUpload', 'ask'],
      [404, undefined, 'ask'],
      [400, 'BadDigest', 'digest'],
      [400, 'RequestTimeout', 'again'],
      [408, undefined, 'again'],
      [425, undefined, 'again'],
      [429, undefined, 'again'],
      [500, 'InternalError', 'again'],
      [502, undefined, 'again'],
      [503, 'SlowDown', 'again'],
      [504, undefined, 'again'],
    ];
    for (const [status, code, remedy] of table)
      expect([status, code, remedyFor({ status, code })]).toEqual([status, code, remedy]);
  });
});
