/** A bare app on an origin of its own, as a user of the package would have: a page, a service worker, no interface. */

import { build } from 'esbuild';

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
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const script = scripts.get(pathname);
      if (script === undefined && pathname !== '/') return new Response('nothing here', { status: 404 });
      const [body, type] = script === undefined ? [PAGE, 'text/html'] : [`// ${release}\n${script}`, 'text/javascript'];
      return new Response(body, { headers: { 'content-type': type, 'cache-control': 'no-store' } });
    },
  });
  return {
    port: server.port!,
    origin: `http://localhost:${server.port}`,
    /** From now on every script is another one to the browser. */
    release: () => ++release,
    stop: () => server.stop(true),
  };
}
