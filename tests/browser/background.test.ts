import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test';
import { RUNGS } from '../../sw/ladder.ts';
import { randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import { type App, begin, openApp, startApp, startClient } from './app.ts';
import { discard } from './discards.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { completed, expectArrived, expectNothingStoredSentAgain, type Stage, sent, settled } from './stage.ts';
import { onStages } from './staged.ts';
import { watchSyncs } from './syncs.ts';

setDefaultTimeout(180_000);
const MiB = 2 ** 20;
/** Generous, for a loaded machine; what it really takes is printed. */
const TAKE_OVER_MS = 5000;

describe.skipIf(!findChrome())('in the background', () => {
  let store: TestStore;
  let app: App;
  beforeAll(async () => {
    store = await embeddedStore();
    app = await startApp();
  });
  afterAll(async () => {
    await app?.stop();
    await store?.stop();
  });

  const staged = onStages(
    () => store,
    () => ({ fileSize: 32 * MiB, bytesPerSecond: 4 * MiB, origins: [app.origin] }),
  );

  /** An upload on its way that the tab may be closed on, with the worker standing by. */
  async function underWay(stage: Stage, share = 0.1): Promise<Page> {
    const page = await openApp(app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose', { limit: 60_000 });
    await sent(stage, share);
    return page;
  }
  async function expectWhole(stage: Stage): Promise<void> {
    await completed(stage);
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  }

  const asks = ({ web }: Stage) => web.requests.filter(({ path }) => path.endsWith('/sign')).length;

  const ends: [how: string, end: (page: Page) => Promise<unknown>][] = [
    ['closed', (page) => page.close()],
    ['crashed', (page) => page.crash()],
    ['frozen', (page) => page.freeze()],
  ];
  for (const [how, end] of ends)
    staged(
      `the worker asks for more as soon as the tab is ${how}`,
      async (stage) => {
        const page = await underWay(stage);
        await page.evaluate(`void fetch('/alive').catch(() => {})`);
        // What is asked for once the tab is going is the worker's.
        const told = performance.now();
        const lost = app.gone();
        const ended = end(page).then(() => performance.now());
        const asked = () =>
          stage.web.requests.find(({ path, startedAt }) => startedAt > told && path.endsWith('/sign'));
        await stage.web.waitFor(() => asked() !== undefined, { limit: 60_000, what: 'the worker to ask for URLs' });
        const took = asked()!.startedAt - (await (how === 'frozen' ? ended : lost));
        console.log(`  the worker asks ${took.toFixed(0)} ms after the tab is ${how}`);
        if (how !== 'crashed') expect(took).toBeLessThan(TAKE_OVER_MS);
        await expectWhole(stage);
      },
      // A crash takes the worker along, and now and then what the browser fires in its place: then it is its next attempt.
      how === 'crashed' ? { chrome: { shortSync: true } } : {},
    );

  staged(
    'when all has arrived the worker rests, though the page stays open',
    async (stage) => {
      const { events } = await watchSyncs(stage.chrome);
      const page = await underWay(stage);
      await expectWhole(stage);
      await page.waitFor(`upload.state === 'done'`);
      const fired = () => events.filter(({ how }) => how === 'Dispatched').length;
      await page.waitFor(
        `navigator.serviceWorker.ready.then(({ sync }) => sync.getTags()).then((tags) => !tags.length)`,
        { limit: 30_000, what: 'no tag to be left' },
      );
      console.log(`  ${fired()} sync events in all`);
      // A visit's, and some more where they were renewed; not a hundred in each second.
      expect(fired()).toBeLessThanOrEqual(4 * RUNGS);
    },
    { fileSize: 12 * MiB, bytesPerSecond: 8 * MiB },
  );

  staged(
    'the worker outlives its sync events by far',
    async (stage) => {
      const page = await underWay(stage);
      await page.close();
      await expectWhole(stage);
    },
    // Events of 2 s, and a retry that comes when the test is long over.
    { chrome: { shortSync: { eventSeconds: 2, initialRetrySeconds: 900 } }, fileSize: 96 * MiB },
  );

  /** A page of the origin that has no client. */
  const bare = (stage: Stage) => stage.chrome.open(`${app.origin}/elsewhere`);
  /** Without a worker of its own, the page leaves nothing behind that would wake one. */
  async function leaveUnwatched(stage: Stage): Promise<void> {
    const page = await openApp(app, stage, 'serviceWorker: undefined,');
    await begin(page, stage);
    await page.waitFor('upload.record.staged', { limit: 60_000 });
    await sent(stage, 0.1);
    await page.close();
    await settled(stage);
  }

  staged('a worker that comes to be goes on with what lies on the device', async (stage) => {
    await leaveUnwatched(stage);
    const page = await bare(stage);
    await page.evaluate(`void navigator.serviceWorker.register('/sw.js')`);
    await expectWhole(stage);
  });

  /** An app's own worker, from a visit before. */
  async function visitBefore(stage: Stage): Promise<void> {
    const page = await bare(stage);
    await page.evaluate(
      `navigator.serviceWorker.register('/workbox.js').then(() => navigator.serviceWorker.ready).then(() => true)`,
    );
    await page.close();
  }
  /** Has the browser fire an event in that worker. */
  async function fire(page: Page, event: string, what: object): Promise<void> {
    const enabled = page.send('ServiceWorker.enable');
    const registrationId = await new Promise((resolve) =>
      page.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) =>
        resolve((registrations as { registrationId: string }[])[0]?.registrationId),
      ),
    );
    await enabled;
    await page.send(`ServiceWorker.${event}`, { origin: app.origin, registrationId, ...what });
  }

  staged('a push that the app forwards goes on with what lies on the device', async (stage) => {
    await visitBefore(stage);
    await leaveUnwatched(stage);
    await fire(await bare(stage), 'deliverPushMessage', { data: '' });
    await expectWhole(stage);
  });

  staged('the app’s periodic sync goes on with what lies on the device, no tab of it being open', async (stage) => {
    await visitBefore(stage);
    await leaveUnwatched(stage);
    await fire(await stage.chrome.open('about:blank'), 'dispatchPeriodicSyncEvent', { tag: 'news' });
    await expectWhole(stage);
  });

  staged(
    'a second visit whose tab is closed while the first one’s tags wait is carried on too',
    async (stage) => {
      const page = await underWay(stage);
      const elsewhere = await stage.chrome.open('about:blank');
      await elsewhere.send('ServiceWorker.enable');
      await page.close();
      // A tag that had been renewed is fired anew when its worker is stopped, and only then waits for a quarter of an hour.
      for (let round = 0; round < 2; round++) {
        const before = asks(stage);
        if (round > 0) await stage.web.waitFor(() => asks(stage) > before, { what: 'the next worker to ask for URLs' });
        await elsewhere.send('ServiceWorker.stopAllWorkers');
      }
      await settled(stage);
      const second = await openApp(app, stage);
      await second.waitFor('upload.safeToClose', { limit: 60_000 });
      const goneAt = performance.now();
      await second.close();
      await expectWhole(stage);
      expect(stage.wire.bytesBegunSince(goneAt)).toBeGreaterThan(0);
    },
    { chrome: { shortSync: { initialRetrySeconds: 900 } }, fileSize: 128 * MiB },
  );

  const elsewhere = () => `http://127.0.0.1:${app.port}/elsewhere`;

  staged('a tab that the person comes back to, as it was, goes on by itself', async (stage) => {
    const page = await openApp(app, stage, 'serviceWorker: undefined,');
    await begin(page, stage);
    await sent(stage, 0.1);
    await page.evaluate(`addEventListener('pageshow', ({ persisted }) => { globalThis.persisted = persisted; })`);
    await page.goto(elsewhere());
    await settled(stage);
    await page.evaluate('history.back()');
    await page.waitFor('globalThis.persisted', { what: 'the page to come back as it was' });
    await page.waitFor(`upload.state === 'done'`, { limit: 60_000 });
    await expectWhole(stage);
  });

  staged('a tab that the person comes back to shows what the worker has gone on with', async (stage) => {
    const page = await underWay(stage);
    await page.goto(elsewhere());
    const goneAt = performance.now();
    await stage.wire.waitFor(() => stage.wire.bytesBegunSince(goneAt) > 0, { what: 'the worker to send' });
    await page.evaluate('history.back()');
    // The browser does not keep a page whose lock somebody waited for: this one is new.
    await page.waitFor('globalThis.partway');
    await page.detach();
    const again = await openApp(app, stage);
    await again.waitFor(`upload.state === 'done'`, { limit: 60_000 });
    await expectWhole(stage);
  });

  staged('a tab thawed shows what the worker has done', async (stage) => {
    const page = await underWay(stage);
    await page.freeze();
    const frozenAt = performance.now();
    await stage.wire.waitFor(() => stage.wire.bytesBegunSince(frozenAt) > 0, { what: 'the worker to send' });
    await page.thaw();
    await page.waitFor(`upload.state === 'done'`, { limit: 60_000 });
    await expectWhole(stage);
  });

  staged('a tab that the browser discards shows what the worker has gone on with, and the same list', async (stage) => {
    const page = await underWay(stage);
    const other = await randomFile(`${stage.folder}/other.bin`, MiB);
    // Until the tab is gone nothing arrives.
    const release = stage.wire.hold(({ method }) => method === 'PUT');
    await page.setFiles('input', [other.path]);
    await page.evaluate(`client.resumableUpload(document.querySelector('input').files[0]).pause()`);
    const LIST = 'client.uploads().then((all) => all.map(({ id, name }) => [id, name]))';
    const before = await page.evaluate(LIST);
    await page.detach();
    await discard(stage.chrome, `${app.origin}/`);
    const goneAt = performance.now();
    release();
    await stage.wire.waitFor(() => stage.wire.bytesBegunSince(goneAt) > 0, { what: 'the worker to send' });
    const [tab] = (await stage.chrome.pages()).filter(({ url }) => url === `${app.origin}/`);
    await stage.chrome.cdp.send('Target.activateTarget', { targetId: tab!.id });
    const back = await stage.chrome.attach(tab!);
    await back.waitFor('document.wasDiscarded && globalThis.partway', { what: 'the page to be loaded anew' });
    await startClient(back, stage);
    expect(await back.evaluate(LIST)).toEqual(before);
    await back.waitFor(`upload.state === 'done'`, { limit: 60_000 });
    await completed(stage);
    await expectArrived(stage);
  });

  staged('the screen stays on while the page is in sight and something moves', async (stage) => {
    const page = await openApp(app, stage);
    await page.evaluate(`(() => {
      globalThis.locks = [];
      const request = navigator.wakeLock.request.bind(navigator.wakeLock);
      navigator.wakeLock.request = async (type) => { const lock = await request(type); locks.push(lock); return lock; };
    })()`);
    await begin(page, stage);
    await page.waitFor('locks.length === 1 && !locks[0].released', { what: 'the screen to be kept on' });
    const other = await stage.chrome.open('about:blank');
    await other.send('Page.bringToFront');
    await page.waitFor(`document.visibilityState === 'hidden' && locks[0].released`);
    await page.send('Page.bringToFront');
    await page.waitFor('locks.length === 2 && !locks[1].released', { what: 'the screen to be kept on again' });
    await page.waitFor(`upload.state === 'done' && locks.every(({ released }) => released)`, { limit: 60_000 });
  });
});
