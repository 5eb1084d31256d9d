/**
 * `bun tests/bench/staging.ts [MiB]`: how long a picked file takes until all of it lies on the device, digested, while nothing can be
 * sent; beside bare writes of the same slices to IndexedDB in the same page, in alternating rounds. The figure is the bare time over ours.
 */

import { openApp, startApp } from '../browser/app.ts';
import { setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';

const MiB = 2 ** 20;
const [size = 512] = process.argv.slice(2).map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LIMIT = 300_000;

const OURS = `(async () => {
  const started = performance.now();
  const upload = client.resumableUpload(document.querySelector('input').files[0], { partSize: ${5 * MiB} });
  const staged = new Promise((resolve) => upload.addEventListener('change', () => upload.record.staged && resolve()));
  await staged;
  const took = performance.now() - started;
  const gone = new Promise((resolve) => upload.addEventListener('change', () => upload.state === 'cancelled' && resolve()));
  await upload.cancel();
  await gone;
  return took;
})()`;

const BARE = `(async () => {
  const name = 'bare ' + performance.now();
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore('slices');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const file = document.querySelector('input').files[0];
  const started = performance.now();
  for (let at = 0; at < file.size; at += ${5 * MiB}) await new Promise((resolve, reject) => {
    const transaction = db.transaction('slices', 'readwrite', { durability: 'relaxed' });
    transaction.objectStore('slices').put(file.slice(at, at + ${5 * MiB}), at);
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  const took = performance.now() - started;
  db.close();
  indexedDB.deleteDatabase(name);
  return took;
})()`;

const store = await embeddedStore();
const app = await startApp();
const stage = await setStage(store, { fileSize: size * MiB, origins: [app.origin] });
const page = await openApp(app, stage);
await stage.chrome.offline(true);
const ratios: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  await page.setFiles('input', [stage.file.path]);
  const bare = await page.evaluate<number>(BARE, { limit: LIMIT });
  const ours = await page.evaluate<number>(OURS, { limit: LIMIT });
  console.log(`  ours ${ours.toFixed(0)} ms, bare ${bare.toFixed(0)} ms`);
  // The first round warms caches up.
  if (round) ratios.push(bare / ours);
}
const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1]!;
console.log(
  `${size} MiB staged: ${median.toFixed(2)} of bare writes (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${ROUNDS} rounds)`,
);
await stage.stop();
await app.stop();
await store.stop();
process.exit();
