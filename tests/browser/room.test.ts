import { describe, expect, setDefaultTimeout } from 'bun:test';
import { copyFile, rename } from 'node:fs/promises';
import { randomFile } from '../bytes.ts';
import { partsIn } from '../store.ts';
import { begin, openApp, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import { finding } from './findings.ts';
import type { Page } from './page.ts';
import { expectArrived, expectNothingStoredSentAgain, type Stage, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;
/** So slow that staging is done, or stuck, long before the upload is. */
const SLOW = { bytesPerSecond: 2 * MiB };

describe.skipIf(!findChrome())('room on the device', () => {
  const { here, staged } = onApps();
  /** The share of the disk that the browser grants the app from now on. */
  const grant = (page: Page, bytes: number) =>
    page.send('Storage.overrideQuotaForOrigin', { origin: here.app.origin, quotaSize: bytes });
  const kept = (page: Page) =>
    page.evaluate<number>(`new Promise((resolve) => {
      indexedDB.open('partway:anna').onsuccess = ({ target: { result: db } }) => {
        const counting = db.transaction('slices').objectStore('slices').count();
        counting.onsuccess = () => { db.close(); resolve(counting.result) };
      };
    })`);

  /** Begins where not all of the file fits, with a copy of it beside it; resolves when one part has arrived. */
  async function beginShort(stage: Stage): Promise<Page> {
    const page = await openApp(here.app, stage);
    await grant(page, 10 * MiB);
    await copyFile(stage.file.path, `${stage.folder}/copy.bin`);
    await begin(page, stage, '{ concurrency: 1 }');
    await page.waitFor('upload.unstagedBytes && upload.progress.uploaded >= 1');
    return page;
  }

  staged(
    'where it is short, what fits is staged, what closing the tab would cost is told, and the file arrives',
    async (stage) => {
      const page = await openApp(here.app, stage);
      await grant(page, 16 * MiB);
      await begin(page, stage);
      const lacking = await page.waitFor<number>('upload.unstagedBytes');
      expect(await kept(page)).toBeGreaterThan(0);
      expect(lacking).toBeGreaterThan(0);
      expect(lacking).toBeLessThan(stage.file.size);
      expect(await page.evaluate('upload.safeToClose')).toBe(false);
      await uploadIs(page, 'done');
      expect(await page.evaluate('upload.unstagedBytes')).toBe(0);
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
      finding(stage.chrome, 'the disk has no room for all of it', 'says what closing the tab would cost, and arrives');
    },
    SLOW,
  );

  staged(
    'where it runs out in the middle nothing is given up, and once there is more the tab may go',
    async (stage) => {
      const page = await openApp(here.app, stage);
      // The app knows of room that is gone by the time it is needed.
      await page.evaluate('void (navigator.storage.estimate = async () => ({ quota: 1e12, usage: 0 }))');
      await grant(page, 14 * MiB);
      await begin(page, stage, '{ concurrency: 1 }');
      await page.waitFor('upload.unstagedBytes', { limit: 60_000 });
      await uploadIs(page, 'uploading');
      await grant(page, 1000 * MiB);
      await page.waitFor('upload.safeToClose');
      await uploadIs(page, 'done');
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
    { bytesPerSecond: MiB },
  );

  staged('two tabs that fill it at the same time both bring their files home', async (stage) => {
    const pages = [await openApp(here.app, stage), await openApp(here.app, stage)] as const;
    const other = await randomFile(`${stage.folder}/other.bin`, 24 * MiB);
    await grant(pages[0], 20 * MiB);
    await begin(pages[0], stage);
    await begin(pages[1], { file: other });
    for (const page of pages) await uploadIs(page, 'done');
    const digests = (await stage.objects()).map(({ sha256 }) => sha256).sort();
    expect(digests).toEqual([stage.file.sha256, other.sha256].sort());
  });

  staged('a pick that cannot even be noted down is told of, and taken up by "retry"', async (stage) => {
    const page = await openApp(here.app, stage);
    await grant(page, 1);
    await begin(page, stage);
    await uploadIs(page, 'failed');
    expect(await page.evaluate('({ ...upload.error, message: upload.error.message })')).toMatchObject({
      code: 'STORAGE_FULL',
      message: 'There is no room left on this device to take this upload down.',
      remedy: 'Free some space, then try again.',
    });
    await page.evaluate('upload.retry()');
    await uploadIs(page, 'failed');
    expect(await page.evaluate('client.uploads().then((all) => all.length)')).toBe(1);
    await grant(page, 1000 * MiB);
    await page.evaluate('upload.retry()');
    await page.evaluate('upload.done');
    await expectArrived(stage);
  });

  staged(
    'a file that changes in mid-upload is never mixed with what it was: it is asked for again, and goes on',
    async (stage) => {
      const page = await beginShort(stage);
      const changed = await randomFile(`${stage.folder}/changed.bin`, stage.file.size);
      await rename(changed.path, stage.file.path);
      await uploadIs(page, 'needs-file');
      await settled(stage);
      expect(await stage.objects()).toEqual([]);
      const before = await partsIn(here.store, stage.bucket);
      expect(before.length).toBeLessThan(5);
      await page.setFiles('input', [stage.file.path]);
      expect(await page.evaluate(`outcome(upload.attach(document.querySelector('input').files[0]))`)).toMatchObject({
        error: { code: 'FILE_MISMATCH' },
      });
      await page.setFiles('input', [`${stage.folder}/copy.bin`]);
      await page.evaluate(`upload.attach(document.querySelector('input').files[0])`);
      await uploadIs(page, 'done');
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
    SLOW,
  );

  staged(
    'a file that is given again just when the first is found to have changed is the one that arrives',
    async (stage) => {
      const page = await beginShort(stage);
      // Looks for the slice of what could not be sent, and does not hear of it until `release`.
      await page.evaluate(`void (() => {
        const { get } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.get = function (key) {
          const request = get.call(this, key);
          if (this.name !== 'slices' || globalThis.release) return request;
          const released = new Promise((resolve) => { globalThis.release = resolve });
          const listen = request.addEventListener.bind(request);
          request.addEventListener = (type, heard) => listen(type, () => released.then(heard));
          return request;
        };
      })()`);
      const changed = await randomFile(`${stage.folder}/changed.bin`, stage.file.size);
      await rename(changed.path, stage.file.path);
      await page.waitFor('globalThis.release', { limit: 60_000, what: 'the slice to be looked for' });
      await page.setFiles('input', [`${stage.folder}/copy.bin`]);
      await page.evaluate(`upload.attach(document.querySelector('input').files[0])`);
      await page.evaluate('release()');
      await uploadIs(page, 'done');
      await expectArrived(stage);
      expectNothingStoredSentAgain(stage);
    },
    SLOW,
  );

  staged(
    'a file that is gone when its turn to be written comes is asked for again',
    async (stage) => {
      const page = await openApp(here.app, stage);
      await stage.chrome.offline(true);
      await grant(page, 10 * MiB);
      await begin(page, stage);
      await page.waitFor('upload.unstagedBytes', { limit: 60_000 });
      await rename(stage.file.path, `${stage.folder}/elsewhere.bin`);
      await grant(page, 1000 * MiB);
      await uploadIs(page, 'needs-file');
    },
    { fileSize: 64 * MiB },
  );

  staged('a file that is gone after it was staged is not missed', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await rename(stage.file.path, `${stage.folder}/elsewhere.bin`);
    await uploadIs(page, 'done');
    await expectArrived(stage);
  });
});
