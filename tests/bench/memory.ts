/** `bun tests/bench/memory.ts [GiB]`: how much the browser's processes grow while a page uploads one large file over an open loopback. */

import { begin, openApp, startApp } from '../browser/app.ts';
import { setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';
import { watchMemory } from './footprint.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;
const size = Math.round(Number(process.argv[2] ?? 2) * GiB);

const store = await embeddedStore();
const app = await startApp();
const stage = await setStage(store, { fileSize: size, origins: [app.origin], bytesPerSecond: Infinity });
const page = await openApp(app, stage);
await page.evaluate('globalThis.gc?.()');
const memory = watchMemory(stage.chrome.pid);
await begin(page, stage);
await page.evaluate('upload.done', { limit: 600_000 });
for (const { kind, before, most } of memory.end())
  console.log(
    `${kind}: ${(before / MiB).toFixed(0)} MiB before, at most ${(most / MiB).toFixed(0)} MiB while ${size / GiB} GiB were sent: ${((most - before) / MiB).toFixed(0)} MiB more`,
  );
await stage.stop();
await app.stop();
await store.stop();
process.exit();
