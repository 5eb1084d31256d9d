import { describe, expect, setDefaultTimeout } from 'bun:test';
import { first } from '../faults/answers.ts';
import { findChrome } from './executable.ts';
import { alone, isPart, MiB, onFaults } from './faults.ts';

setDefaultTimeout(120_000);

describe.skipIf(!findChrome())('the line of the page', () => {
  const scene = onFaults('the line of the page');

  scene('carries a file', async ({ begin, arrived }) => {
    await begin();
    await arrived();
  });

  scene('carries another', async ({ begin, arrived, note }) => {
    await begin();
    await arrived();
    note('none');
  });

  scene(
    'that falls silent is given up, and the part sent again',
    async (it) => {
      const { stage, begin, arrived, puts, note } = it;
      // It has shown its rate by then: with none known, silence would be borne for longer.
      const over = stage.wire.harm(first(1, isPart(3)), 'stall');
      await begin();
      await stage.wire.waitFor(() => puts().filter(isPart(3)).length === 2);
      const [silent] = puts().filter(isPart(3));
      expect([silent!.status, silent!.bytes]).toEqual([undefined, MiB / 2]);
      await arrived();
      over();
      note('bytes of a part stop');
    },
    { sizes: [11 * MiB] },
  );

  scene('that is away for ten seconds is used again when it is back, with no click', async (it) => {
    const { stage, begin, waited, arrived, puts, note } = it;
    const release = stage.wire.hold(isPart(2));
    await begin();
    await stage.wire.waitFor(() => puts().some(({ held }) => held));
    await stage.chrome.offline(true);
    // What is under way when the network goes is not torn by that alone, and the browser itself sends it again.
    const over = stage.wire.harm(isPart(2), 'reset', 0);
    stage.wire.cut();
    release();
    await waited();
    // The outage itself, not a wait for something to happen.
    await Bun.sleep(10_000);
    const backAt = performance.now();
    over();
    await stage.chrome.offline(false);
    await arrived();
    expect(puts().filter(isPart(2)).at(-1)!.startedAt).toBeGreaterThan(backAt);
    expect(puts().filter(isPart(1))).toHaveLength(1);
    note('offline for 10 s');
  });

  scene(
    'that is cut every 6 MiB, once that is known of it, takes no more than 1.25 times the bytes of 64 MiB',
    async (it) => {
      const { stage, page, files, begin, arrived, puts, share, note } = it;
      stage.wire.set({ bytesPerSecond: 24 * MiB });
      stage.wire.cutEvery(6 * MiB);
      await begin('{}', files.slice(0, 1));
      await page.waitFor(`upload.state === 'done'`, { limit: 60_000 });
      const first = puts().reduce((sum, { taken }) => sum + taken, 0) / files[0]!.size;
      await begin('{}', files.slice(1));
      await arrived();
      console.log(`  page, cut every 6 MiB: ${first.toFixed(3)} times 64 MiB, then ${share().toFixed(3)} times`);
      expect(share()).toBeLessThanOrEqual(1.25);
      note('line cut every 6 MiB, twice 64 MiB at 24 MiB/s', Number.NaN);
    },
    { sizes: [64 * MiB, 64 * MiB] },
  );

  scene(
    'of 7 Mbit/s is full with one part at a time',
    async (it) => {
      const { stage, begin, arrived, puts, note } = it;
      stage.wire.set({ bytesPerSecond: 875_000 });
      await begin();
      await arrived();
      const [all, single] = [puts().length, alone(puts()).length];
      console.log(`  7 Mbit/s: ${single} of ${all} PUTs alone on the line`);
      expect(single).toBeGreaterThanOrEqual(0.8 * all);
      note('7 Mbit/s, two files of 10 MiB', (20 * MiB) / 875_000);
    },
    { sizes: [10 * MiB, 10 * MiB] },
  );
});
