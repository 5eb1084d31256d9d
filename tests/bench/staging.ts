/**
 * `bun tests/bench/staging.ts [MiB]`: how long a picked file takes while nothing can be sent, until all of it lies on the
 * device and the tab may be closed, and until all of it is digested as well; beside bare writes of the same slices to
 * IndexedDB in the same page, one after another, as Blobs and as ArrayBuffers, in alternating rounds. The figures are the
 * bare time over ours. BARE_BUFFERS=0 leaves the slow ArrayBuffers out.
 */

import { openApp, startApp } from '../browser/app.ts';
import { setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';
import { ROUNDS, tell } from './rounds.ts';

const MiB = 2 ** 20;
const PART = 5 * MiB;
const [size = 512] = process.argv.slice(2).map(Number);
const BUFFERS = process.env.BARE_BUFFERS !== '0';
const LIMIT = 60_000;

const OURS = `(async () => {
  const digested = new Set();
  const channel = new BroadcastChannel('partway:anna');
  const file = document.querySelector('input').files[0];
  const all = new Promise((resolve) => {
    channel.onmessage = ({ data: { type, part } }) => {
      if (type === 'sliced' && part.digest) digested.add(part.partNumber);
      if (digested.size * ${PART} >= file.size) resolve();
    };
  });
  const started = performance.now();
  const upload = client.resumableUpload(file, { partSize: ${PART} });
  const staged = new Promise((resolve) => upload.addEventListener('change', () => upload.record.staged && resolve()));
  await staged;
  const safe = performance.now() - started;
  await all;
  channel.close();
  const whole = performance.now() - started;
  const gone = new Promise((resolve) => upload.addEventListener('change', () => upload.state === 'cancelled' && resolve()));
  await upload.cancel();
  await gone;
  return { safe, whole };
})()`;

const bareWrites = (kind: 'Blob' | 'ArrayBuffer') => `(async () => {
  const name = 'bare ' + performance.now();
  const db = await new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore('slices');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const file = document.querySelector('input').files[0];
  const started = performance.now();
  for (let at = 0; at < file.size; at += ${PART}) {
    const slice = file.slice(at, at + ${PART});
    const value = ${kind === 'Blob' ? 'slice' : 'await slice.arrayBuffer()'};
    await new Promise((resolve, reject) => {
      const transaction = db.transaction('slices', 'readwrite', { durability: 'relaxed' });
      transaction.objectStore('slices').put(value, at);
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }
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
const found = { 'until the tab may go': [], 'until digested': [], 'as ArrayBuffers': [] } as Record<string, number[]>;
for (let round = 0; round <= ROUNDS; round++) {
  await page.setFiles('input', [stage.file.path]);
  const bare = await page.evaluate<number>(bareWrites('Blob'), { limit: LIMIT });
  const { safe, whole } = await page.evaluate<{ safe: number; whole: number }>(OURS, { limit: LIMIT });
  const buffers = BUFFERS ? await page.evaluate<number>(bareWrites('ArrayBuffer'), { limit: LIMIT }) : Number.NaN;
  console.log(
    `  bare ${bare.toFixed(0)} ms, ours ${safe.toFixed(0)} ms, digested ${whole.toFixed(0)} ms, bare ArrayBuffers ${buffers.toFixed(0)} ms`,
  );
  // The first round warms caches up.
  if (round) for (const [n, time] of [safe, whole, buffers].entries()) Object.values(found)[n]!.push(bare / time);
}
for (const [what, ratios] of Object.entries(found).slice(0, BUFFERS ? 3 : 2))
  tell(`${size} MiB ${what}, rate over bare writes of Blobs`, ratios, '');
await stage.stop();
await app.stop();
await store.stop();
process.exit();
