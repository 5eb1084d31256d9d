import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { randomFile } from '../bytes.ts';
import { embeddedStore, type TestStore } from '../store.ts';
import {
  drag,
  ELEMENT_HERE,
  type ElementStage,
  inside,
  pickFiles,
  press,
  row,
  rowIs,
  setElementStage,
} from './element.ts';
import { findChrome } from './executable.ts';
import type { Page } from './page.ts';

setDefaultTimeout(180_000);
const MiB = 2 ** 20;
const AXE = Bun.file(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url));
const SCREENS = [
  { width: 360, height: 740, mobile: true },
  { width: 1280, height: 800, mobile: false },
];

/** Longer than English, as German is. */
const GERMAN = `{
  choose: 'Dateien auswählen', drop: 'oder hier ablegen', uploading: 'Wird hochgeladen', paused: 'Angehalten',
  waiting: 'Wartet auf Netzwerkverbindung', safe: 'Registerkarte darf geschlossen werden', done: 'Abgeschlossen',
  doneOf: (done, all) => done + ' von ' + all + ' Übertragungen abgeschlossen', clearDone: 'Abgeschlossene entfernen',
  left: (time) => 'voraussichtlich noch ' + time,
}`;

interface Finding {
  id: string;
  nodes: { target: unknown; failureSummary: string }[];
}

