import { afterAll, beforeAll, describe, expect } from 'bun:test';
import { rm } from 'node:fs/promises';
import { embeddedStore, type TestStore } from '../store.ts';
import type { Tab } from './browser.ts';
import { begin } from './everywhere.ts';
import { findWebKit } from './executable.ts';
import { finding } from './findings.ts';
import { expectArrived, expectNothingStoredSentAgain, inside, openPage, pick, state } from './stage.ts';
import { onStages } from './staged.ts';
import { launchWebKit } from './webkit.ts';

const LIMIT = 180_000;

/** What lies in the slices of the demo, by the name of its class. */
const KINDS = `new Promise((resolve) => {
  indexedDB.open('partway:demo').onsuccess = ({ target: { result: db } }) => {
    const getting = db.transaction('slices').objectStore('slices').getAll();
    getting.onsuccess = () => { db.close(); resolve(getting.result.map((slice) => slice.constructor.name)); };
  };
})`;

describe.skipIf(!findWebKit())('WebKitGTK', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await embeddedStore();
  }, LIMIT);
  afterAll(() => store?.stop());

  const staged = onStages(() => store, undefined, LIMIT, launchWebKit);
  const kept = (page: Tab) =>
    page.waitFor(`${inside('.note-text')}?.textContent === 'Goes on at your next visit'`, { limit: 60_000 });

  staged('a picked file arrives whole', async (stage) => {
    const page = await openPage(stage);
    await pick(page, stage.file.path);
    await state(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'a file is picked', 'arrives whole');
  });

  staged('it keeps no Blobs, so slices are buffers, and a reloaded page goes on from them', async (stage) => {
    const page = await begin(stage, kept, 0.3);
    expect(new Set(await page.evaluate<string[]>(KINDS))).toEqual(new Set(['ArrayBuffer']));
    await rm(stage.file.path);
    await page.reload();
    await state(page, 'done');
    await expectArrived(stage);
    expectNothingStoredSentAgain(stage);
    finding(stage.chrome, 'the page is reloaded, the source file deleted', 'goes on from its slices');
  });
});
