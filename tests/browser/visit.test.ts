import { describe, expect, setDefaultTimeout } from 'bun:test';
import { join } from 'node:path';
import { type RandomFile, randomFile } from '../bytes.ts';
import { keysIn, objectDigests } from '../store.ts';
import { attachWorker, openApp } from './app.ts';
import { findChrome } from './executable.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(180_000);
const MANY = 200;
/** Of what each context may read in all; it was three for each file. */
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

describe.skipIf(!findChrome())('a visit', () => {
  const { here, staged } = onApps({ fileSize: 1 });

  staged(
    'with two hundred files costs each of them no more than one of a few does: nobody reads all whenever one changes',
    async (stage) => {
      const names = Array.from({ length: MANY }, (_, n) => join(stage.folder, `photo ${n}.jpg`));
      const files: RandomFile[] = [];
      for (const name of names) files.push(await randomFile(name, 4096));
      const page = await openApp(here.app, stage);
      const worker = await attachWorker(stage);
      const evaluate = (expression: string) =>
        worker<{ result: { value: number } }>('Runtime.evaluate', { expression }).then(({ result }) => result.value);
      await Promise.all([page.evaluate(COUNT), evaluate(COUNT)]);
      await page.setFiles('input', names);
      await page.evaluate(
        `Promise.all([...document.querySelector('input').files].map((file) => client.resumableUpload(file))).then(() => {})`,
        { limit: 120_000 },
      );
      const keys = await keysIn(here.store, stage.bucket);
      const there = await Promise.all(keys.map((key) => objectDigests(here.store, stage.bucket, key)));
      expect(there.map(({ sha256 }) => sha256).sort()).toEqual(files.map(({ sha256 }) => sha256).sort());
      const [byPage, byWorker] = [await page.evaluate<number>('readings'), await evaluate('readings')];
      console.log(`  ${MANY} files: all of them read ${byPage} times by the page, ${byWorker} times by the worker`);
      expect(byPage).toBeLessThan(MOST_READS);
      expect(byWorker).toBeLessThan(MOST_READS);
    },
  );
});
