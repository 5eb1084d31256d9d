import { build } from 'esbuild';

/** The ready-made service worker as one classic script with all that it needs, minified: it is served as it is. */
export async function bundleWorker(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: ['sw/standalone.ts'],
    bundle: true,
    format: 'iife',
    minify: true,
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]!.contents;
}
