import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import { all, drag, ELEMENT_HERE, type ElementStage, inside, row, rowIs, setElementStage } from './element.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';

setDefaultTimeout(400_000);
const MANY = 500;
const MiB = 2 ** 20;

/** Takes down how many rows were added in each frame, and every task that held up the page. */
const WATCH = `void (globalThis.built = [], globalThis.tasks = [], customElements.whenDefined('partway-upload').then(() => {
  new MutationObserver((list) => built.push(list.reduce((sum, { addedNodes }) => sum + addedNodes.length, 0)))
    .observe(${inside('.list')}, { childList: true });
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
    .observe({ type: 'longtask' });
}))`;

async function expectBuiltInPortions(page: Page, what: string): Promise<void> {
  await page.waitFor(`${all('.row')}.length === ${MANY}`, { limit: 90_000, what: 'a row for each file' });
  const { built, tasks } = await page.evaluate<{ built: number[]; tasks: number[] }>('({ built, tasks })');
  const blocks = tasks.map((ms) => `${ms} ms`).join(', ') || 'none';
  console.log(`  ${MANY} files ${what}: built in ${built.length} frames; tasks over 50 ms: ${blocks}`);
  expect(built.length).toBeGreaterThan(1);
  expect(Math.max(...built)).toBeLessThan(MANY / 2);
}

describe.skipIf(!findChrome())('<partway-upload> with five hundred files', () => {
  let store: TestStore;
  let stage: ElementStage;
  beforeAll(async () => {
    store = await embeddedStore();
    // The film is on its way for minutes, however long a loaded machine takes for all the rest.
    stage = await setElementStage(store, { bytesPerSecond: MiB / 4 });
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });

  test('takes them a few at a time, and touches no row out of sight while nothing but its bytes change', async () => {
    const folder = join(stage.folder, 'album');
    await mkdir(folder);
    // The one whose bytes change, and many that wait for it.
    const film = await randomFile(join(stage.folder, 'film.mp4'), 40 * MiB);
    for (let n = 0; n < MANY - 1; n++) await writeFile(join(folder, `${n}.txt`), String(n));
    const page = await stage.open(stage.somebody(), { concurrency: '1', order: 'picked' });
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 360,
      height: 740,
      mobile: false,
      deviceScaleFactor: 1,
    });
    // Before anything of the page's own, at every visit.
    await page.send('Page.addScriptToEvaluateOnNewDocument', { source: WATCH });
    await page.evaluate(WATCH);
    await drag(page, [film.path, folder], inside('.zone'));
    await expectBuiltInPortions(page, 'picked');

    // The film is at the head of the list; the person looks at its end.
    await rowIs(page, 'film.mp4', 'uploading');
    // From here on until it is done only its bytes change.
    await page.waitFor(`${row('film.mp4')}.hasAttribute('data-safe')`, { limit: 60_000 });
    expect(await page.evaluate(`${all('.row')}[0].querySelector('.whole').textContent`)).toBe('film.mp4');
    await page.evaluate(`${all('.row')}.at(-1).scrollIntoView({ block: 'end', behavior: 'instant' })`);
    const drawn = `${all('.name')}.filter((name) => name.checkVisibility({ contentVisibilityAuto: true })).length`;
    await page.waitFor(`${drawn} < 40`, { what: 'rows out of sight to be left undrawn' });
    await page.waitFor(`${all('.name')}.at(-1).checkVisibility({ contentVisibilityAuto: true })`);
    await page.evaluate(`void (async () => {
      globalThis.touched = [];
      new MutationObserver((list) => touched.push(...list.map(({ target }) => target.nodeName)))
        .observe(${row('film.mp4')}, { subtree: true, attributes: true, characterData: true, childList: true });
      globalThis.upload = ${ELEMENT_HERE}.uploads.find(({ name }) => name === 'film.mp4');
      globalThis.from = upload.progress.uploadedBytes;
      globalThis.changes = 0;
      upload.addEventListener('change', () => changes++);
    })()`);
    await page.waitFor('upload.progress.uploadedBytes > from + 1e6 && changes > 10', { limit: 60_000 });
    expect(await page.evaluate('[upload.state, ...touched]')).toEqual(['uploading']);
    await page.evaluate(`${all('.row')}[0].scrollIntoView({ block: 'center', behavior: 'instant' })`);
    await page.waitFor(`${all('.bar')}[0].getAttribute('aria-valuenow') === String(upload.progress.percentage)`);

    // It is not done before the others are on the device, or the page asks before it is left.
    stage.wire.set({ bytesPerSecond: MiB / 32 });
    await page.waitFor(`${ELEMENT_HERE}.uploads.every(({ state, safeToClose }) => state === 'done' || safeToClose)`, {
      limit: 200_000,
      what: 'all files to be on the device',
    });
    await page.reload();
    await expectBuiltInPortions(page, 'of an earlier visit');
    await page.close();
  });
});
