import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { judge, mayRelay, RUNGS } from '../../sw/ladder.ts';
import { simulate } from './chromium.ts';

const HALF_HOUR = 1800;
const MINUTES = 60;
const open = fc.integer({ min: 5, max: 2000 });

describe('the ladder, on Chromium’s own timing', () => {
  test('works for at least 25 of the 30 minutes after the last tab has closed, whenever that is', () => {
    fc.assert(
      fc.property(open, fc.integer({ min: 0, max: RUNGS }), (open, farewell) => {
        const { working } = simulate({ open, end: 'closed', farewell, watch: HALF_HOUR });
        expect(working / MINUTES).toBeGreaterThanOrEqual(25);
      }),
    );
  });

  test('works for at least 25 where the tab crashed, and takes its worker along', () => {
    fc.assert(
      fc.property(open, (open) => {
        const { working } = simulate({ open, end: 'crashed', watch: HALF_HOUR });
        expect(working / MINUTES).toBeGreaterThanOrEqual(25);
      }),
    );
  });

  test('holds a browser without a window for as long as an event lasts', () => {
    fc.assert(
      fc.property(open, (open) => {
        const { browserLived } = simulate({ open, end: 'closed', farewell: 1, watch: HALF_HOUR });
        expect(browserLived).toBeGreaterThanOrEqual(175);
      }),
    );
  });

  test('holds it for two minutes at least where the page could not say farewell', () => {
    fc.assert(
      fc.property(open, (open) => {
        const { browserLived } = simulate({ open, end: 'closed', farewell: 0, watch: HALF_HOUR });
        expect(browserLived).toBeGreaterThanOrEqual(115);
      }),
    );
  });

  test('fires a few events a minute, and no more, while a page is open for hours', () => {
    const hours = 5;
    const { firedBefore } = simulate({ open: hours * 3600, end: 'closed', watch: 1 });
    expect(firedBefore / (hours * 60)).toBeLessThanOrEqual(4);
  });
});

describe('an event', () => {
  const alone = { alone: 0, driving: true };
  const watched = { alone: undefined, driving: false };

  test('of the last chance is held to the end', () => {
    for (const rung of [0, 1, 2]) expect(judge({ age: 170_000, rung, lastChance: true }, alone)).toBe('hold');
  });

  test('that a window cannot renew is not given up while the window is open', () => {
    for (const rung of [0, 1, 2]) expect(judge({ age: 170_000, rung, renewed: false }, watched)).toBe('hold');
  });

  test('beside another of its rung ends once it is sure that a window is open', () => {
    expect(judge({ age: 500, rung: 1, spare: true }, watched)).toBe('hold');
    expect(judge({ age: 1500, rung: 1, spare: true }, watched)).toBe('leave');
    expect(judge({ age: 1500, rung: 1, spare: true }, alone)).toBe('hold');
  });

  test('of another kind does not linger where a window drives', () => {
    expect(judge({ age: 11_000 }, watched)).toBe('leave');
    expect(judge({ age: 11_000 }, { alone: undefined, driving: true })).toBe('hold');
    expect(mayRelay(60_000, watched)).toBe(false);
  });
});
