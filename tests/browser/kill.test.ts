import { describe, expect, setDefaultTimeout } from 'bun:test';
import type { Predicate, Seen } from '../faults/proxy.ts';
import { partsIn } from '../store.ts';
import { openApp } from './app.ts';
import type { Chrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import { isCall, isPut, MiB, onFaults, PART, type Scene } from './faults.ts';
import { partOf, settled } from './stage.ts';

setDefaultTimeout(180_000);

/** Thirteen parts. */
const SIZE = 61 * MiB;

const isSign = isCall('sign');
const isComplete = isCall('complete');

/** Where a worker waits for somebody else, or has just been answered; `nth` such request of each worker. */
interface Moment {
  what: string;
  line: 'web' | 'wire';
  matches: Predicate;
  nth: number;
  at: 'asked' | 'middle' | 'answering' | 'answered';
}

const moment = (what: string, matches: Predicate, at: Moment['at'], nth = 1): Moment => ({
  what,
  line: matches === isPut ? 'wire' : 'web',
  matches,
  nth,
  at,
});

/** Numbers of the parts that the device believes stored. */
const recorded = (owner: string) => `new Promise((resolve) => {
  indexedDB.open('partway:${owner}').onsuccess = ({ target: { result: db } }) => {
    const asking = db.transaction('parts').objectStore('parts').getAll();
    asking.onsuccess = () => {
      db.close();
      resolve(asking.result.filter(({ stored }) => stored).map(({ partNumber }) => partNumber));
    };
  };
})`;

/** Stops all workers as the browser does, which no window has a say in; resolves when they are gone. */
async function killer(chrome: Chrome) {
  const page = await chrome.open('about:blank');
  const running = new Set<string>();
  const watching = new Set<() => void>();
  page.on('ServiceWorker.workerVersionUpdated', ({ versions }) => {
    for (const { versionId, runningStatus } of versions as { versionId: string; runningStatus: string }[]) {
      if (runningStatus !== 'stopped') running.add(versionId);
      else if (running.delete(versionId)) for (const resolve of watching) resolve();
    }
  });
  await page.send('ServiceWorker.enable');
  return {
    /** Where one is running. The browser may start the next at once. */
    async kill() {
      if (!running.size) return;
      const stopped = new Promise<void>((resolve) => watching.add(resolve));
      await page.send('ServiceWorker.stopAllWorkers');
      await stopped;
    },
    close: page.close,
  };
}

describe.skipIf(!findChrome())('a worker that is stopped', () => {
  const scene = onFaults('the worker is stopped, no tab open', {
    shortSync: { initialRetrySeconds: 1, retryFactor: 1, attempts: 40, eventSeconds: 120 },
  });

  /** One worker after the other is stopped, each at its moment; what the device believes is compared with the store. */
  async function stopAt(it: Scene, moments: Moment[]): Promise<Map<Seen, { held: boolean }>> {
    const { stage, app, owner, leave, puts } = it;
    const workers = await killer(stage.chrome);
    let release = await leave();
    /** PUTs that were under way at the ends and not answered; of the held ones it is known what the store has of them. */
    const flying = new Map<Seen, { held: boolean }>();
    for (const { what, line, matches, nth, at } of moments) {
      const wire = stage[line];
      /** Whoever comes next is the one that is stopped at this moment. */
      let since = Number.POSITIVE_INFINITY;
      const own = () => wire.requests.filter((seen) => seen.startedAt > since && matches(seen));
      const isIt = (seen: Seen) => seen === own()[nth - 1];
      const undo =
        at === 'middle'
          ? wire.harm(isIt, 'stall')
          : at === 'answered'
            ? () => {}
            : wire.hold(isIt, at === 'asked' ? 'request' : 'response');
      await workers.kill();
      since = performance.now();
      release();
      await wire.waitFor(
        () => {
          const it = own()[nth - 1];
          if (!it) return false;
          if (at === 'middle') return it.bytes >= it.length / 2;
          return at === 'answered' ? it.finishedAt !== undefined : it.held;
        },
        { limit: 60_000, what: `a worker at: ${what}` },
      );
      for (const put of puts()) if (!put.finishedAt && !put.brokenAt) flying.set(put, { held: put.held });
      // The browser may start the next before its turn: that one gets nowhere.
      const wall = [stage.web, stage.wire].map((line) => line.hold(() => true));
      await workers.kill();
      const reader = await stage.chrome.open(`${app.origin}/nothing`);
      const believed = await reader.evaluate<number[]>(recorded(owner));
      await reader.close();
      if (
        !stage.wire.requests.some(
          ({ query, method, status, startedAt }) =>
            startedAt > it.goneAt && method === 'POST' && query.startsWith('uploadId=') && status,
        )
      ) {
        const stored = new Set(await partsIn(stage.store, stage.bucket));
        expect([what, believed.filter((number) => !stored.has(number))]).toEqual([what, []]);
      }
      release = () => {
        for (const open of [undo, ...wall]) open();
      };
    }
    release();
    await workers.close();
    return flying;
  }

  scene(
    'at whatever it waits for loses no part, believes none that the store lacks, and sends only parts in flight again',
    async (it) => {
      const { stage, app, owner, arrived, puts, twice, note } = it;
      const flying = await stopAt(it, [
        moment('its first call', isSign, 'asked'),
        moment('the answer to its first call', isSign, 'answering'),
        moment('a part before its first byte', isPut, 'asked'),
        moment('a part in its middle', isPut, 'middle'),
        moment('the answer to a part that the store has', isPut, 'answering'),
        moment('the answer to a part, just come', isPut, 'answered'),
        moment('several parts, one answered', isPut, 'answered', 3),
        moment('the end, not yet told', isComplete, 'asked'),
        moment('the end, told and not answered', isComplete, 'answering'),
      ]);
      await arrived();
      const page = await openApp(app, stage, `owner: '${owner}',`);
      await page.waitFor(`list[0]?.state === 'done'`, { limit: 30_000 });
      await page.close();
      await settled(stage);
      const storedAt = new Map<number, number>();
      for (const put of puts()) {
        const before = storedAt.get(partOf(put)) ?? Number.POSITIVE_INFINITY;
        expect([partOf(put), put.startedAt > before]).toEqual([partOf(put), false]);
        const end = put.finishedAt ?? put.brokenAt;
        // What the store got whole just as the worker was stopped may be stored after the next one asked.
        const late = flying.get(put)?.held === false;
        if (put.status === 200 && end && !late) storedAt.set(partOf(put), Math.min(before, end));
      }
      expect(twice()).toBeLessThanOrEqual(flying.size * PART);
      note('stopped nine times', Number.NaN);
    },
    { sizes: [SIZE] },
  );
});
