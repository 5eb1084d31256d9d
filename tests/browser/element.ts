/** Pages with `<partway-upload>` in them, and a person's hands and eyes for what is in its shadow. */

import { build, type Plugin } from 'esbuild';
import type { TestStore } from '../store.ts';
import type { Page } from './page.ts';
import { inside, setStage } from './stage.ts';

export { inside };

const WORKER = new URL('../../sw/standalone.ts', import.meta.url).pathname;
const ELEMENT = new URL('../../client/element/index.ts', import.meta.url).pathname;
const CLIENT = new URL('../../client/index.ts', import.meta.url).pathname;

const CHOOSER_MS = 10_000;

export type ElementStage = Awaited<ReturnType<typeof setElementStage>>;

export interface Entry {
  /** Of its script. */
  path: string;
  plugins?: Plugin[];
}

async function bundle(entryPoints: Record<string, string>, plugins: Plugin[] = []): Promise<[string, string][]> {
  const { outputFiles } = await build({
    entryPoints,
    outdir: '/',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    conditions: ['browser', 'production'],
    define: { 'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true', __VUE_PROD_DEVTOOLS__: 'false' },
    // Read from its source, the element is not where the package says that its effects are.
    ignoreAnnotations: true,
    jsx: 'automatic',
    plugins,
    write: false,
  });
  return outputFiles.map(({ path, text }) => [path, text]);
}

/**
 * A stage of which `pages` name their scripts; `/` is a page with the element alone. The content policy is as strict as
 * an app's can be: no inline style, no image, no inline script.
 */
export async function setElementStage(
  store: TestStore,
  { pages = {}, ...options }: Parameters<typeof setStage>[1] & { pages?: Record<string, Entry> } = {},
) {
  const scripts = new Map(await bundle({ element: ELEMENT, client: CLIENT, sw: WORKER }));
  for (const [name, { path, plugins }] of Object.entries(pages))
    for (const [at, text] of await bundle({ [name]: path }, plugins)) scripts.set(at, text);
  let policy = '';
  const site = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const script = scripts.get(pathname);
      const type = script === undefined ? 'text/html' : 'text/javascript';
      if (pathname === '/favicon.ico') return new Response(null, { status: 204 });
      if (pathname === '/page.css') return new Response(STYLE, { headers: { 'content-type': 'text/css' } });
      const body = script ?? page(searchParams, pathname === '/' ? 'element' : pathname.slice(1));
      return new Response(body, { headers: { 'content-type': type, 'content-security-policy': policy } });
    },
  });
  const origin = `http://localhost:${site.port}`;
  const stage = await setStage(store, { fileSize: 12 * 2 ** 20, ...options, origins: [origin] });
  const endpoint = `${stage.url}api/v1/upload/multipart`;
  policy = [
    `default-src 'none'`,
    `script-src 'self' 'wasm-unsafe-eval'`,
    `connect-src ${new URL(endpoint).origin} ${stage.wire.url}`,
    `style-src 'self'`,
    `worker-src 'self'`,
  ].join('; ');
  let people = 0;

  return {
    ...stage,
    origin,
    endpoint,
    /** Who has not uploaded anything yet. */
    somebody: () => `person-${++people}`,
    /** The page with the element, its attributes as told; `lang` and `dir` are the page's. */
    async open(owner: string, attributes: Record<string, string> = {}): Promise<Page> {
      const settings = { endpoint, owner, 'api-key': 'dev', 'service-worker': '/sw.js', ...attributes };
      return stage.chrome.open(`${origin}/?${new URLSearchParams(settings)}`);
    },
    async stop() {
      await stage.stop();
      await site.stop(true);
    },
  };
}

const STYLE = `
body { max-width: 44rem; margin: 0 auto; padding: 1rem; background: light-dark(#f6f5f1, #141917); font-family: system-ui, sans-serif; }
`;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');

function page(settings: URLSearchParams, script: string): string {
  const { lang = 'en', dir = 'ltr', ...attributes } = Object.fromEntries(settings);
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  return `<!doctype html><html lang="${lang}" dir="${dir}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/page.css"><title>Uploads</title><main><h1>Uploads</h1>${script === 'element' ? `<partway-upload${written.join('')}></partway-upload>` : '<div id="app"></div>'}
<p id="after" tabindex="0">after</p></main><script type="module" src="/${script}.js"></script></html>`;
}

