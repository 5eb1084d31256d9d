/**
 * `bun tests/bench/worker.ts [MiB] [MB/s]`: a staged file sent by the worker after the last tab is closed, beside a bare loop of
 * parallel `fetch` PUTs of the same file in a page, over the same wire, in alternating rounds; the figure is the bare loop's time
 * over the worker's, from the first PUT to the object.
 */

import { openPage, pick, safe, setStage } from '../browser/stage.ts';
import { embeddedStore } from '../store.ts';

const MiB = 2 ** 20;
const [size = 512, rate = 100] = process.argv.slice(2).map(Number);
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const LANES = 5;
const LIMIT = 300_000;

const BARE = `(async () => {
  const file = document.querySelector('#bare').files[0];
  const call = async (name, body) => (await fetch('/api/v1/upload/multipart/' + name, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'dev' }, body: JSON.stringify(body) })).json();
  const { partUrls, resumeToken } = await call('init', { filename: file.name, fileSize: file.size, contentType: 'application/octet-stream' });
  let next = 0;
  const started = performance.now();
  await Promise.all(Array.from({ length: ${LANES} }, async () => {
    while (next < partUrls.length) {
      const { url, start, end } = partUrls[next++];
      const answer = await fetch(url, { method: 'PUT', body: file.slice(start, end + 1) });
      if (!answer.ok) throw new Error('PUT ' + answer.status);
    }
  }));
  const done = await call('complete', { resumeToken });
  if (!done.success) throw new Error(done.message);
  return performance.now() - started;
})()`;

const store = await embeddedStore();
const ratios: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const stage = await setStage(store, { fileSize: size * MiB, bytesPerSecond: rate * 1e6 });
  const other = await stage.chrome.open(stage.url);
  await other.evaluate(
    `void document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'bare' }))`,
  );
  await other.setFiles('#bare', [stage.file.path]);
  const bare = await other.evaluate<number>(BARE, { limit: LIMIT });
  await other.close();

  const page = await openPage(stage);
  // Nothing passes before the tab is gone.
  await stage.chrome.offline(true);
  await pick(page, stage.file.path);
  await safe(page);
  await page.close();
  const before = stage.wire.requests.length;
  await stage.chrome.offline(false);
  const ended = () =>
    stage.wire.requests
      .slice(before)
      .find(({ method, query, finishedAt }) => method === 'POST' && query.startsWith('uploadId=') && finishedAt);
  await stage.wire.waitFor(() => ended() !== undefined, { limit: LIMIT, what: 'the object' });
  const began = stage.wire.puts().find((put) => stage.wire.requests.indexOf(put) >= before)!.startedAt;
  const worker = ended()!.finishedAt! - began;
  console.log(`  worker ${worker.toFixed(0)} ms, bare loop ${bare.toFixed(0)} ms`);
  ratios.push(bare / worker);
  await stage.stop();
}
const median = ratios.toSorted((a, b) => a - b)[ratios.length >> 1]!;
console.log(
  `${size} MiB by the worker on a wire of ${rate} MB/s: ${median.toFixed(2)} of the bare loop (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}, ${ROUNDS} rounds)`,
);
await store.stop();
process.exit();