describe.skipIf(!findChrome())('the looks of <partway-upload>', () => {
  let store: TestStore;
  let stage: ElementStage;
  const shots = process.env.PARTWAY_SHOTS;
  beforeAll(async () => {
    store = await embeddedStore();
    stage = await setElementStage(store);
    if (shots) mkdirSync(shots, { recursive: true });
  });
  afterAll(async () => {
    await stage?.stop();
    await store?.stop();
  });

  async function show(page: Page, { width, height, mobile }: (typeof SCREENS)[number], dark: boolean): Promise<void> {
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 });
    await page.send('Emulation.setTouchEmulationEnabled', { enabled: mobile });
    await page.send('Emulation.setEmulatedMedia', {
      features: [
        { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
        // Colours on their way from one scheme to the other are nobody's.
        { name: 'prefers-reduced-motion', value: 'reduce' },
      ],
    });
  }
  /** On each screen, light and dark: axe finds nothing, nothing sticks out, no control is small. */
  async function expectFit(page: Page, state: string): Promise<void> {
    await page.send('Page.bringToFront');
    await page.evaluate(await AXE.text());
    for (const screen of SCREENS)
      for (const dark of [false, true]) {
        await show(page, screen, dark);
        const where = `${state}, ${screen.width} px, ${dark ? 'dark' : 'light'}`;
        const findings = await page.evaluate<Finding[]>(
          `axe.run(document, { rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations)`,
        );
        const told = findings.flatMap(({ id, nodes }) =>
          nodes.map((node) => `${id} ${JSON.stringify(node.target)} ${node.failureSummary}`),
        );
        expect([where, ...told]).toEqual([where]);
        expect([
          where,
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ]).toEqual([where, 0]);
        const small = await page.evaluate(`[...${ELEMENT_HERE}.shadowRoot.querySelectorAll('button')]
          .filter((button) => button.checkVisibility())
          .map((button) => [button.className, button.getBoundingClientRect()])
          .filter(([, { width, height }]) => width < 44 || height < 44)`);
        expect([where, small]).toEqual([where, []]);
        if (!shots) continue;
        const { data } = await page.send<{ data: string }>('Page.captureScreenshot', { format: 'png' });
        const file = `${state.replaceAll(' ', '-')}-${screen.width}-${dark ? 'dark' : 'light'}.png`;
        await Bun.write(join(shots, file), Buffer.from(data, 'base64'));
      }
  }
  const film = (name: string, size = 24) => randomFile(join(stage.folder, name), size * MiB);

  test('from empty to done axe finds nothing, light and dark, on phone and desktop', async () => {
    const page = await stage.open(stage.somebody(), { capture: 'environment' });
    await page.waitFor(`${inside('.background')}.checkVisibility()`);
    await expectFit(page, 'empty');
    const { path } = await film('holiday film.mp4');
    await show(page, SCREENS[1]!, false);
    await drag(page, [path], inside('.zone'), false);
    await expectFit(page, 'dragging');
    // So slow that there is time to look.
    stage.wire.set({ bytesPerSecond: MiB });
    await drag(page, [path], inside('.zone'));
    await rowIs(page, 'holiday film.mp4', 'uploading');
    await page.waitFor(`${row('holiday film.mp4')}.hasAttribute('data-safe')`);
    await expectFit(page, 'uploading');
    await press(page, row('holiday film.mp4', '.main'));
    await rowIs(page, 'holiday film.mp4', 'paused');
    await expectFit(page, 'paused');
    const release = stage.web.hold(({ path }) => path.endsWith('/complete'));
    stage.wire.set({ bytesPerSecond: 16 * MiB });
    await press(page, row('holiday film.mp4', '.main'));
    await rowIs(page, 'holiday film.mp4', 'finishing');
    await expectFit(page, 'finishing');
    release();
    await rowIs(page, 'holiday film.mp4', 'done');
    await expectFit(page, 'done');
    await page.close();
  });

  test('waiting, failed and refused it is as easy to read', async () => {
    const page = await stage.open(stage.somebody(), { accept: '.mp4' });
    const name = 'a film with quite a long name that says a lot.mp4';
    // So slow that it does not arrive before it is made to fail.
    stage.wire.set({ bytesPerSecond: MiB / 4 });
    await drag(page, [(await film(name)).path, (await film('second.exe', 0)).path], inside('.zone'));
    await rowIs(page, name, 'uploading');
    try {
      await stage.chrome.offline(true);
      stage.wire.cut();
      await rowIs(page, name, 'waiting');
      await expectFit(page, 'waiting');
    } finally {
      await stage.chrome.offline(false);
    }
    await page.evaluate(`Promise.all(${ELEMENT_HERE}.uploads.map(({ resumeToken }) => fetch('${stage.endpoint}/abort', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ resumeToken }),
    })))`);
    stage.wire.set({ bytesPerSecond: 8 * MiB });
    await rowIs(page, name, 'failed');
    await expectFit(page, 'failed');
    await page.close();
  });

  test('asking for the file again it is, too', async () => {
    const page = await stage.open(stage.somebody(), { concurrency: '1' });
    await page.evaluate(`void (IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
      apply(put, store, [value, key]) {
        if (value instanceof Blob) throw new DOMException('no room', 'QuotaExceededError');
        return Reflect.apply(put, store, key === undefined ? [value] : [value, key]);
      },
    }))`);
    await pickFiles(page, (await film('lost film.mp4')).path);
    await page.waitFor(`${row('lost film.mp4', '.note')}?.textContent.startsWith('Keep this tab open')`);
    await page.waitFor(`${ELEMENT_HERE}.uploads[0].resumeToken`);
    page.on('Page.javascriptDialogOpening', () => void page.send('Page.handleJavaScriptDialog', { accept: true }));
    await page.reload();
    await rowIs(page, 'lost film.mp4', 'needs-file');
    await expectFit(page, 'needs file');
    await page.close();
  });

  test('many rows, long words and right-to-left names stay within the page, at twice the text size too', async () => {
    const page = await stage.open(stage.somebody(), { lang: 'de' });
    await page.evaluate(`void (${ELEMENT_HERE}.words = ${GERMAN})`);
    const names = ['Sehr-langer-Dateiname-ohne-jede-Lücke-der-trotzdem-passen-muss.mp4', 'تقرير الرحلة.pdf', 'x.txt'];
    const files = await Promise.all(names.map((name) => film(name, 1)));
    await pickFiles(page, ...files.map(({ path }) => path));
    for (const name of names) await rowIs(page, name, 'done');
    await pickFiles(page, (await film('Urlaub.mp4')).path);
    await rowIs(page, 'Urlaub.mp4', 'uploading');
    await press(page, row('Urlaub.mp4', '.main'));
    await rowIs(page, 'Urlaub.mp4', 'paused');
    await expectFit(page, 'long words');
    await page.evaluate(`void (document.documentElement.style.fontSize = '200%')`);
    await expectFit(page, 'twice the text');
    await page.close();
  });

  test('from right to left everything is mirrored', async () => {
    const page = await stage.open(stage.somebody(), { lang: 'ar', dir: 'rtl' });
    await pickFiles(page, (await film('فيلم الرحلة.mp4')).path);
    await page.waitFor(`${ELEMENT_HERE}.uploads[0]?.progress.uploaded > 0`);
    await press(page, row('فيلم الرحلة.mp4', '.main'));
    await rowIs(page, 'فيلم الرحلة.mp4', 'paused');
    await expectFit(page, 'right to left');
    const [name, fill, bar, end] = await page.evaluate<{ left: number; right: number }[]>(
      `['.name', '.fill', '.bar', '.end'].map((part) => ${row('فيلم الرحلة.mp4')}.querySelector(part).getBoundingClientRect().toJSON())`,
    );
    expect(name!.right).toBeGreaterThan(end!.right);
    // What was sent lies at the right end of the bar.
    expect(fill!.left).toBeGreaterThan(bar!.left);
    await page.close();
  });
});
