import { describe, expect, setDefaultTimeout } from 'bun:test';
import { begin, openApp, uploadIs } from './app.ts';
import { findChrome } from './executable.ts';
import { onApps } from './staged.ts';

setDefaultTimeout(120_000);
const MOST = 500;

/** As many uploads as a person makes in years have ended, the later ones last. */
const YEARS = `new Promise((resolve, reject) => {
  indexedDB.open('partway:anna').onsuccess = ({ target: { result: db } }) => {
    const writing = db.transaction('history', 'readwrite');
    for (let at = 1; at <= 1200; at++)
      writing.objectStore('history').put({ id: 'old', name: 'film ' + at, size: 1, outcome: 'done', at }, [at, 'old']);
    writing.onabort = () => reject(writing.error);
    writing.oncomplete = () => { db.close(); resolve(); };
  };
})`;
/** The upload that is done was one of many. */
const MANY = `new Promise((resolve, reject) => {
  indexedDB.open('partway:anna').onsuccess = ({ target: { result: db } }) => {
    const writing = db.transaction('uploads', 'readwrite');
    const uploads = writing.objectStore('uploads');
    uploads.getAll().onsuccess = ({ target: { result: [done] } }) => {
      for (let n = 1; n <= 600; n++) uploads.put({ ...done, id: 'old-' + n, addedAt: n });
    };
    writing.onabort = () => reject(writing.error);
    writing.oncomplete = () => { db.close(); resolve(); };
  };
})`;
const kept = (table: string) => `new Promise((resolve) => {
  indexedDB.open('partway:anna').onsuccess = ({ target: { result: db } }) => {
    const listing = db.transaction('${table}').objectStore('${table}').getAllKeys();
    listing.onsuccess = () => { db.close(); resolve(listing.result); };
  };
})`;

describe.skipIf(!findChrome())('what became of earlier uploads', () => {
  const { here, staged } = onApps({ fileSize: 1000 });

  staged('is kept of the last 500 and no more, on the device either', async (stage) => {
    const page = await openApp(here.app, stage);
    await page.evaluate(YEARS);
    await begin(page, stage);
    await uploadIs(page, 'done');
    const told = await page.evaluate<string[]>('client.history().then((all) => all.map(({ name }) => name))');
    expect(told).toEqual(['holiday film.bin', ...Array.from({ length: MOST - 1 }, (_, n) => `film ${1200 - n}`)]);
    expect(await page.evaluate(`${kept('history')}.then(({ length }) => length)`)).toBe(MOST);
    await page.evaluate(MANY);
    await page.evaluate(YEARS);
    await page.reload();
    // Nobody has to ask.
    const again = await openApp(here.app, stage);
    for (const table of ['history', 'uploads'])
      await again.waitFor(`${kept(table)}.then(({ length }) => length === ${MOST})`);
    // The newest stay.
    const left = await again.evaluate<string[]>(kept('uploads'));
    expect(left.filter((id) => /^old-([1-9]|[1-9]\d|10[01])$/.test(id))).toEqual([]);
  });
});
