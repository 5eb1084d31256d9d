/**
 * `npm run build`: what the npm package ships, in `dist/`. Modules stay readable and apart, with source maps and types:
 * the app's own bundler puts them together and minifies them. Only the ready-made worker comes bundled.
 */

import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorker } from './worker.ts';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const { exitCode } = Bun.spawnSync(['node_modules/.bin/tsc', '-p', '.build'], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (exitCode !== 0) process.exit(exitCode);
// Where `server/database/migrate.ts` looks for them, beside `server/`.
cpSync('migrations', 'dist/migrations', { recursive: true });
writeFileSync('dist/worker.js', await bundleWorker());
