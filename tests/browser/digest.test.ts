import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { build, stop } from 'esbuild';
import { type Chrome, launchChrome } from './chrome.ts';
import { findChrome } from './executable.ts';

const LIMIT = 60_000;
const SIZE = 3 * 2 ** 20 + 1;
const DIGEST = createHash('md5').update(Buffer.alloc(SIZE, 'partway')).digest('base64');

/** The digest of `SIZE` bytes, and how many modules of WebAssembly the page was let compile for it. */
const DIGESTED = `(async () => {
  let compiled = 0;
  WebAssembly.Module = new Proxy(WebAssembly.Module, {
    construct(...call) {
      const module = Reflect.construct(...call);
      compiled++;
      return module;
    },
  });
  const { digestOf } = await import('/digest.js');
  const digest = await digestOf(new Blob(['partway'.repeat(${Math.ceil(SIZE / 7)})]).slice(0, ${SIZE}));
  return { digest, compiled };
})()`;

describe.skipIf(!findChrome())('a page digests', () => {
  let chrome: Chrome;
  let script: string;
  beforeAll(async () => {
    const entryPoints = [new URL('../../sw/digest.ts', import.meta.url).pathname];
    const built = await build({
      entryPoints,
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      write: false,
    });
    script = built.outputFiles[0]!.text;
    await stop();
    chrome = await launchChrome();
  }, LIMIT);
  afterAll(() => chrome?.close(), LIMIT);

  const digests = (title: string, policy: string, compiled: number) =>
    test(
      title,
      async () => {
        const server = Bun.serve({
          hostname: '127.0.0.1',
          port: 0,
          fetch: ({ url }) =>
            url.endsWith('/digest.js')
              ? new Response(script, { headers: { 'content-type': 'text/javascript' } })
              : new Response('<title>page</title>', {
                  headers: { 'content-type': 'text/html', 'content-security-policy': policy },
                }),
        });
        try {
          const page = await chrome.open(`http://127.0.0.1:${server.port}/`);
          expect(await page.evaluate<object>(DIGESTED)).toEqual({ digest: DIGEST, compiled });
          await page.close();
        } finally {
          await server.stop(true);
        }
      },
      LIMIT,
    );

  digests('in WebAssembly where its policy allows it', `script-src 'self' 'wasm-unsafe-eval'`, 1);
  digests('without WebAssembly where its policy refuses it', `script-src 'self'`, 0);
});