/** Expressions for a page: the element, and what is in its shadow. */
export const ELEMENT_HERE = `document.querySelector('partway-upload')`;
export const all = (selector: string) =>
  `[...${ELEMENT_HERE}.shadowRoot.querySelectorAll(${JSON.stringify(selector)})]`;

/** The row that shows `name`, or some part of it. */
export const row = (name: string, part?: string) =>
  `${all('.row')}.find((row) => row.querySelector('.whole').textContent === ${JSON.stringify(name)})${part ? `?.querySelector(${JSON.stringify(part)})` : ''}`;

/** Resolves when the row of `name` is in that state. */
export const rowIs = (page: Page, name: string, state: string, limit = 60_000) =>
  page.waitFor(`${row(name)}?.dataset.state === '${state}'`, { limit, what: `the row of ${name} to be ${state}` });

/** Resolves when the screen reader's region has said `text`. */
export const hears = (page: Page, text: string) =>
  page.waitFor(`${inside('[role=status]')}.textContent.includes(${JSON.stringify(text)})`, {
    what: `to hear "${text}"`,
  });

/** Presses the mouse in the middle of the control that `expression` gives. */
export async function press(page: Page, expression: string): Promise<void> {
  await page.send('Page.bringToFront');
  await page.waitFor(`(${expression})?.checkVisibility()`, { what: `${expression} to press` });
  const { x, y, hit } = await page.evaluate<{ x: number; y: number; hit: boolean }>(`(async () => {
    const control = ${expression};
    control.scrollIntoView({ block: 'center', behavior: 'instant' });
    const { left, top, width, height } = control.getBoundingClientRect();
    const [x, y] = [left + width / 2, top + height / 2];
    return { x, y, hit: control.contains(control.getRootNode().elementFromPoint(x, y)) };
  })()`);
  if (!hit) throw new Error(`something lies over ${expression}`);
  for (const type of ['mousePressed', 'mouseReleased'])
    await page.send('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
}

const KEYS: Record<string, object> = {
  Tab: { key: 'Tab', code: 'Tab', windowsVirtualKeyCode: 9 },
  Enter: { key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' },
  Space: { key: ' ', code: 'Space', windowsVirtualKeyCode: 32, text: ' ' },
};

/** Presses a key; `Shift+Tab` goes back. */
export async function key(page: Page, name: string): Promise<void> {
  await page.send('Page.bringToFront');
  const [last, shift] = name.split('+').reverse();
  const params = { ...KEYS[last!], modifiers: shift ? 8 : 0 };
  await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...params });
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
}

/** Name of what has the focus, as a screen reader would say it. */
export const focused = (page: Page) =>
  page.evaluate<string>(`(() => {
    const there = ${ELEMENT_HERE}?.shadowRoot.activeElement ?? document.activeElement;
    return there.getAttribute('aria-label') ?? there.textContent;
  })()`);

/** Answers the chooser that `open` opens, as a person picking `files` in it. Resolves to whether it takes several. */
export async function choose(page: Page, files: string[], open: () => Promise<void>): Promise<boolean> {
  await page.send('Page.setInterceptFileChooserDialog', { enabled: true });
  const opened = Promise.withResolvers<{ backendNodeId: number; mode: string }>();
  const off = page.on('Page.fileChooserOpened', (params) => opened.resolve(params as never));
  await open();
  const limit = setTimeout(() => opened.reject(new Error('no file chooser was opened')), CHOOSER_MS);
  const { backendNodeId, mode } = await opened.promise;
  clearTimeout(limit);
  off();
  await page.send('DOM.setFileInputFiles', { files, backendNodeId });
  await page.send('Page.setInterceptFileChooserDialog', { enabled: false });
  return mode === 'selectMultiple';
}

/** Picks `files` with the element's own button. */
export const pickFiles = (page: Page, ...files: string[]) => choose(page, files, () => press(page, inside('.pick')));

/** Drags `files`, folders too, above the middle of what `expression` gives; drops them unless told to hold on. */
export async function drag(page: Page, files: string[], expression: string, drop = true): Promise<void> {
  await page.send('Page.bringToFront');
  const { x, y } = await page.evaluate<{ x: number; y: number }>(`(() => {
    const { left, top, width, height } = ${expression}.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  })()`);
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', ...(drop ? ['drop'] : [])])
    await page.send('Input.dispatchDragEvent', { type, x, y, data });
}
