import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, setDefaultTimeout } from 'bun:test';
import { embeddedStore, type TestStore } from '../store.ts';
import { type App, begin, openApp, startApp, uploadIs } from './app.ts';
import { type Desktop, startDesktop } from './desktop/desktop.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { expectArrived, type Stage, sent } from './stage.ts';
import { onStages } from './staged.ts';

setDefaultTimeout(180_000);
const MiB = 2 ** 20;
const NAME = 'holiday film.bin';
const DONE = 'Upload finished';
const SIGN_IN = 'Sign in again to finish the upload';

/** Elsewhere the browser shows what it has to tell by other means. */
describe.skipIf(!findChrome() || process.platform !== 'linux')('a notification', () => {
  let store: TestStore;
  let app: App;
  let desktop: Desktop;
  beforeAll(async () => {
    store = await embeddedStore();
    app = await startApp();
  });
  beforeEach(async () => {
    desktop = await startDesktop();
  });
  afterEach(() => desktop?.stop());
  afterAll(async () => {
    await app?.stop();
    await store?.stop();
  });

  const onDesktop = onStages(
    () => store,
    () => ({
      fileSize: 24 * MiB,
      bytesPerSecond: 8 * MiB,
      origins: [app.origin],
      chrome: { env: desktop.env },
    }),
  );
  /** The person has let the app show notifications. */
  const staged = (title: string, run: (stage: Stage) => Promise<void>): void =>
    onDesktop(title, async (stage) => {
      const permissions = ['notifications', 'backgroundSync'];
      await stage.chrome.cdp.send('Browser.grantPermissions', { origin: app.origin, permissions });
      await run(stage);
    });

  async function lookElsewhere(stage: Stage, page: Page): Promise<void> {
    const other = await stage.chrome.open('about:blank');
    await other.send('Page.bringToFront');
    await page.waitFor(`document.visibilityState === 'hidden'`);
  }
  const refuse = (stage: Stage) =>
    stage.web.answer(({ method, path }) => method === 'POST' && path.endsWith('/sign'), {
      status: 401,
      headers: { 'content-type': 'application/json', 'access-control-allow-origin': app.origin },
      body: JSON.stringify({ success: false, error: 'UNAUTHENTICATED', message: 'Who are you?' }),
    });
  const apps = async ({ chrome }: Stage) => (await chrome.pages()).filter(({ url }) => url.startsWith(app.origin));

  staged('tells that all has arrived, but not to who looks on', async (stage) => {
    const page = await openApp(app, stage);
    await page.send('Page.bringToFront');
    await begin(page, stage);
    await uploadIs(page, 'done');
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    expect(desktop.shows()).toEqual([]);
    await page.close();
    await desktop.waitFor(DONE);
    expect(desktop.shows()).toEqual([[DONE, NAME]]);
  });

  staged('tells that the person has to sign in again, and goes when they are back', async (stage) => {
    const page = await openApp(app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await sent(stage, 0.1);
    const signedIn = refuse(stage);
    await page.close();
    await desktop.waitFor(SIGN_IN);
    expect(desktop.shows()).toEqual([[SIGN_IN, NAME]]);
    signedIn();
    const back = await openApp(app, stage);
    await back.send('Page.bringToFront');
    await uploadIs(back, 'done');
    await desktop.waitFor(undefined);
    await expectArrived(stage);
  });

  staged('that is clicked brings the app back from behind another tab, at that upload', async (stage) => {
    const page = await openApp(app, stage);
    await begin(page, stage);
    const id = await page.evaluate('upload.id');
    // An app that goes elsewhere in itself is still the one that picked the file.
    await page.evaluate(`void (location.hash = 'photos')`);
    await lookElsewhere(stage, page);
    desktop.click((await desktop.waitFor(DONE))!);
    await page.waitFor('pointers.length');
    await page.waitFor(`document.visibilityState === 'visible'`);
    expect(await page.evaluate('pointers')).toEqual([{ type: 'partway-upload', id }]);
    expect(await apps(stage)).toHaveLength(1);
    await desktop.waitFor(undefined);
  });

  staged('that is clicked when the app is closed opens it, at that upload', async (stage) => {
    const page = await openApp(app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    const id = await page.evaluate('upload.id');
    await page.close();
    const shown = await desktop.waitFor(DONE);
    expect(await apps(stage)).toEqual([]);
    desktop.click(shown!);
    const deadline = performance.now() + 30_000;
    let opened = await apps(stage);
    while (!opened.length && performance.now() < deadline) opened = await apps(stage);
    expect(opened.map(({ url }) => url)).toEqual([`${app.origin}/`]);
    const again = await stage.chrome.attach(opened[0]!);
    await again.waitFor('globalThis.pointers?.length');
    expect(await again.evaluate('pointers')).toEqual([{ type: 'partway-upload', id }]);
    expect(await again.evaluate('document.visibilityState')).toBe('visible');
  });

  staged('of the app’s own that is clicked is left to the app', async (stage) => {
    const page = await openApp(app, stage, `serviceWorker: '/workbox.js',`);
    const inWorker = (expression: string) =>
      page.evaluate(`navigator.serviceWorker.ready.then((registration) => registration.${expression})`);
    await lookElsewhere(stage, page);
    await begin(page, stage);
    const done = await desktop.waitFor(DONE);
    await inWorker(`showNotification('New message', { body: 'from Bert', tag: 'mail' })`);
    desktop.click((await desktop.waitFor('New message'))!);
    await page.waitFor('pointers.length');
    expect(await inWorker(`getNotifications({ tag: 'mail' }).then((all) => all.length)`)).toBe(1);
    expect(desktop.shows()).toContainEqual(['New message', 'from Bert']);
    desktop.click(done!);
    await page.waitFor('pointers.length === 3');
    const told = [{ clicked: 'New message' }, { clicked: DONE }, { type: 'partway-upload' }];
    expect(await page.evaluate('pointers')).toMatchObject(told);
  });

  staged('of the app’s own that is shown as the worker begins leads to the app as well', async (stage) => {
    const page = await openApp(app, stage, 'serviceWorker: undefined,');
    await page.send('Page.bringToFront');
    await page.evaluate(`(async () => {
      await navigator.serviceWorker.register('/workbox.js');
      await (await navigator.serviceWorker.ready).showNotification('New message', { body: 'from Bert' });
    })()`);
    desktop.click((await desktop.waitFor('New message'))!);
    await page.waitFor('pointers.length');
    expect(await page.evaluate('pointers')).toEqual([{ clicked: 'New message' }]);
  });
});
