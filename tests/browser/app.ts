/** A bare app on an origin of its own, as a user of the package would have: a page, a service worker, no interface. */

import { build } from 'esbuild';
import type { Browser, Tab } from './browser.ts';
import type { Chrome } from './chrome.ts';
import type { Stage } from './stage.ts';

const ROOM = new URL('./app/', import.meta.url).pathname;
const WORKER = new URL('../../sw/standalone.ts', import.meta.url).pathname;
const PAGE = `<!doctype html><meta charset="utf-8"><title>app</title><link rel="icon" href="data:,">
<input type="file" multiple><script type="module" src="/page.js"></script>`;

export type App = Awaited<ReturnType<typeof startApp>>;

export async function startApp() {
  const { outputFiles } = await build({
    entryPoints: { page: `${ROOM}page.ts`, workbox: `${ROOM}workbox.ts`, sw: WORKER },
    outdir: '/',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    write: false,
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  let release = 1;
  const alive = new Set<{ gone(at: number): void }>();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 255,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === '/alive')
        return new Promise<Response>((resolve) => {
          request.signal.addEventListener('abort', () => {
            for (const { gone } of alive) gone(performance.now());
            resolve(new Response());
          });
        });
      const script = scripts.get(pathname);
      if (script === undefined && pathname !== '/') return new Response('nothing here', { status: 404 });
      const [body, type] = script === undefined ? [PAGE, 'text/html'] : [`// ${release}\n${script}`, 'text/javascript'];
      return new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-cache' } });
    },
  });
  return {
    port: server.port!,
    origin: `http://localhost:${server.port}`,
    /** From now on every script is another one to the browser. */
    release: () => ++release,
    /** Resolves to the `performance.now()` at which a page that waits for `/alive` is seen to be gone. */
    gone: () => new Promise<number>((resolve) => alive.add({ gone: resolve })),
    stop: () => server.stop(true),
  };
}

/** The app in a tab, with a client in `client`, its uploads in `list` and the first of them in `upload`. */
export async function openApp<T extends Tab>(
  { origin }: Pick<App, 'origin'>,
  stage: { url: string; chrome: Browser<T> },
  options = '',
  chrome: Browser<T> = stage.chrome,
): Promise<T> {
  const page = await chrome.open(`${origin}/`);
  await startClient(page, stage, options);
  return page;
}

/** What the app does in a tab that has just loaded it. */
export const startClient = (page: Tab, stage: { url: string }, options = '') =>
  page.evaluate(`(async () => {
    globalThis.client = partway.createUploadClient({
      endpoint: '${stage.url}api/v1/upload/multipart', owner: 'anna', apiKey: 'dev', serviceWorker: '/sw.js', ${options}
    });
    globalThis.list = await client.uploads((upload) => list.push(upload));
    globalThis.upload = list[0];
    globalThis.outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ error: { ...error, name: error.name, message: error.message } }));
  })()`);

/** The person picks the file, and the app calls the SDK; the upload is in `upload`. */
export async function begin(page: Tab, stage: Pick<Stage, 'file'>, options = '{}'): Promise<void> {
  await page.setFiles('input', [stage.file.path]);
  await page.evaluate(
    `void (globalThis.upload = client.resumableUpload(document.querySelector('input').files[0], ${options}))`,
  );
}

export const uploadIs = (page: Tab, wanted: string) =>
  page.waitFor(`upload.state === '${wanted}'`, { limit: 60_000, what: `the upload to be ${wanted}` });

/** Sends to the service worker that runs. Attached to, it lives on. */
export async function attachWorker({ chrome: { cdp } }: { chrome: Pick<Chrome, 'cdp'> }) {
  const { targetInfos } = await cdp.send<{ targetInfos: { type: string; targetId: string }[] }>('Target.getTargets');
  const { targetId } = targetInfos.find(({ type }) => type === 'service_worker')!;
  const { sessionId } = await cdp.send<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  return <T>(method: string, params: object) => cdp.send<T>(method, params, { sessionId });
}
