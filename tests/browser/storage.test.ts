import { describe, expect, setDefaultTimeout } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { randomFile } from '../bytes.ts';
import { partsIn } from '../store.ts';
import { begin, openApp, uploadIs } from './app.ts';
import { launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';
import { CLOSED, finding } from './findings.ts';
import type { Page } from './page.ts';
import { completed, expectArrived, expectNothingStoredSentAgain, partOf, type Stage, sent, settled } from './stage.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const NAME = 'partway:anna';
const MiB = 2 ** 20;

/** Only the first part is digested before the device is asked for the parts; its answer is heard when the page has told of every digest. */
const CROSSING = (parts: number) => `(() => {
  const asked = Promise.withResolvers();
  const told = Promise.withResolvers();
  globalThis.cross = () => {
    IDBObjectStore.prototype.getAll = new Proxy(IDBObjectStore.prototype.getAll, {
      apply(getAll, store, call) {
        const request = Reflect.apply(getAll, store, call);
        if (store.name === 'parts') {
          listen.call(request, 'success', asked.resolve);
          late.add(request);
        }
        return request;
      },
    });
  };
  Blob.prototype.stream = new Proxy(Blob.prototype.stream, {
    apply(stream, blob) {
      // The samples that tell one file from another are shorter.
      if (blob.size < 2 ** 20 || digesting++ === 0) return Reflect.apply(stream, blob, []);
      const { readable, writable } = new TransformStream();
      asked.promise.then(() => Reflect.apply(stream, blob, []).pipeTo(writable));
      return readable;
    },
  });
  let digesting = 0;
  const digested = new Set();
  new BroadcastChannel('${NAME}').onmessage = ({ data: { type, part } }) => {
    if (type === 'sliced' && part.digest && digested.add(part.partNumber).size === ${parts}) told.resolve();
  };
  const late = new WeakSet();
  const listen = EventTarget.prototype.addEventListener;
  IDBRequest.prototype.addEventListener = function (type, listener, ...more) {
    const wait = type === 'success' && late.has(this);
    listen.call(this, type, wait ? () => void told.promise.then(listener) : listener, ...more);
  };
})()`;

describe.skipIf(!findChrome())('the device’s storage', () => {
  const { here, staged } = onApps();
  /** A tab of the same origin without any code of ours. */
  const bare = (stage: Stage): Promise<Page> => stage.chrome.open(`${here.app.origin}/nothing`);
  const opening = (version: number, then = '') => `new Promise((resolve, reject) => {
    const request = indexedDB.open('${NAME}', ${version});
    request.onupgradeneeded = () => { globalThis.db = request.result; ${version === 1 ? FIRST : ''} };
    request.onsuccess = () => { globalThis.db = request.result; ${then}; resolve(db.version) };
    request.onerror = () => reject(request.error);
  })`;
  /** What the first version made. */
  const FIRST = `
    db.createObjectStore('uploads', { keyPath: 'id' });
    for (const name of ['parts', 'slices']) db.createObjectStore(name);
    db.createObjectStore('grants', { keyPath: 'endpoint' });`;

  staged('an upload arrives whose every part was digested while the device was asked what it has', async (stage) => {
    const page = await openApp(here.app, stage);
    await page.evaluate(CROSSING(3));
    const file = await randomFile(`${stage.folder}/three parts.bin`, 13 * MiB);
    await begin(page, { file });
    await page.waitFor('upload.safeToClose && upload.resumeToken');
    await page.evaluate('upload.pause()');
    await page.evaluate('cross()');
    await page.evaluate('upload.resume()');
    await uploadIs(page, 'done');
    expect((await stage.objects()).map(({ sha256 }) => sha256)).toEqual([file.sha256]);
  });

  staged('an upload that the first version of the database holds goes on in the present one', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await page.evaluate('upload.pause()');
    await page.goto(`${here.app.origin}/nothing`);
    await settled(stage);
    const before = await partsIn(here.store, stage.bucket);
    expect(before.length).toBeLessThan(5);
    // The same records and slices, in a database as the first version made it.
    const moved = await page.evaluate<number>(`(async () => {
      const all = (request) => new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      const names = ['uploads', 'parts', 'slices', 'grants'];
      const now = await all(indexedDB.open('${NAME}'));
      const tx = now.transaction(names);
      const kept = await Promise.all(names.map(async (name) => {
        const store = tx.objectStore(name);
        return Promise.all([all(store.getAllKeys()), all(store.getAll())]);
      }));
      const version = now.version;
      now.close();
      await all(indexedDB.deleteDatabase('${NAME}'));
      await ${opening(1)};
      const old = db.transaction(names, 'readwrite');
      for (const [at, name] of names.entries()) {
        const store = old.objectStore(name);
        const [keys, values] = kept[at];
        for (const [n, value] of values.entries()) store.put(value, ...(store.keyPath ? [] : [keys[n]]));
      }
      await new Promise((resolve, reject) => { old.oncomplete = resolve; old.onabort = () => reject(old.error); });
      db.close();
      return version;
    })()`);
    expect(moved).toBeGreaterThan(1);
    const again = await openApp(here.app, stage);
    await uploadIs(again, 'paused');
    await again.evaluate('upload.resume()');
    await uploadIs(again, 'done');
    expect(
      await again.evaluate(`indexedDB.databases().then((all) => all.find(({ name }) => name === '${NAME}').version)`),
    ).toBe(moved);
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  });

  staged('an old tab that lets go of its version holds up nobody', async (stage) => {
    const old = await bare(stage);
    expect(await old.evaluate(opening(1, 'db.onversionchange = () => db.close()'))).toBe(1);
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await uploadIs(page, 'done');
    await expectArrived(stage);
  });

  staged('an old tab that holds on to its version, frozen or not, is told of instead of waited for', async (stage) => {
    const old = await bare(stage);
    await old.evaluate(opening(1));
    await expect(openApp(here.app, stage)).rejects.toThrow('Close the other tabs of this site');
    await old.freeze();
    await expect(openApp(here.app, stage)).rejects.toThrow('Close the other tabs of this site');
    await old.thaw();
    await old.close();
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await uploadIs(page, 'done');
  });

  staged('a page that a newer version has overtaken lets go, and says to reload', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    const newer = await bare(stage);
    expect(await newer.evaluate(opening(99))).toBe(99);
    await page.waitFor(`upload.error?.code === 'PAGE_OUTDATED'`);
    expect(await page.evaluate('[upload.state, upload.error.remedy]')).toEqual(['waiting', 'Reload this page.']);
    await expect(openApp(here.app, stage)).rejects.toThrow('newer version');
    // The worker, which takes the database as it is, has the drive lock now.
    await completed(stage);
    await expectArrived(stage);
  });

  staged('a database deleted in mid-upload is made again from what the page has in its hands', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await sent(stage, 0.3);
    await page.evaluate(`void (globalThis.safe = [],
      upload.addEventListener('change', () => safe.at(-1) === upload.safeToClose || safe.push(upload.safeToClose)))`);
    const other = await bare(stage);
    await other.evaluate(`new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('${NAME}');
      request.onsuccess = resolve;
      request.onerror = reject;
    })`);
    await page.waitFor('safe.includes(false) && safe.at(-1)', { what: 'the file to be staged anew' });
    await page.close();
    await other.close();
    await completed(stage);
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
  });

  /** The person clears what the site has stored, in the browser's settings. */
  const clear = (page: Page) =>
    page.send('Storage.clearDataForOrigin', { origin: here.app.origin, storageTypes: 'indexeddb,service_workers' });

  staged('site data cleared in mid-upload costs nothing while the page has the file', async (stage) => {
    const page = await openApp(here.app, stage);
    await begin(page, stage);
    await page.waitFor('upload.safeToClose');
    await sent(stage, 0.3);
    await clear(page);
    await uploadIs(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'site data are cleared in mid-upload', 'goes on with the file in the page');
  });

  staged('site data cleared where only slices were left asks for the file, and takes no other', async (stage) => {
    const first = await openApp(here.app, stage);
    await begin(first, stage, '{ concurrency: 1 }');
    await first.waitFor('upload.safeToClose');
    await first.waitFor('upload.progress.uploaded >= 1');
    await first.evaluate('upload.pause()');
    await first.reload();
    const page = await openApp(here.app, stage);
    await first.close();
    await settled(stage);
    await clear(page);
    await uploadIs(page, 'needs-file');
    const stored = await partsIn(here.store, stage.bucket);
    expect(stored.length).toBeLessThan(5);
    const mark = stage.wire.requests.length;
    const wrong = await randomFile(`${stage.folder}/wrong.bin`, stage.file.size);
    await page.setFiles('input', [wrong.path]);
    expect(await page.evaluate(`outcome(upload.attach(document.querySelector('input').files[0]))`)).toMatchObject({
      error: { code: 'FILE_MISMATCH' },
    });
    await page.setFiles('input', [stage.file.path]);
    await page.evaluate(`upload.attach(document.querySelector('input').files[0])`);
    await page.evaluate('upload.resume()');
    await uploadIs(page, 'done');
    await expectArrived(stage);
    const later = stage.wire.requests.slice(mark).filter(({ method }) => method === 'PUT');
    expect(later.filter((put) => stored.includes(partOf(put)))).toEqual([]);
  });

  staged(
    'where the browser lets the page store nothing, it uploads while the tab is open, and says so',
    async (stage) => {
      const profile = `${stage.folder}/closed`;
      await mkdir(`${profile}/Default`, { recursive: true });
      // "Block all cookies" in the settings: no IndexedDB, no locks, no worker.
      const settings = { profile: { default_content_setting_values: { cookies: 2 } } };
      await writeFile(`${profile}/Default/Preferences`, JSON.stringify(settings));
      const chrome = await launchChrome({ profile });
      try {
        const page = await openApp(here.app, stage, '', chrome);
        expect(
          await page.evaluate(`new Promise((resolve) => {
        try { indexedDB.open('x').onerror = () => resolve('refused') } catch { resolve('refused') }
      })`),
        ).toBe('refused');
        expect(await page.evaluate('client.background')).toBe('stops');
        const other = await openApp(here.app, stage, '', chrome);
        await begin(page, stage);
        await sent(stage, 0.3);
        expect(await page.evaluate('upload.safeToClose')).toBe(false);
        await page.evaluate('upload.pause()');
        await settled(stage);
        await uploadIs(page, 'paused');
        await page.evaluate('upload.resume()');
        await uploadIs(page, 'done');
        await expectArrived(stage);
        expect(await other.evaluate('list.length')).toBe(0);
        finding(stage.chrome, ...CLOSED);
      } finally {
        await chrome.close();
      }
    },
  );
});
