import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { openMeter } from '../../server/rate/meter.ts';

const START = 1_800_000_000_000;

describe('a meter', () => {
  test('counts each sender for itself', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 300 }), (senders) => {
        const meter = openMeter(7);
        const counts = new Map<number, number>();
        for (const sender of senders) {
          const before = counts.get(sender) ?? 0;
          expect(meter.ask(String(sender), START) === 0).toBe(before < 7);
          counts.set(sender, before + 1);
        }
      }),
    );
  });

  test('never remembers more senders than it may, and forgets all that have been silent for a minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.tuple(fc.nat(1000), fc.nat(100))), (most, requests) => {
        const meter = openMeter(60, most);
        let now = START;
        for (const [sender, gap] of requests) {
          now += gap;
          meter.ask(String(sender), now);
          expect(meter.size()).toBeLessThanOrEqual(most);
        }
        meter.ask('late', now + 120_000);
        expect(meter.size()).toBe(1);
      }),
    );
  });

  test('remembers who goes on asking, however many others come along', () => {
    const meter = openMeter(2, 10);
    for (let n = 0; n < 100; n++) {
      expect(meter.ask('eager', START) === 0).toBe(n < 2);
      meter.ask(`other ${n}`, START);
    }
  });
});
