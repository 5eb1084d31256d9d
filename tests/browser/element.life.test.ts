import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type RandomFile, randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import { all, ELEMENT_HERE, type ElementStage, inside, pickFiles, row, rowIs, setElementStage } from './element.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';

setDefaultTimeout(120_000);

/** Locks that the page holds or waits for. */
const LOCKS = `navigator.locks.query().then(({ held, pending }) => held.length + pending.length)`;

describe.skipIf(!findChrome())('the life of <partway-upload> in a page', () => {
  let store: TestStore;
  let stage: ElementStage;
  let film: RandomFile;
  beforeAll(async () => {
    store = await embeddedStore();
    stage = await setElementStage(store);
    film = await randomFile(`${stage.folder}/film.mp4`, 24 * 2 ** 20);
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });
  /** A page without any element that knows it, with what it needs in `settings`. */
  async function bare(owner: string): Promise<Page> {
    const page = await stage.chrome.open(`${stage.origin}/client`);
    const settings = { endpoint: stage.endpoint, owner, serviceWorker: '/sw.js' };
    await page.evaluate(`void (globalThis.settings = ${JSON.stringify(settings)})`);
    return page;
  }

  /** That many elements are in the page's memory, once what nobody can reach has been swept out of it. */
  async function expectAlive(page: Page, wanted: number): Promise<void> {
    const expression = `customElements.get('partway-upload').prototype`;
    const deadline = performance.now() + 30_000;
    let count = -1;
    while (count !== wanted && performance.now() < deadline) {
      await page.send('HeapProfiler.collectGarbage');
      const { result } = await page.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression });
      const found = await page.send<{ objects: { objectId: string } }>('Runtime.queryObjects', {
        prototypeObjectId: result.objectId,
      });
      const { objectId } = found.objects;
      const functionDeclaration = 'function () { return this.length }';
      const counted = await page.send<{ result: { value: number } }>('Runtime.callFunctionOn', {
        objectId,
        functionDeclaration,
      });
      await page.send('Runtime.releaseObject', { objectId });
      count = counted.result.value;
    }
    expect(count).toBe(wanted);
  }

  test('moved within the page it goes on as if nothing had happened', async () => {
    const page = await stage.open(stage.somebody());
    await pickFiles(page, film.path);
    await rowIs(page, 'film.mp4', 'uploading');
    expect(
      await page.evaluate(`(async () => {
        const [before] = ${ELEMENT_HERE}.uploads;
        document.body.prepend(${ELEMENT_HERE});
        await new Promise((resolve) => setTimeout(resolve));
        return ${ELEMENT_HERE}.uploads[0] === before;
      })()`),
    ).toBe(true);
    await rowIs(page, 'film.mp4', 'done');
    await page.close();
  });

  test('at the next visit one line says what the last one left, for as long as that is so', async () => {
    const owner = stage.somebody();
    const earlier = inside('.earlier');
    const page = await stage.open(owner);
    const release = stage.wire.hold(({ method }) => method === 'PUT');
    await pickFiles(page, film.path);
    await page.waitFor(`${row('film.mp4')}?.hasAttribute('data-safe')`);
    expect(await page.evaluate(`${earlier}.hidden`)).toBe(true);
    await page.reload();
    await page.waitFor(`${earlier}.textContent === 'From your last visit: 1 going on.'`);
    expect(await page.evaluate(`${earlier}.checkVisibility()`)).toBe(true);
    release();
    await rowIs(page, 'film.mp4', 'done');
    await page.waitFor(`${earlier}.hidden`);
    await page.close();
  });

  test('taken away it lets go of everything, and put back it goes on', async () => {
    const page = await stage.open(stage.somebody());
    await pickFiles(page, film.path);
    await page.waitFor(`${row('film.mp4')}?.hasAttribute('data-safe')`);
    await page.evaluate(`void (globalThis.element = ${ELEMENT_HERE}, element.remove())`);
    await page.waitFor(`${LOCKS}.then((count) => count === 0)`, { what: 'the drive lock to be free' });
    expect(await page.evaluate('element.uploads.length')).toBe(0);
    await page.evaluate(`void document.querySelector('main').append(element)`);
    await rowIs(page, 'film.mp4', 'done');
    await page.close();
  });

  test('a hundred elements that came and went leave nothing behind', async () => {
    const page = await stage.open(stage.somebody());
    await page.waitFor(`${inside('.background')}.checkVisibility()`);
    await page.evaluate(`(async () => {
      const first = ${ELEMENT_HERE};
      for (let n = 0; n < 100; n++) {
        const element = first.cloneNode();
        element.owner = 'guest ' + (n % 3);
        document.body.append(element);
        await new Promise((resolve) => setTimeout(resolve));
        element.remove();
      }
    })()`);
    await expectAlive(page, 1);
    await page.waitFor(`${LOCKS}.then((count) => count <= 1)`, { what: 'the locks of all but one to be free' });
    await page.close();
  });

  test('what was set before the element was known counts, and what is set later too', async () => {
    const page = await bare(stage.somebody());
    await page.evaluate(`(async () => {
      const element = document.createElement('partway-upload');
      Object.assign(element, settings, {
        headers: async () => (globalThis.asked = true, { 'x-api-key': 'dev' }),
        metadata: (file) => ({ picked: file.name.length.toString() }),
        words: { choose: 'Dateien auswählen' },
      });
      document.querySelector('main').append(element);
      await import('/element.js');
    })()`);
    await page.waitFor(`${inside('.pick')}?.textContent === 'Dateien auswählen'`);
    expect(
      await page.evaluate(`[${ELEMENT_HERE}.getAttribute('endpoint'), ${ELEMENT_HERE}.outerHTML.includes('sw.js')]`),
    ).toEqual([stage.endpoint, false]);
    await pickFiles(page, film.path);
    await rowIs(page, 'film.mp4', 'done');
    expect(await page.evaluate('asked')).toBe(true);
    expect(await page.evaluate(`${ELEMENT_HERE}.uploads[0].record.metadata`)).toEqual({ picked: '8' });
    await page.evaluate(`void (${ELEMENT_HERE}.words = { done: 'Fertig' })`);
    await page.waitFor(`${row('film.mp4', '.state')}.textContent === 'Fertig'`);
    expect(await page.evaluate(`${inside('.pick')}.textContent`)).toBe('Choose files');
    await page.evaluate(`void (${ELEMENT_HERE}.disabled = true)`);
    await page.waitFor(`${inside('.pick')}.disabled`);
    await page.close();
  });

  test('elements that are given a client show the same, and leave it open when they go', async () => {
    const page = await bare(stage.somebody());
    await page.evaluate(`(async () => {
      const { createUploadClient } = await import('/client.js');
      await import('/element.js');
      globalThis.client = createUploadClient({ ...settings, apiKey: 'dev' });
      for (let n = 0; n < 2; n++)
        document.querySelector('main').append(Object.assign(document.createElement('partway-upload'), { client }));
    })()`);
    await pickFiles(page, film.path);
    await page.waitFor(`document.querySelectorAll('partway-upload')[1].uploads[0]?.progress.uploaded > 0`);
    expect(
      await page.evaluate(`[...document.querySelectorAll('partway-upload')].map(({ uploads }) => uploads.length)`),
    ).toEqual([1, 1]);
    await page.evaluate(`document.querySelectorAll('partway-upload').forEach((element) => element.remove())`);
    await expectAlive(page, 0);
    expect(await page.evaluate(`client.uploads().then(async ([upload]) => (await upload.done).url)`)).toContain('http');
    await page.evaluate(
      `void document.querySelector('main').append(Object.assign(document.createElement('partway-upload'), { client }))`,
    );
    await page.waitFor(`${all('.row[data-state=done]')}.length === 1`);
    await page.close();
  });
});
