import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type Row, runCell } from '../faults/matrix/cell.ts';
import { INTERRUPTIONS, type Interruption } from '../faults/matrix/interruptions.ts';
import { type Site, startSite } from '../faults/matrix/site.ts';
import { isOurs, UPLOADERS } from '../faults/matrix/uploaders.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import { findChrome } from './executable.ts';

const LIMIT = 150_000;
setDefaultTimeout(LIMIT + 60_000);
const PART = 5;
const FILE = 12;

/** What strikes waits for the page to say that the tab may be closed, however slow this machine is. */
const onceSafe = (interruption: Interruption): Interruption => ({
  ...interruption,
  limit: LIMIT,
  async strike(scene) {
    scene.line.set({ bytesPerSecond: 0 });
    await scene.page?.waitFor(`uploader.mayClose()`, { limit: 60_000 });
    scene.line.set({ bytesPerSecond: scene.bytesPerSecond });
    await interruption.strike!(scene);
  },
});

/** The server stays away until the page has asked it in vain, however late that is. */
const missed = (interruption: Interruption): Interruption => ({
  ...interruption,
  async strike({ service, web }) {
    await service.kill();
    const goneAt = performance.now();
    await web.waitFor(() => web.requests.some(({ startedAt, brokenAt }) => startedAt > goneAt && brokenAt), {
      limit: 60_000,
      what: 'the page to ask the server that is gone',
    });
    await service.restart();
  },
});

describe.skipIf(!findChrome())('of the fault matrix', () => {
  let store: TestStore;
  let site: Site;
  beforeAll(async () => {
    store = await embeddedStore();
    site = await startSite(Object.fromEntries(UPLOADERS.filter(isOurs).map((uploader) => [uploader.id, uploader])));
  });
  afterAll(async () => {
    site?.stop();
    await store?.stop();
  });

  function cell(uploader: string, interruption: string, harder = (same: Interruption) => same): void {
    test(`${uploader}: ${interruption}`, async () => {
      const row: Row = await runCell(
        UPLOADERS.find(({ title }) => title === uploader)!,
        onceSafe(harder(INTERRUPTIONS.find(({ title }) => title === interruption)!)),
        { store, site },
      );
      expect(row).toMatchObject({ arrived: 'yes', acts: [], falselyDone: false });
      expect(row.ratio).toBeGreaterThanOrEqual(1);
      // All that was under way may be lost, and nothing else.
      expect(row.ratio).toBeLessThanOrEqual(1 + (row.inFlight * PART) / FILE);
    });
  }

  cell('Partway', 'page reloaded');
  cell('Partway', 'tab closed');
  cell('Partway', 'server killed, back after 10 s', missed);
  cell('Partway, tab closed', 'browser killed');
});
