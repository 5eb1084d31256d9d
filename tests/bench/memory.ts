/** `bun tests/bench/memory.ts [GiB]`: how much the browser's processes grow while a page uploads one large file over an open loopback. */

import { readFileSync } from 'node:fs';
import { begin, openApp, startApp } from '../browser/app.ts';
import { processTree } from '../browser/processes.ts';
import { setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';

const GiB = 2 ** 30;
const MiB = 2 ** 20;
const size = Number(process.argv[2] ?? 2) * GiB;
const EVERY_MS = 100;

/** Resident bytes of the largest process of each kind in the browser that `pid` began. */
function resident(pid: number): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const member of processTree(pid)) {
    try {
      const command = readFileSync(`/proc/${member}/cmdline`, 'utf8');
      const kind = /--utility-sub-type=([\w.]+)/.exec(command)?.[1] ?? /--type=(\w+)/.exec(command)?.[1] ?? 'browser';
      const pages = Number(readFileSync(`/proc/${member}/statm`, 'utf8').split(' ')[1]);
      kinds.set(kind, Math.max(kinds.get(kind) ?? 0, pages * 4096));
    } catch {}
  }
  return kinds;
}

const store = await embeddedStore();
const app = await startApp();
const stage = await setStage(store, { fileSize: size, origins: [app.origin], bytesPerSecond: Infinity });
const page = await openApp(app, stage);
await page.evaluate('globalThis.gc?.()');
const before = resident(stage.chrome.pid);
const peak = new Map(before);
const timer = setInterval(() => {
  for (const [kind, bytes] of resident(stage.chrome.pid)) peak.set(kind, Math.max(peak.get(kind) ?? 0, bytes));
}, EVERY_MS);
await begin(page, stage);
await page.evaluate('upload.done', { limit: 600_000 });
clearInterval(timer);
for (const [kind, bytes] of peak) {
  const start = before.get(kind) ?? 0;
  console.log(
    `${kind}: ${(start / MiB).toFixed(0)} MiB before, at most ${(bytes / MiB).toFixed(0)} MiB while ${size / GiB} GiB were sent: ${((bytes - start) / MiB).toFixed(0)} MiB more`,
  );
}
await stage.stop();
await app.stop();
await store.stop();
process.exit();
