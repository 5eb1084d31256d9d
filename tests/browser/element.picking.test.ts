import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digests, type RandomFile, randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import {
  all,
  choose,
  drag,
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

describe.skipIf(!findChrome())('picking files with <partway-upload>', () => {
  let store: TestStore;
  let stage: ElementStage;
  beforeAll(async () => {
    store = await embeddedStore();
    stage = await setElementStage(store, { bytesPerSecond: 32 * 2 ** 20 });
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });

  /** In a folder of its own, with names of their own. */
  let folders = 0;
  async function files(...names: string[]): Promise<RandomFile[]> {
    const folder = join(stage.folder, `files-${++folders}`);
    await mkdir(folder);
    return Promise.all(names.map((name, index) => randomFile(join(folder, name), 1000 + index)));
  }
  async function expectInBucket(...wanted: Digests[]): Promise<void> {
    const sums = (await stage.objects()).map(({ sha256 }) => sha256);
    expect(sums).toEqual(expect.arrayContaining(wanted.map(({ sha256 }) => sha256)));
  }
  const names = (page: Page) => page.evaluate<string[]>(`${all('.whole')}.map((name) => name.textContent)`);
  const notice = (page: Page, text: string) =>
    page.waitFor(
      `${inside('.notice')}.checkVisibility() && ${inside('.notice')}.textContent.includes(${JSON.stringify(text)})`,
      {
        what: `the notice "${text}"`,
      },
    );

  test('files picked with the button arrive, in the order of their picking', async () => {
    const page = await stage.open(stage.somebody());
    const picked = await files('a.jpg', 'b.jpg', 'c "quoted".jpg');
    expect(await pickFiles(page, ...picked.map(({ path }) => path))).toBe(true);
    for (const name of ['a.jpg', 'b.jpg', 'c "quoted".jpg']) await rowIs(page, name, 'done');
    expect(await names(page)).toEqual(['a.jpg', 'b.jpg', 'c "quoted".jpg']);
    await expectInBucket(...picked);
    await page.close();
  });

  test('files dropped anywhere on the element arrive, and it shows where while they hang above it', async () => {
    const page = await stage.open(stage.somebody());
    const [first, second] = await files('first.txt', 'second.txt');
    await drag(page, [first!.path], inside('.zone'));
    await rowIs(page, 'first.txt', 'done');
    await drag(page, [second!.path], row('first.txt'), false);
    await page.waitFor(`${inside('.hint')}.textContent === 'Drop to upload'`);
    await drag(page, [second!.path], row('first.txt'));
    await rowIs(page, 'second.txt', 'done');
    expect(await page.evaluate(`${inside('.hint')}.textContent`)).toBe('or drop them here');
    await expectInBucket(first!, second!);
    await page.close();
  });

  test('of a dropped folder every file in it is taken, however deep and however many', async () => {
    const page = await stage.open(stage.somebody());
    const folder = join(stage.folder, 'album');
    await mkdir(join(folder, 'inner', 'empty'), { recursive: true });
    const deep = await randomFile(join(folder, 'inner', 'deep.bin'), 2000);
    // Chromium tells of a hundred at a time.
    for (let n = 0; n < 120; n++) await writeFile(join(folder, `${n}.txt`), String(n));
    await drag(page, [folder], inside('.zone'));
    await page.waitFor(`${all('.row')}.length === 121`, { what: 'a row for each file' });
    await page.waitFor(`${all('.row[data-state=done]')}.length === 121`, { limit: 100_000 });
    await expectInBucket(deep);
    await drag(page, [join(folder, 'inner', 'empty')], inside('.zone'));
    await notice(page, 'There was no file');
    await page.close();
  });

  test('a file that the app or its `accept` does not take is refused in words, and the others are taken', async () => {
    const page = await stage.open(stage.somebody(), { accept: 'image/*, .pdf' });
    const [photo, paper, tool, secret] = await files('photo.JPG', 'paper.PDF', 'tool.exe', 'secret.pdf');
    await page.evaluate(`${ELEMENT_HERE}.addEventListener('file-picked', (event) => {
      if (event.detail.file.name === 'secret.pdf') event.preventDefault();
    })`);
    await drag(
      page,
      [photo, paper, tool, secret].map((file) => file!.path),
      inside('.zone'),
    );
    await notice(page, 'tool.exe was not taken');
    await hears(page, 'tool.exe was not taken');
    await rowIs(page, 'photo.JPG', 'done');
    await rowIs(page, 'paper.PDF', 'done');
    expect(await names(page)).toEqual(['photo.JPG', 'paper.PDF']);
    await pickFiles(page, photo!.path);
    expect(await page.evaluate(`${inside('.notice')}.checkVisibility()`)).toBe(false);
    await page.close();
  });

  test('with `single` one file can be chosen, and several dropped together are refused', async () => {
    const page = await stage.open(stage.somebody(), { single: '' });
    const [one, two] = await files('one.bin', 'two.bin');
    await drag(page, [one!.path, two!.path], inside('.zone'));
    await notice(page, 'one file at a time');
    expect(await names(page)).toEqual([]);
    expect(await pickFiles(page, one!.path)).toBe(false);
    await rowIs(page, 'one.bin', 'done');
    await page.close();
  });

  test('on a phone the camera has a button of its own, and the photo arrives', async () => {
    const page = await stage.open(stage.somebody(), { capture: 'environment', accept: 'image/*,.pdf' });
    expect(await page.evaluate(`${inside('.camera')}.checkVisibility()`)).toBe(false);
    await page.send('Emulation.setTouchEmulationEnabled', { enabled: true });
    await page.send('Emulation.setDeviceMetricsOverride', {
      width: 360,
      height: 740,
      mobile: true,
      deviceScaleFactor: 2,
    });
    const [photo] = await files('camera.jpg');
    expect(await choose(page, [photo!.path], () => press(page, inside('.camera')))).toBe(false);
    expect(
      await page.evaluate(
        `${all('input[capture]')}.map((chooser) => [chooser.accept, chooser.getAttribute('capture')])`,
      ),
    ).toEqual([['image/*', 'environment']]);
    await rowIs(page, 'camera.jpg', 'done');
    await expectInBucket(photo!);
    await page.close();
  });

  test('an unlawful setting is told in words and takes no file', async () => {
    const page = await stage.open(stage.somebody(), { 'part-size': '5' });
    const [file] = await files('a.bin');
    await pickFiles(page, file!.path);
    await notice(page, 'Uploads cannot begin here:');
    expect(await names(page)).toEqual([]);
    const bare = await stage.open(stage.somebody(), { endpoint: '' });
    await notice(bare, 'this element needs an endpoint');
    expect(await bare.evaluate(`${inside('.pick')}.disabled`)).toBe(true);
    await page.close();
    await bare.close();
  });

  test('everything is done with the keyboard alone, and the focus is never lost', async () => {
    const page = await stage.open(stage.somebody());
    const [one, two] = await files('one.txt', 'two.txt');
    await page.waitFor(`!${inside('.pick')}.disabled`);
    await key(page, 'Tab');
    expect(await focused(page)).toBe('Choose files');
    await choose(page, [one!.path, two!.path], () => key(page, 'Enter'));
    await rowIs(page, 'one.txt', 'done');
    await rowIs(page, 'two.txt', 'done');
    await hears(page, 'Done');
    await page.waitFor(`${inside('.clear-done')}.checkVisibility()`);
    const order = [];
    for (let n = 0; n < 4; n++) {
      await key(page, 'Tab');
      order.push(await focused(page));
    }
    expect(order).toEqual(['Clear finished', 'Clear: one.txt', 'Clear: two.txt', 'after']);
    await key(page, 'Shift+Tab');
    await key(page, 'Shift+Tab');
    await key(page, 'Space');
    await page.waitFor(`${all('.row')}.length === 1`);
    expect(await focused(page)).toBe('Clear: two.txt');
    await key(page, 'Enter');
    await page.waitFor(`${all('.row')}.length === 0`);
    expect(await focused(page)).toBe('Choose files');
    await page.close();
  });
});
