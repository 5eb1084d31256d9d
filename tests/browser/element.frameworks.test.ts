import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { Plugin } from 'esbuild';
import { compile } from 'svelte/compiler';
import { randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import { ELEMENT_HERE, type ElementStage, pickFiles, press, rowIs, setElementStage } from './element.ts';
import { findChrome } from './executable.ts';

setDefaultTimeout(120_000);

const room = (file: string) => new URL(`./frameworks/${file}`, import.meta.url).pathname;

const svelte: Plugin = {
  name: 'svelte',
  setup({ onLoad }) {
    onLoad({ filter: /\.svelte$/ }, async ({ path }) => {
      const { js, warnings } = compile(await Bun.file(path).text(), { filename: path, generate: 'client' });
      return { contents: js.code, warnings: warnings.map(({ message }) => ({ text: message })) };
    });
  },
};

/** Written as their users write: settings as props, the event as the framework listens to events. */
const pages = {
  react: { path: room('react.jsx') },
  vue: { path: room('vue.ts') },
  svelte: { path: room('svelte.ts'), plugins: [svelte] },
};

describe.skipIf(!findChrome())('<partway-upload> without glue', () => {
  let store: TestStore;
  let stage: ElementStage;
  beforeAll(async () => {
    store = await embeddedStore();
    stage = await setElementStage(store, { pages });
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });

  for (const [name, title] of [
    ['react', 'React 19'],
    ['vue', 'Vue 3'],
    ['svelte', 'Svelte 5'],
  ] as const)
    test(`${title} sets its props, hears that the file has arrived, and may render again meanwhile`, async () => {
      const file = await randomFile(`${stage.folder}/${name}.mp4`, 12 * 2 ** 20);
      const settings = new URLSearchParams({ endpoint: stage.endpoint, owner: stage.somebody() });
      const page = await stage.chrome.open(`${stage.origin}/${name}?${settings}`);
      await page.waitFor(`${ELEMENT_HERE}?.shadowRoot`);
      expect(
        await page.evaluate(
          `(({ endpoint, owner, serviceWorker, headers }) => [endpoint, owner, serviceWorker, headers()])(${ELEMENT_HERE})`,
        ),
      ).toEqual([stage.endpoint, settings.get('owner'), '/sw.js', { 'x-api-key': 'dev' }]);
      await pickFiles(page, file.path);
      await rowIs(page, `${name}.mp4`, 'uploading');
      await page.evaluate(`void ([globalThis.upload] = ${ELEMENT_HERE}.uploads)`);
      expect(await page.evaluate(`${ELEMENT_HERE}.single`)).toBe(false);
      await press(page, `document.querySelector('#again')`);
      await page.waitFor(`${ELEMENT_HERE}.single`);
      await page.waitFor(`document.querySelector('output').textContent.startsWith('http')`, { limit: 60_000 });
      expect(await page.evaluate(`${ELEMENT_HERE}.uploads[0] === upload`)).toBe(true);
      expect(page.console).toEqual([]);
      expect((await stage.objects()).map(({ sha256 }) => sha256)).toContain(file.sha256);
      await page.close();
    });
});
