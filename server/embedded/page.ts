import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Hono } from 'hono';
import { StartError } from '../fault.ts';
import { contentPolicy } from '../http/csp.ts';
import { pageHeaders } from '../http/secured.ts';

const SOURCE = new URL('../../client/demo/', import.meta.url);

const STATIC: Record<string, [file: string, type: string]> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/style.css': ['style.css', 'text/css; charset=utf-8'],
  '/manifest.webmanifest': ['manifest.webmanifest', 'application/manifest+json'],
  '/icon.svg': ['icon.svg', 'image/svg+xml'],
  '/icon-192.png': ['icon-192.png', 'image/png'],
  '/icon-512.png': ['icon-512.png', 'image/png'],
  '/icon-maskable.png': ['icon-maskable.png', 'image/png'],
};
const SCRIPT = 'text/javascript; charset=utf-8';

interface Asset {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

type Bundler = typeof import('esbuild');

/** The demo app, bundled from `client/demo/` once somebody asks for it; its policy lets it talk to this server and `buckets` only. */
export async function createPage(buckets: string[]): Promise<Hono> {
  const bundler = await import('esbuild').catch(() => {
    throw new StartError(
      'The demo page needs esbuild, a development dependency: run npm install, or start without --dev.',
    );
  });
  let assets: Promise<Map<string, Asset>> | undefined;
  const policy = contentPolicy({
    'default-src': "'self'",
    // Digests are several times as fast in WebAssembly.
    'script-src': "'self' 'wasm-unsafe-eval'",
    'connect-src': `'self' ${buckets.join(' ')}`,
  });
  const app = new Hono();
  for (const path of [...Object.keys(STATIC), '/main.js', '/sw.js'])
    app.get(path, async (context) => {
      assets ??= load(bundler);
      const { body, type } = (await assets).get(path)!;
      return context.body(body, 200, pageHeaders(type, policy));
    });
  return app;
}

/** Everything that the app consists of; its service worker keeps all the rest for when there is no network. */
async function load(esbuild: Bundler): Promise<Map<string, Asset>> {
  const assets = new Map<string, Asset>();
  for (const [path, [file, type]] of Object.entries(STATIC))
    assets.set(path, { body: new Uint8Array(await readFile(new URL(file, SOURCE))), type });
  const bundle = async (entry: string, define: Record<string, string> = {}) => {
    const { outputFiles } = await esbuild.build({
      entryPoints: [new URL(entry, SOURCE).pathname],
      bundle: true,
      format: 'esm',
      minify: true,
      target: 'es2022',
      define: { 'process.env.NODE_ENV': '"production"', ...define },
      write: false,
    });
    return { body: new Uint8Array(outputFiles[0]!.contents), type: SCRIPT };
  };
  assets.set('/main.js', await bundle('main.ts'));
  const shell = [...assets].map(([url, { body }]) => ({ url, revision: hash(body) }));
  assets.set('/sw.js', await bundle('sw.ts', { SHELL: JSON.stringify(shell) }));
  // Its process is needed no more.
  await esbuild.stop();
  return assets;
}

const hash = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex').slice(0, 16);
