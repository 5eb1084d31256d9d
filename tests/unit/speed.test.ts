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

  test('is steady where parts land in bursts, seen at any moment', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 * 2 ** 20 }),
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 0, max: 19 }),
        (burst, tenths, phase) => {
          const speed = createSpeed();
          const line = burst / (tenths / 10);
          let bytes = 0;
          for (let tenth = 0; tenth <= 600; tenth++) {
            if ((tenth + phase) % tenths === 0) bytes += burst;
            speed.add(bytes, tenth * 100);
            if (tenth < 300) continue;
            expect(speed.bytesPerSecond / line).toBeGreaterThan(0.8);
            expect(speed.bytesPerSecond / line).toBeLessThan(1.25);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test('is a number and not below 0 whatever it is told, nor does a step back in bytes or time count', () => {
    const step = fc.record({
      bytes: fc.oneof(fc.nat(), fc.integer({ min: 0, max: 2 ** 50 })),
      now: fc.oneof(fc.nat({ max: 1000 }), fc.double({ min: -1e9, max: 1e13, noNaN: true })),
      stop: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const speed = createSpeed();
        for (const { bytes, now, stop } of steps) {
          if (stop) speed.stop();
          else speed.add(bytes, now);
          expect(Number.isFinite(speed.bytesPerSecond)).toBe(true);
          expect(speed.bytesPerSecond).toBeGreaterThanOrEqual(0);
        }
      }),
    );
    const speed = createSpeed();
    for (const [bytes, now] of [
      [0, 0],
      [1e6, 1000],
      [0, 1500],
      [1e6, 1400],
      [1.5e6, 1900],
    ] as const)
      speed.add(bytes, now);
    expect(speed.bytesPerSecond).toBeCloseTo(1e6, -1);
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
