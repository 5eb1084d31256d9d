import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { bundleWorker } from '../.build/worker.ts';

/**
 * What the package's entries weigh in somebody's app: minified and gzipped, with all that they bundle. The element
 * shares what the client brings.
 */
const gzipped = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;

const bundle = (...entryPoints: string[]) =>
  build({
    entryPoints,
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
    outdir: '/',
    outbase: 'client',
  });

const alone = await bundle('client/index.ts');
const together = await bundle('client/index.ts', 'client/element/index.ts');
const element = together.outputFiles.find(({ path }) => path === '/element/index.js')!;

/** Bytes, and how many there may be. */
const SIZES: Record<string, [size: number, limit: number]> = {
  worker: [gzipped(await bundleWorker()), 17_200],
  client: [alone.outputFiles.reduce((sum, { contents }) => sum + gzipped(contents), 0), 24_000],
  element: [gzipped(element.contents), 12_000],
};

for (const [name, [size, limit]] of Object.entries(SIZES)) {
  if (size > limit) process.exitCode = 1;
  console.log(`${name}: ${size} bytes gzipped, at most ${limit}${size > limit ? ' – too large' : ''}`);
}
