import { describe, expect, setDefaultTimeout } from 'bun:test';
import { first, PORTAL, s3Error } from '../faults/answers.ts';
import type { Seen } from '../faults/proxy.ts';
import { findChrome } from './executable.ts';
import { expireSessions, isCall, isPart, MiB, onFaults, type Scene } from './faults.ts';

setDefaultTimeout(120_000);

/** Three parts. */
const SIZE = 11 * MiB;

describe.skipIf(!findChrome())('with the tab closed, the worker', () => {
  const scene = onFaults('the worker, no tab open', { shortSync: { eventSeconds: 120 } });
  const late = ({ goneAt }: Scene, seen: Seen) => goneAt > 0 && seen.startedAt > goneAt;

  scene(
    'sends what is left',
    async ({ leave, arrived }) => {
      (await leave())();
      await arrived();
    },
    { sizes: [SIZE] },
  );

  scene(
    'sends what is left again',
    async (it) => {
      (await it.leave())();
      await it.arrived();
      it.note('none');
    },
    { sizes: [SIZE] },
  );

  scene(
    'begins a new session under the grant where the old one has expired, from what is on the device',
    async (it) => {
      const { stage, leave, arrived, calls, note } = it;
      const wake = stage.web.hold((seen) => late(it, seen) && isCall('sign')(seen));
      const gone = leave();
      await stage.web.waitFor(() => calls('sign').some(({ held }) => held));
      await expireSessions(stage);
      wake();
      (await gone)();
      await arrived(1);
      expect(calls('init')).toHaveLength(2);
      note('session expired');
    },
    { sizes: [SIZE] },
  );

  scene(
    'gets through resets, refusals, damage, a portal and lost answers',
    async (it) => {
      const { stage, leave, arrived, allow, note } = it;
      const each = (count: number, matches: (seen: Seen) => boolean) =>
        first(count, (seen) => late(it, seen) && matches(seen));
      stage.wire.harm(each(3, isPart(1)), 'reset');
      stage.wire.answer(each(1, isPart(2)), s3Error(403, 'AccessDenied'));
      stage.wire.answer(each(1, isPart(3)), allow(PORTAL));
      stage.wire.harm(each(1, isPart(3)), 'damage');
      stage.web.lose(each(2, isCall('sign')));
      stage.web.lose(each(2, isCall('complete')));
      (await leave())();
      await arrived();
      note('resets, opaque 403, portal, BadDigest, answers to sign and complete lost');
    },
    { sizes: [SIZE] },
  );

  scene(
    'gives up a PUT whose bytes stopped, by the time that it should have taken',
    async (it) => {
      const { stage, leave, arrived, puts, note } = it;
      // The line has shown its rate by then.
      const over = stage.wire.harm(
        first(1, (seen) => late(it, seen) && isPart(3)(seen)),
        'stall',
      );
      (await leave())();
      await arrived();
      const stalled = puts().filter(({ startedAt, status }) => startedAt > it.goneAt && status === undefined);
      expect(stalled).toHaveLength(1);
      over();
      note('bytes of a part stop');
    },
    { sizes: [SIZE] },
  );

  scene(
    'gets 64 MiB through a line that is cut every 6 MiB, once that is known of it, at little more than its bytes',
    async (it) => {
      const { stage, leave, arrived, share, note } = it;
      const release = await leave();
      stage.wire.set({ bytesPerSecond: 24 * MiB });
      stage.wire.cutEvery(6 * MiB);
      release();
      // One file goes before the other.
      await arrived();
      console.log(`  worker, cut every 6 MiB: ${share().toFixed(3)} times the second 64 MiB`);
      // A fifth is lost where each part but the first begins 1 MiB before a cut; the rest is for a cut that falls otherwise.
      expect(share()).toBeLessThanOrEqual(1.35);
      note('line cut every 6 MiB, twice 64 MiB at 24 MiB/s', Number.NaN);
    },
    { sizes: [64 * MiB, 64 * MiB] },
  );
});
