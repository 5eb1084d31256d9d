import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { type RandomFile, randomFile } from '../bytes.ts';
import { embeddedStore, keysIn, type TestStore, uploadsIn } from '../store.ts';
import { launchChrome } from './chrome.ts';
import {
  all,
  choose,
  ELEMENT_HERE,
  type ElementStage,
  focused,
  hears,
  inside,
  key,
  pickFiles,
  press,
  row,
  rowIs,
  setElementStage,
} from './element.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';

setDefaultTimeout(120_000);
const MiB = 2 ** 20;

describe.skipIf(!findChrome())('the rows of <partway-upload>', () => {
  let store: TestStore;
  let stage: ElementStage;
  let film: RandomFile;
  let films = 0;
  beforeAll(async () => {
    store = await embeddedStore();
    stage = await setElementStage(store);
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });
  beforeEach(async () => {
    film = await randomFile(`${stage.folder}/film ${++films}.mp4`, 24 * MiB);
  });

  /** One part after the other, so that most are still to come when the first is stored. */
  const open = (owner = stage.somebody()) => stage.open(owner, { concurrency: '1' });
  const name = () => film.path.split('/').at(-1)!;
  const percent = (page: Page) => page.evaluate<number>(`Number(${row(name(), '.bar')}.getAttribute('aria-valuenow'))`);
  /** Picks the film and waits until a part of it is in the bucket; the wire is so slow that there is time to act. */
  async function begin(page: Page): Promise<void> {
    stage.wire.set({ bytesPerSecond: 3 * MiB });
    await pickFiles(page, film.path);
    await page.waitFor(`${ELEMENT_HERE}.uploads[0]?.progress.uploaded > 0`, { what: 'the first part to be stored' });
  }
  const settled = () =>
    stage.wire.waitFor(() => stage.wire.puts().every(({ finishedAt, brokenAt }) => finishedAt ?? brokenAt), {
      what: 'every PUT to end',
    });
  async function expectArrives(page: Page): Promise<void> {
    stage.wire.set({ bytesPerSecond: 16 * MiB });
    await rowIs(page, name(), 'done');
    expect((await stage.objects()).map(({ sha256 }) => sha256)).toContain(film.sha256);
  }
  /** What the element tells the app from now on. */
  const listen = (page: Page) =>
    page.evaluate(`void (globalThis.told = [], ['upload-start', 'upload-done', 'upload-failed'].forEach((type) =>
      document.addEventListener(type, ({ detail }) => told.push([type, detail.upload.name, detail.url]))))`);

  test('a row tells how far it is, how fast, how long yet, when the tab may be closed, and what was done', async () => {
    const page = await open();
    await listen(page);
    await begin(page);
    await rowIs(page, name(), 'uploading');
    await page.waitFor(`/^[\\d.]+ MB\\/s$/.test(${row(name(), '.speed')}.textContent)`);
    await page.waitFor(`/^\\d+ sec left$/.test(${row(name(), '.left')}.textContent)`);
    await page.waitFor(`${row(name(), '.note')}.textContent === 'Safe to close this tab'`);
    expect(await page.evaluate(`${row(name(), '.bar')}.getAttribute('aria-label')`)).toBe(name());
    expect(await percent(page)).toBeGreaterThan(0);
    expect(await page.evaluate(`${inside('.background')}.textContent`)).toContain('this browser carries on');
    await expectArrives(page);
    const told = await page.evaluate<string[][]>('told');
    expect(told.map(([type]) => type)).toEqual(['upload-start', 'upload-done']);
    expect(told[1]![2]).toContain(new URL(stage.wire.url).host);
    await page.close();
  });

  test('pause rests it, also over a reload, and resume brings it to its end', async () => {
    const page = await open();
    await begin(page);
    await press(page, row(name(), '.main'));
    await rowIs(page, name(), 'paused');
    await hears(page, `${name()}: Paused`);
    expect(await page.evaluate(`${row(name(), '.main')}.getAttribute('aria-label')`)).toBe(`Resume: ${name()}`);
    await settled();
    const puts = stage.wire.puts().length;
    await page.waitFor(`${row(name(), '.note')}.textContent === 'Kept on this device'`);
    await page.reload();
    await rowIs(page, name(), 'paused');
    expect(stage.wire.puts().length).toBe(puts);
    await page.evaluate(`${row(name(), '.main')}.focus()`);
    await key(page, 'Enter');
    await expectArrives(page);
    // The button that had the focus is gone.
    expect(await focused(page)).toBe(`Clear: ${name()}`);
    await page.close();
  });

  test('cancel takes the row away and frees the bucket; the focus goes to what is left', async () => {
    const page = await open();
    const keys = await keysIn(store, stage.bucket);
    await begin(page);
    await page.evaluate(`${row(name(), '.end')}.focus()`);
    await key(page, 'Enter');
    await page.waitFor(`${all('.row')}.length === 0`);
    expect(await focused(page)).toBe('Choose files');
    await hears(page, `${name()}: removed`);
    await settled();
    await stage.wire.waitFor(() =>
      stage.wire.requests.some(({ method, status }) => method === 'DELETE' && status === 204),
    );
    expect(await keysIn(store, stage.bucket)).toEqual(keys);
    expect(await uploadsIn(store, stage.bucket)).toEqual([]);
    await page.close();
  });

  test('a failed upload says why, and trying again brings it to its end', async () => {
    const page = await open();
    await listen(page);
    await begin(page);
    // Somebody ends the session behind its back.
    await page.evaluate(`fetch('${stage.endpoint}/abort', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resumeToken: ${ELEMENT_HERE}.uploads[0].resumeToken }),
    })`);
    await rowIs(page, name(), 'failed');
    await hears(page, `${name()}: Failed`);
    expect(await page.evaluate(`${row(name(), '.message')}.textContent`)).toContain('Begin it anew.');
    expect(await page.evaluate(`${row(name(), '.main')}.innerText`)).toBe('Try again');
    await press(page, row(name(), '.main'));
    await rowIs(page, name(), 'done');
    expect((await page.evaluate<string[][]>('told')).map(([type]) => type)).toEqual([
      'upload-start',
      'upload-failed',
      'upload-done',
    ]);
    await expectArrives(page);
    await page.close();
  });

  test('without network it says that it waits, and goes on by itself', async () => {
    const page = await open();
    await begin(page);
    try {
      await stage.chrome.offline(true);
      stage.wire.cut();
      await rowIs(page, name(), 'waiting');
      await page.waitFor(`${row(name(), '.state')}.textContent === 'Waiting for network'`);
      await hears(page, 'Waiting for network');
    } finally {
      await stage.chrome.offline(false);
    }
    await expectArrives(page);
    await page.close();
  });

  test('the rows of an earlier visit return; cleared they do not, and another owner never sees them', async () => {
    const owner = stage.somebody();
    const page = await open(owner);
    await pickFiles(page, film.path);
    await rowIs(page, name(), 'done');
    await page.reload();
    await rowIs(page, name(), 'done');
    expect(await page.evaluate(`${row(name(), '.note')}.textContent`)).toContain(String(new Date().getFullYear()));
    await page.evaluate(`void (${ELEMENT_HERE}.owner = 'somebody else')`);
    await page.waitFor(`${all('.row')}.length === 0`);
    await page.evaluate(`void (${ELEMENT_HERE}.owner = '${owner}')`);
    await press(page, row(name(), '.end'));
    await page.waitFor(`${all('.row')}.length === 0`);
    await page.reload();
    await page.waitFor(`${inside('.background')}.checkVisibility()`);
    expect(await page.evaluate(`${ELEMENT_HERE}.uploads.length`)).toBe(0);
    await page.close();
  });

  test('two tabs show the same rows, and what is done in one is seen in the other', async () => {
    const owner = stage.somebody();
    const page = await open(owner);
    const other = await open(owner);
    await begin(page);
    await press(other, row(name(), '.main'));
    await rowIs(other, name(), 'paused');
    await press(page, row(name(), '.end'));
    for (const tab of [page, other]) {
      await tab.send('Page.bringToFront');
      await tab.waitFor(`${all('.row')}.length === 0`);
      await tab.close();
    }
  });

  test('finished ones are cleared together', async () => {
    const page = await open();
    const small = await Promise.all(
      ['1.txt', '2.txt', '3.txt'].map((file) => randomFile(`${stage.folder}/${file}`, 10)),
    );
    await pickFiles(page, ...small.map(({ path }) => path));
    await page.waitFor(`${all('.row[data-state=done]')}.length === 3`, { limit: 60_000 });
    expect(await page.evaluate(`${inside('.headline')}.textContent`)).toBe('3 of 3 done');
    await pickFiles(page, film.path);
    await rowIs(page, name(), 'uploading');
    await press(page, inside('.clear-done'));
    await page.waitFor(`${all('.row')}.length === 1`);
    await page.waitFor(`!${inside('.summary')}.checkVisibility()`);
    await rowIs(page, name(), 'done');
    await page.close();
  });

  test('it asks for the file again when not all of it is on the device, refuses another, and takes the right one', async () => {
    const page = await open();
    // A disk without room for slices: nothing of the file outlives the tab.
    await page.evaluate(`void (IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
      apply(put, store, [value, key]) {
        if (value instanceof Blob) throw new DOMException('no room', 'QuotaExceededError');
        return Reflect.apply(put, store, key === undefined ? [value] : [value, key]);
      },
    }))`);
    await begin(page);
    await page.waitFor(
      `${row(name(), '.note')}.textContent.startsWith('Keep this tab open: this device has no room for')`,
    );
    const asks = `dispatchEvent(new Event('beforeunload', { cancelable: true })) === false`;
    expect(await page.evaluate(asks)).toBe(true);
    // Its answer to that question is yes.
    page.on('Page.javascriptDialogOpening', () => void page.send('Page.handleJavaScriptDialog', { accept: true }));
    await page.reload();
    await rowIs(page, name(), 'needs-file');
    expect(await page.evaluate(asks)).toBe(false);
    const again = () => press(page, row(name(), '.main'));
    const wrong = await randomFile(`${stage.folder}/wrong ${films}.mp4`, 24 * MiB);
    expect(await choose(page, [wrong.path], again)).toBe(false);
    await page.waitFor(`${row(name(), '.message')}.textContent.includes('is not the file that was begun')`);
    await rowIs(page, name(), 'needs-file');
    await choose(page, [film.path], again);
    await expectArrives(page);
    await page.close();
  });

  test('the browser asks before the tab is left only while that would lose something', async () => {
    const page = await open();
    const asks = `dispatchEvent(new Event('beforeunload', { cancelable: true })) === false`;
    expect(await page.evaluate(asks)).toBe(false);
    await pickFiles(page, film.path);
    await page.waitFor(`${row(name())}?.hasAttribute('data-safe')`);
    expect(await page.evaluate(asks)).toBe(false);
    // Some browsers keep no page for "back" that listens.
    const { result } = await page.send<{ result: { objectId: string } }>('Runtime.evaluate', { expression: 'window' });
    const { listeners } = await page.send<{ listeners: { type: string }[] }>('DOMDebugger.getEventListeners', result);
    expect(listeners.map(({ type }) => type)).not.toContain('beforeunload');
    await press(page, row(name(), '.main'));
    await rowIs(page, name(), 'paused');
    expect(await page.evaluate(asks)).toBe(false);
    await press(page, row(name(), '.end'));
    await page.close();
  });

  test('it says what closing the tab means: on an insecure origin, without a worker, and with one', async () => {
    const says = (page: Page, text: string) =>
      page.waitFor(`${inside('.background')}.textContent.includes(${JSON.stringify(text)})`, { what: `"${text}"` });
    const page = await open();
    await says(page, 'this browser carries on for a while');
    await page.evaluate(`void (${ELEMENT_HERE}.removeAttribute('service-worker'))`);
    await says(page, 'rest while the tab is closed, and go on at your next visit');
    await page.close();
    const chrome = await launchChrome({ host: 'phone.test' });
    try {
      const settings = new URLSearchParams({ endpoint: stage.endpoint, owner: stage.somebody() });
      const plain = await chrome.open(`${stage.origin.replace('localhost', 'phone.test')}/?${settings}`);
      await says(plain, 'Uploads stop when this tab is closed');
    } finally {
      await chrome.close();
    }
  });
});
