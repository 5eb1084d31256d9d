/**
 * `bun tests/bench/photos.ts [count] [MiB] [MB/s]`: forty photos of 3 MiB, every control call 50 ms away, beside a bare pool of single
 * PUTs of the same files in the same browser (one control call for each, then its PUT), in alternating rounds; the figure is our
 * time over the bare pool's.
 */

import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { openApp, startApp } from '../browser/app.ts';
import { setStage } from '../browser/stage.ts';
import { randomFile } from '../bytes.ts';
import { clientFor, embeddedStore } from '../store.ts';

const [count = 40, size = 3, rate = 100] = process.argv.slice(2).map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LANES = 5;
const LATENCY_MS = 50;
const LIMIT = 300_000;

const store = await embeddedStore();
const app = await startApp();
const stage = await setStage(store, { fileSize: 1, origins: [app.origin], bytesPerSecond: rate * 1e6 });
const files = await Promise.all(
  Array.from({ length: count }, (_, n) => randomFile(join(stage.folder, `photo ${n}.jpg`), Math.round(size * 2 ** 20))),
);
const page = await openApp(app, stage);
await page.setFiles(
  'input',
  files.map(({ path }) => path),
);
const s3 = clientFor(stage.wire.url, store.accessKey, store.secretKey);
stage.web.set({ latency: LATENCY_MS });

/** Resolves to milliseconds from the pick to the last one done. */
const OURS = `(async () => {
  const started = performance.now();
  const all = [...document.querySelector('input').files].map((file) => client.resumableUpload(file));
  await Promise.all(all);
  const took = performance.now() - started;
  await Promise.all(all.map((upload) => upload.forget()));
  return took;
})()`;

const bare = (urls: string[]) => `(async () => {
  const started = performance.now();
  const urls = ${JSON.stringify(urls)};
  const files = [...document.querySelector('input').files];
  let next = 0;
  await Promise.all(Array.from({ length: ${LANES} }, async () => {
    while (next < files.length) {
      const n = next++;
      await fetch('${stage.url}healthz', { mode: 'no-cors' });
      const answer = await fetch(urls[n], { method: 'PUT', body: files[n].slice(0, files[n].size, '') });
      if (!answer.ok) throw new Error('PUT ' + answer.status);
    }
  }));
  return performance.now() - started;
})()`;

const ratios: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const urls = await Promise.all(
    files.map((_, n) => getSignedUrl(s3, new PutObjectCommand({ Bucket: stage.bucket, Key: `bare/${round}/${n}` }))),
  );
  const theirs = await page.evaluate<number>(bare(urls), { limit: LIMIT });
  const calls = stage.web.requests.length;
  const ours = await page.evaluate<number>(OURS, { limit: LIMIT });
  const control = stage.web.requests.slice(calls).filter(({ method }) => method === 'POST');
  console.log(
    `  ours ${ours.toFixed(0)} ms, bare ${theirs.toFixed(0)} ms, ${control.length} control calls: ${control.map(({ path }) => path.split('/').at(-1)).join(' ')}`,
  );
  // The first round warms caches and connections up.
  if (round) ratios.push(ours / theirs);
}
const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1]!;
console.log(
  `${count} files of ${size} MiB: ${median.toFixed(2)} of the bare pool's time (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${ROUNDS} rounds)`,
);
await stage.stop();
await app.stop();
await store.stop();
process.exit();
