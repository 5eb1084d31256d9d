/** The pages of all uploaders, each in a folder of its own, on one origin; their server's address stands behind the question mark. */

import { build } from 'esbuild';
import { ROOT } from '../../runtime.ts';

/** Modules, from the root of the repository. */
export interface Entries {
  page: string;
  /** Its service worker, where it has one. */
  worker?: string;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>upload</title><link rel="icon" href="data:,">
<input type="file" multiple><script type="module" src="page.js"></script>`;

export type Site = Awaited<ReturnType<typeof startSite>>;

export async function startSite(uploaders: Record<string, Entries>) {
  const entryPoints = Object.entries(uploaders).flatMap(([id, { page, worker }]) => [
    { in: ROOT + page, out: `${id}/page` },
    ...(worker ? [{ in: ROOT + worker, out: `${id}/sw` }] : []),
  ]);
  const { outputFiles } = await build({
    entryPoints,
    outdir: '/',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    write: false,
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname.endsWith('/')) return new Response(PAGE, { headers: { 'content-type': 'text/html' } });
      const script = scripts.get(pathname);
      if (script === undefined) return new Response('nothing here', { status: 404 });
      return new Response(script, { headers: { 'content-type': 'text/javascript', 'cache-control': 'no-cache' } });
    },
  });
  const origin = `http://localhost:${server.port}`;
  return {
    origin,
    pageOf: (id: string, service: string) => `${origin}/${id}/?${service}`,
    stop: () => server.stop(true),
  };
}
