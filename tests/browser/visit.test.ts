import { describe, expect, setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { type RandomFile, randomFile } from '../bytes.ts';
import { keysIn, objectDigests } from '../store.ts';
import { attachWorker, begin, openApp, startClient, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(180_000);
const MANY = 200;
/** How often each context may read all of them: less than once for each file. */
const MOST_READS = MANY / 2;

/** From now on counts how often this context reads all the uploads that there are. */
const COUNT = `void (() => {
  globalThis.readings = 0;
  const { getAll } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.getAll = function (...range) {
    if (this.name === 'uploads') readings++;
    return getAll.apply(this, range);
  };
})()`;

/** There is a grant on this device. */
const KEPT = `new Promise((resolve) => {
  const opening = indexedDB.open('partway:anna');
  opening.onsuccess = () => {
    const count = opening.result.transaction('grants').objectStore('grants').count();
    count.onsuccess = () => resolve(count.result === 1);
    opening.result.close();
  };
})`;

describe.skipIf(!findChrome())('a visit', () => {
  const { here, staged } = onApps({ fileSize: 1 });

  staged(
    'with two hundred files has each in the history when it is done, and reads them all no more often than a few',
    async (stage) => {
      const names = Array.from({ length: MANY }, (_, n) => join(stage.folder, `photo ${n}.jpg`));
      const files: RandomFile[] = [];
      for (const name of names) files.push(await randomFile(name, 4096));
      const page = await openApp(here.app, stage);
      await page.evaluate('navigator.serviceWorker.ready.then(() => {})');
      const worker = await attachWorker(stage);
      const evaluate = (expression: string) =>
        worker<{ result: { value: number } }>('Runtime.evaluate', { expression }).then(({ result }) => result.value);
      await Promise.all([page.evaluate(COUNT), evaluate(COUNT)]);
      await page.setFiles('input', names);
      const written = await page.evaluate<number>(
        `Promise.all([...document.querySelector('input').files].map((file) => client.resumableUpload(file)))
          .then(() => client.history()).then((entries) => entries.length)`,
        { limit: 120_000 },
      );
      // Whoever is told of an end finds it in the history.
      expect(written).toBe(MANY);
      const keys = await keysIn(here.store, stage.bucket);
      const there = await Promise.all(keys.map((key) => objectDigests(here.store, stage.bucket, key)));
      expect(there.map(({ sha256 }) => sha256).sort()).toEqual(files.map(({ sha256 }) => sha256).sort());
      const [byPage, byWorker] = [await page.evaluate<number>('readings'), await evaluate('readings')];
      console.log(`  ${MANY} files: all of them read ${byPage} times by the page, ${byWorker} times by the worker`);
      expect(byPage).toBeLessThan(MOST_READS);
      expect(byWorker).toBeLessThan(MOST_READS);
    },
  );

  staged('asks for a new grant when the last one is an hour old, and not before', async (stage) => {
    const page = await openApp(here.app, stage);
    const given = () =>
      stage.web.requests.filter(({ path, status }) => path.endsWith('/grant') && status === 200).length;
    await stage.web.waitFor(() => given() === 1, { what: 'a grant to be given' });
    await page.waitFor(KEPT, { what: 'it to be kept' });
    await page.reload();
    await startClient(page, stage);
    await begin(page, stage);
    await uploadIs(page, 'done');
    expect(given()).toBe(1);
    await page.evaluate(`void (Date.now = ((now) => () => now() + 3_600_000)(Date.now))`);
    await page.evaluate(`window.dispatchEvent(new Event('focus'))`);
    await stage.web.waitFor(() => given() === 2, { what: 'another to be given' });
  });
});
