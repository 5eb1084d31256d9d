import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { estimateUploadTime, formatBytes } from '../../client/format.ts';

describe('a size', () => {
  test('is told in the unit that a person would use', () => {
    const told = [0, 1, 999, 1000, 12_400_000, 999_900, 999_950, 3.5e9, 2e15].map((bytes) => formatBytes(bytes, 'en'));
    expect(told).toEqual(['0 byte', '1 byte', '999 byte', '1 kB', '12.4 MB', '999.9 kB', '1 MB', '3.5 GB', '2,000 TB']);
    expect(formatBytes(12_400_000, 'de')).toBe('12,4 MB');
  });

  test('never shows a thousand of one unit', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 9e14, noNaN: true }), (bytes) => {
        expect(formatBytes(bytes, 'en')).not.toInclude(',');
      }),
    );
  });
});

test('an upload’s time is what the line needs for it, and endless where nothing moves', () => {
  expect(estimateUploadTime(10_000_000, 2_000_000)).toBe(5);
  expect(estimateUploadTime(10_000_000, 0)).toBe(Number.POSITIVE_INFINITY);
  expect(estimateUploadTime(0, 0)).toBe(0);
});
