import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { createSpeed } from '../../client/speed.ts';

describe('the speed of an upload', () => {
  test('of an even line is that line’s, however irregularly it is looked at', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e9 }),
        fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 2, maxLength: 50 }),
        (bytesPerSecond, pauses) => {
          const speed = createSpeed();
          let now = 1000;
          for (const pause of pauses) {
            now += pause;
            speed.add((now * bytesPerSecond) / 1000, now);
          }
          expect(speed.bytesPerSecond / bytesPerSecond).toBeCloseTo(1, 6);
        },
      ),
    );
  });

  test('follows a line that becomes slower, without jumping', () => {
    const speed = createSpeed();
    for (let second = 0; second <= 20; second++) speed.add(second * 1e6, second * 1000);
    speed.add(20e6 + 1e5, 21_000);
    expect(speed.bytesPerSecond).toBeGreaterThan(5e5);
    for (let second = 2; second <= 30; second++) speed.add(20e6 + second * 1e5, (20 + second) * 1000);
    expect(speed.bytesPerSecond).toBeLessThan(1.1e5);
  });

  test('is unknown before there is anything to compare, after a silence, and while it waits', () => {
    const speed = createSpeed();
    speed.add(0, 0);
    expect(speed.bytesPerSecond).toBe(0);
    speed.add(1e6, 1000);
    expect(speed.bytesPerSecond).toBe(1e6);
    speed.add(1e6, 60_000);
    expect(speed.bytesPerSecond).toBe(1e6);
    speed.stop();
    expect(speed.bytesPerSecond).toBe(0);
  });
});
