import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';
import { StartError } from '../fault.ts';

const SOURCE = new URL('../../client/demo/', import.meta.url);

const STATIC: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
};

/** The demo page, bundled from `client/demo/` once, at start; its policy lets it talk to this server and `buckets` only. */
export async function createPage(buckets: string[]): Promise<Hono> {
  const scripts = await bundle();
  const policy = [
    "default-src 'self'",
    // hash-wasm compiles WebAssembly.
    "script-src 'self' 'wasm-unsafe-eval'",
    `connect-src 'self' ${buckets.join(' ')}`,
    "img-src 'self' data:",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const app = new Hono();
  app.use('*', async (context, next) => {
    await next();
    context.header('content-security-policy', policy);
    context.header('cache-control', 'no-cache');
  });
  for (const [path, [file, type]] of Object.entries(STATIC))
    app.get(path, async (context) =>
      context.body(await readFile(new URL(file, SOURCE)), 200, { 'content-type': type }),
    );
  for (const [path, source] of Object.entries(scripts))
    app.get(path, (context) => context.body(source, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  return app;
}

async function bundle(): Promise<Record<string, string>> {
  const esbuild = await import('esbuild').catch(() => {
    throw new StartError(
      'The demo page needs esbuild, a development dependency: run npm install, or start without --dev.',
    );
  });
  const built = await esbuild.build({
    entryPoints: { main: new URL('main.ts', SOURCE).pathname, sw: new URL('sw.ts', SOURCE).pathname },
    outdir: '/',
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
  });
  // Its process is needed no more.
  await esbuild.stop();
  return Object.fromEntries(built.outputFiles.map((file) => [file.path, file.text]));
}
