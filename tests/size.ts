import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** Bytes, minified and gzipped, with everything bundled. */
const LIMITS = { 'client/client.ts': 18_500, 'sw/worker.ts': 15_000 };

let tooLarge = false;
for (const [entry, limit] of Object.entries(LIMITS)) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    minify: true,
    target: 'es2022',
    write: false,
  });
  const size = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
  tooLarge ||= size > limit;
  console.log(`${entry}: ${size} bytes gzipped, at most ${limit}${size > limit ? ' – too large' : ''}`);
}
process.exit(tooLarge ? 1 : 0);
