/**
 * `bun tests/bench/background.ts [minutes] [headed]`: how long the worker works after the last tab of the origin has closed,
 * under the browser's own timing: seconds in which bytes moved over the wire, of the next 30 minutes. The browser lives on
 * with `about:blank`; `headed` closes that too, and needs a display (`xvfb-run`).
 */
import { begin, openApp, startApp } from '../browser/app.ts';
import { setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';

const MINUTES = Number(process.argv[2] ?? 30);
const headed = process.argv[3] === 'headed';
/** So slow that the file lasts longer than the watch, and so fast that a part in flight is not minutes. */
const WIRE = 256 * 1024;
const PAGE_SECONDS = 75;

const store = await embeddedStore();
const app = await startApp();
const stage = await setStage(store, {
  fileSize: WIRE * (MINUTES * 60 + PAGE_SECONDS + 300),
  bytesPerSecond: WIRE,
  origins: [app.origin],
  chrome: { headed },
});
const page = await openApp(app, stage);
await begin(page, stage, '{ concurrency: 2 }');
await page.waitFor('upload.safeToClose', { limit: 300_000 });
await Bun.sleep(PAGE_SECONDS * 1000);
console.log(`${new Date().toISOString()} the last tab closes${headed ? ', and with it the last window' : ''}`);
if (headed)
  for (const { id } of await stage.chrome.pages())
    if (id !== page.id) await stage.chrome.cdp.send('Target.closeTarget', { targetId: id });
await page.close().catch(() => {});

const goneAt = performance.now();
const spans: [from: number, to: number][] = [];
let seen = 0;
for (let second = 1; second <= MINUTES * 60; second++) {
  await Bun.sleep(Math.max(0, goneAt + second * 1000 - performance.now()));
  const bytes = stage.wire.bytesBegunSince(goneAt);
  const last = spans.at(-1);
  if (bytes > seen) {
    if (last?.[1] === second - 1) last[1] = second;
    else spans.push([second - 1, second]);
  }
  if (second % 60 === 0) console.log(`${second} s: ${told()}`);
  seen = bytes;
}
console.log(`default timing${headed ? ', no window left' : ''}: ${told()}`);
await stage.stop();
await app.stop();
await store.stop();

function told(): string {
  const working = spans.reduce((sum, [from, to]) => sum + to - from, 0);
  return `${(working / 60).toFixed(1)} working minutes, ${spans.map((span) => span.join('–')).join(', ')} s; ${(seen / 2 ** 20).toFixed(0)} MiB`;
}
