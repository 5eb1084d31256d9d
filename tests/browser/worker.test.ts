import { describe, expect, setDefaultTimeout } from 'bun:test';
import { begin, openApp } from './app.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';
import { completed, expectArrived, expectNothingStoredSentAgain, sent } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

describe.skipIf(!findChrome())('the worker in an app', () => {
  const { here, staged } = onApps();

  staged(
    'inside an app’s own worker, with Workbox around it, the upload goes on after the tab is closed',
    async (stage) => {
      const page = await openApp(here.app, stage, `serviceWorker: '/workbox.js',`);
      await page.waitFor('navigator.serviceWorker.ready.then(() => true)');
      await page.reload();
      const controlled = await openApp(here.app, stage, `serviceWorker: '/workbox.js',`);
      await page.close();
      expect(await controlled.evaluate('navigator.serviceWorker.controller !== null')).toBe(true);
      await begin(controlled, stage);
      await controlled.waitFor('upload.safeToClose');
      await sent(stage, 0.3);
      await controlled.close();
      await completed(stage);
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
  );

  staged('what lay on the device before it was digested is digested there once the tab is gone', async (stage) => {
    const page = await openApp(here.app, stage);
    await page.waitFor('navigator.serviceWorker.ready.then(() => true)');
    // To this page the file's bytes never come, to the browser that copies them they do.
    await page.evaluate(`void (Blob.prototype.stream = new Proxy(Blob.prototype.stream, {
      apply: (read, blob) => (blob.size < ${2 * MiB} ? Reflect.apply(read, blob, []) : new ReadableStream({ type: 'bytes' })),
    }))`);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    expect(stage.wire.puts()).toEqual([]);
    await page.close();
    await completed(stage);
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  });

  /** A new version of every script is out, and the browser looks. */
  async function release(page: Page): Promise<void> {
    here.app.release();
    await page.evaluate(`navigator.serviceWorker.getRegistration().then(async (registration) => {
      globalThis.registration = registration;
      globalThis.old = registration.active;
      await registration.update();
    })`);
  }

  staged(
    'a new version of the worker leaves an upload under way alone',
    async (stage) => {
      const page = await openApp(here.app, stage);
      // With more PUTs at once the browser would not even ask for the new script before they end.
      await begin(page, stage, '{ concurrency: 1 }');
      await page.waitFor('upload.safeToClose');
      await sent(stage, 0.1);
      await release(page);
      await page.waitFor('registration.waiting', { what: 'the new worker to be installed' });
      expect(await page.evaluate('[upload.state, registration.active === old]')).toEqual(['uploading', true]);
      await page.close();
      await completed(stage);
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
    { fileSize: 64 * MiB },
  );

  staged('the upload of an old page is finished by a new worker', async (stage) => {
    const page = await openApp(here.app, stage);
    await page.waitFor('navigator.serviceWorker.ready.then(() => true)');
    await release(page);
    await page.waitFor(`registration.active !== old && registration.active.state === 'activated'`);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await sent(stage, 0.3);
    await page.close();
    await completed(stage);
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  });
});
