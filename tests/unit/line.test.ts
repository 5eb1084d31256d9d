import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { type Flight, type Line, landed, lanesOf, lost, slowed, unknownLine } from '../../sw/line.ts';
import { durationLimit, silenceLimit } from '../../sw/stall.ts';

const MiB = 2 ** 20;
const MOST = 5;

interface Wire {
  bytesPerSecond: number;
  /** Of one connection, at most. */
  each?: number;
  /** Every connection is cut when this many bytes have gone over the wire. */
  cutEvery?: number;
}

/** Sends `parts` parts over a wire on which all connections share the rate evenly; what it took. */
function simulate(wire: Wire, parts: number, size = 5 * MiB, start: Line = unknownLine()) {
  let line = start;
  let now = 0;
  let waiting = parts;
  let untilCut = wire.cutEvery ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  let most = 0;
  const laneSeconds = new Map<number, number>();
  let flights: { began: number; sent: number }[] = [];
  while ((waiting || flights.length) && bytes < 100 * parts * size) {
    while (waiting && flights.length < lanesOf(line, MOST)) {
      waiting--;
      flights.push({ began: now, sent: 0 });
    }
    const lanes = flights.length;
    most = Math.max(most, lanes);
    const rate = Math.min(wire.bytesPerSecond / lanes, wire.each ?? Number.POSITIVE_INFINITY);
    const step = Math.min(...flights.map(({ sent }) => size - sent), untilCut / lanes);
    now += (step / rate) * 1000;
    laneSeconds.set(lanes, (laneSeconds.get(lanes) ?? 0) + step / rate);
    bytes += step * lanes;
    untilCut -= step * lanes;
    for (const flight of flights) flight.sent += step;
    const flightOf = ({ began, sent }: { began: number; sent: number }): Flight => ({
      bytes: sent,
      began,
      ended: now,
      atOnce: lanes,
    });
    const arrived = flights.filter(({ sent }) => sent >= size - 1);
    flights = flights.filter(({ sent }) => sent < size - 1);
    for (const flight of arrived) line = landed(line, flightOf(flight));
    if (untilCut > 1) continue;
    untilCut = wire.cutEvery!;
    for (const flight of flights) line = lost(line, flightOf(flight));
    waiting += flights.length;
    flights = [];
  }
  return { bytes, ratio: bytes / (parts * size), seconds: now / 1000, most, laneSeconds, line };
}

const share = (spent: Map<number, number>, lanes: number) =>
  (spent.get(lanes) ?? 0) / [...spent.values()].reduce((sum, seconds) => sum + seconds, 0);

describe('the number of parts under way', () => {
  test('is one on a line that one part fills', () => {
    const { laneSeconds } = simulate({ bytesPerSecond: 7e6 / 8 }, 50);
    expect(share(laneSeconds, 1)).toBeGreaterThan(0.8);
  });

  test('is all that are allowed on a fast line, soon', () => {
    const { laneSeconds } = simulate({ bytesPerSecond: 100e6 }, 100);
    expect(share(laneSeconds, MOST)).toBeGreaterThan(0.85);
  });

  test('grows where each connection is slow and the line is not', () => {
    const { line } = simulate({ bytesPerSecond: 20e6, each: 0.5e6 }, 400);
    expect(lanesOf(line, MOST)).toBe(MOST);
  });

  test('lets a file through a line that is cut every 6 MiB, at no more than 1.25 times the bytes', () => {
    for (const bytesPerSecond of [1e6, 10e6, 100e6]) {
      const { ratio } = simulate({ bytesPerSecond, cutEvery: 6 * MiB }, 13);
      expect(ratio).toBeLessThanOrEqual(1.25);
    }
  });

  test('gets through whatever is cut no more often than a part is long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 60 }),
        fc.double({ min: 1e5, max: 2e8, noNaN: true }),
        (every, bytesPerSecond) => {
          const { ratio } = simulate({ bytesPerSecond, cutEvery: every * MiB }, 40);
          // One cut loses at most what is under way, and never as much again as has arrived since the last one.
          expect(ratio).toBeLessThan(2);
        },
      ),
    );
  });

  test('recovers from a single loss', () => {
    const before = simulate({ bytesPerSecond: 100e6 }, 50).line;
    const cut = lost(before, { bytes: MiB, began: 1, ended: 2, atOnce: 5 });
    expect(lanesOf(cut, MOST)).toBeLessThan(MOST);
    const after = simulate({ bytesPerSecond: 100e6 }, 20, 5 * MiB, cut).line;
    expect(lanesOf(after, MOST)).toBe(MOST);
  });

  test('one cut that ends five connections is one loss', () => {
    const line = simulate({ bytesPerSecond: 100e6 }, 50).line;
    const flight = { bytes: MiB, began: 1000, ended: 2000, atOnce: 5 };
    const once = lost(line, flight);
    const five = [1, 2, 3, 4].reduce((so) => lost(so, flight), once);
    expect(five.window).toBe(once.window);
  });

  test('halves for all files when the store asks for less', () => {
    const line = simulate({ bytesPerSecond: 100e6 }, 50).line;
    const flight = { bytes: MiB, began: 1e9, ended: 1e9 + 1, atOnce: 5 };
    expect(lanesOf(slowed(line, flight), MOST)).toBe(2);
  });

  test('is never below one or above what is allowed, and no number ever breaks, whatever happens', () => {
    const event = fc.record({
      how: fc.constantFrom(landed, lost, slowed),
      bytes: fc.integer({ min: 0, max: 64 * MiB }),
      took: fc.integer({ min: 0, max: 600_000 }),
      atOnce: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 8 }), (events, most) => {
        let line = unknownLine();
        let now = 0;
        for (const { how, bytes, took, atOnce } of events) {
          line = how(line, { bytes, began: now, ended: now + took, atOnce });
          now += took / 2;
          const lanes = lanesOf(line, most);
          expect(lanes).toBeGreaterThanOrEqual(1);
          expect(lanes).toBeLessThanOrEqual(most);
          expect(Number.isInteger(lanes)).toBe(true);
          expect(line.window).toBeGreaterThanOrEqual(1);
          expect(line.rate ?? 1).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});

describe('patience with a silent line', () => {
  const rate = fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined });

  test('is shorter the faster the line is, and within a quarter of a minute and two minutes', () => {
    fc.assert(
      fc.property(rate, rate, (a, b) => {
        expect(silenceLimit(a)).toBeGreaterThanOrEqual(15_000);
        expect(silenceLimit(a)).toBeLessThanOrEqual(120_000);
        if (a !== undefined && b !== undefined && a > b) expect(silenceLimit(a)).toBeLessThanOrEqual(silenceLimit(b));
      }),
    );
  });

  test('of a worker, which sees no byte, is three times what the part should take, and a little', () => {
    expect(durationLimit(5 * MiB, MiB)).toBe(30_000);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * 2 ** 30 }), rate, (bytes, known) => {
        const limit = durationLimit(bytes, known);
        expect(limit).toBeGreaterThanOrEqual(15_000);
        if (known !== undefined && known >= 2500) expect(limit).toBeGreaterThanOrEqual((bytes / known) * 1000);
      }),
    );
  });
});
