import { afterAll, beforeAll, describe, expect, setDefaultTimeout } from 'bun:test';
import { embeddedStore, type TestStore, uploadsIn } from '../store.ts';
import { findChrome } from './executable.ts';
import { completed, expectArrived, inside, openPage, pick, safe, sent, state } from './stage.ts';
import { onStages } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

describe.skipIf(!findChrome())('the demo app', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await embeddedStore();
  });
  afterAll(() => store?.stop());

  const staged = onStages(
    () => store,
    () => ({ fileSize: 24 * MiB }),
  );

  staged('can be installed, and its content policy refuses nothing that it needs', async (stage) => {
    const page = await openPage(stage);
    const { installabilityErrors } = await page.send<{ installabilityErrors: unknown[] }>(
      'Page.getInstallabilityErrors',
    );
    expect(installabilityErrors).toEqual([]);
    const { errors, data } = await page.send<{ errors: unknown[]; data: string }>('Page.getAppManifest');
    expect(errors).toEqual([]);
    for (const { src } of JSON.parse(data).icons) {
      const answer = await fetch(new URL(src, stage.url));
      expect([src, answer.status, answer.headers.get('content-type')]).toEqual([
        src,
        200,
        src.endsWith('.svg') ? 'image/svg+xml' : 'image/png',
      ]);
    }
    await pick(page, stage.file.path);
    await state(page, 'done');
    expect(page.console.filter((line) => /Content.Security|Refused/i.test(line))).toEqual([]);
  });

  staged('opens without a network, takes a file, and sends it when the network is back', async (stage) => {
    const page = await openPage(stage);
    await page.waitFor(`caches.keys().then((names) => names.some((name) => name.includes('precache')))`);
    await stage.chrome.offline(true);
    await page.reload();
    await page.waitFor(`${inside('.background')}?.textContent`);
    await page.waitFor(`document.querySelector('header img').naturalWidth > 0`);
    await pick(page, stage.file.path);
    await safe(page);
    await page.close();
    await stage.chrome.offline(false);
    await completed(stage);
    await expectArrived(stage);
  });

  staged(
    '"Forget everything" asks, then leaves nothing on the device and nothing unfinished in the bucket',
    async (stage) => {
      const page = await openPage(stage);
      await pick(page, stage.file.path);
      await sent(stage, 0.3);
      await page.waitFor(inside('.row'));
      const asked: boolean[] = [];
      page.on('Page.javascriptDialogOpening', () => {
        asked.push(true);
        void page.send('Page.handleJavaScriptDialog', { accept: asked.length > 1 });
      });
      await page.click('#forget');
      expect(await page.evaluate(`${inside('.row')} !== null`)).toBe(true);
      await page.click('#forget');
      await page.waitFor(`${inside('.background')}?.textContent && !${inside('.row')}`, { what: 'the empty page' });
      expect(asked).toHaveLength(2);
      await stage.wire.waitFor(() =>
        stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
      );
      expect(await uploadsIn(store, stage.bucket)).toEqual([]);
    },
  );

  staged('offers a new version when nothing is under way, and not before', async (stage) => {
    const page = await openPage(stage);
    await page.reload();
    await page.waitFor('navigator.serviceWorker.controller');
    await page.waitFor(`${inside('.background')}?.textContent`);
    const script = await (await fetch(`${stage.url}sw.js`)).text();
    stage.web.answer(({ path }) => path === '/sw.js', {
      status: 200,
      headers: { 'content-type': 'text/javascript' },
      body: `${script}\n// another`,
    });
    await pick(page, stage.file.path);
    await page.waitFor(`${inside('.row')}?.dataset.state === 'uploading'`);
    await page.evaluate(`document.querySelector('partway-upload').uploads[0].pause()`);
    await page.evaluate('navigator.serviceWorker.getRegistration().then((registration) => registration.update())');
    await page.waitFor('navigator.serviceWorker.getRegistration().then(({ waiting }) => waiting !== null)');
    expect(await page.evaluate(`document.querySelector('#update p').checkVisibility()`)).toBe(false);
    await page.evaluate(`document.querySelector('partway-upload').uploads[0].resume()`);
    await page.waitFor(`document.querySelector('#update p').checkVisibility()`, { limit: 60_000 });
    await state(page, 'done');
    await page.evaluate('void (globalThis.before = true)');
    await page.click('#update button');
    await page.waitFor('globalThis.before === undefined', { what: 'the page to be loaded anew' });
    await state(page, 'done');
    await expectArrived(stage);
  });
});
