/**
 * `npm run bench`: one 512 MiB file from the page into the embedded bucket, beside a bare loop of parallel `fetch` PUTs of
 * the same parts in the same browser, in alternating rounds; the figure is the bare loop's time over ours, so 1 is as fast.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChrome } from '../browser/chrome.ts';
import type { Page } from '../browser/page.ts';
import { inside, pick } from '../browser/stage.ts';
import { randomFile } from '../bytes.ts';
import { startProxy } from '../faults/proxy.ts';
import { freePort } from '../ports.ts';
import { startServer } from '../server.ts';

const MiB = 2 ** 20;
const SIZE = Number(process.env.BENCH_MIB ?? 512) * MiB;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const LANES = 5;
const WIRE = 100e6;
const LIMIT = 300_000;

const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

/** What a page would do by hand: plain URLs for all parts, `LANES` at a time, then complete. Resolves to milliseconds. */
const BARE = `(async () => {
  const file = document.querySelector('#bare').files[0];
  const call = async (name, body) => (await fetch('/api/v1/upload/multipart/' + name, {
    method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': 'dev' }, body: JSON.stringify(body) })).json();
  const started = performance.now();
  const { partUrls, resumeToken } = await call('init', { filename: file.name, fileSize: file.size, contentType: 'application/octet-stream' });
  let next = 0;
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

async function ours(page: Page, path: string): Promise<number> {
  await page.evaluate(`void (window.started = performance.now(), window.ended = new Promise((resolve) =>
    document.addEventListener('upload-done', () => resolve(performance.now() - window.started), { once: true })))`);
  await pick(page, path);
  const took = await page.evaluate<number>('window.ended', { limit: LIMIT });
  await page.click(inside('.row .end'));
  await page.waitFor(`!${inside('.row')}`);
  return took;
}

async function measure(title: string, url: string, path: string): Promise<void> {
  const chrome = await launchChrome();
  const page = await chrome.open(url);
  await page.waitFor(`${inside('.background')}?.textContent`);
  await page.evaluate(
    `void document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'bare' }))`,
  );
  const ratios: number[] = [];
  const rates: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const mine = await ours(page, path);
    await page.setFiles('#bare', [path]);
    const bare = await page.evaluate<number>(BARE, { limit: LIMIT });
    // The first round warms caches and connections up.
    if (round === 0) continue;
    ratios.push(bare / mine);
    rates.push(SIZE / mine / 1000);
  }
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  console.log(
    `${title}: ${median(ratios).toFixed(2)} of the bare loop (${spread}, ${ROUNDS} rounds), ${median(rates).toFixed(0)} MB/s`,
  );
  await chrome.close();
}

const folder = mkdtempSync(join(tmpdir(), 'partway-bench-'));
const file = await randomFile(join(folder, 'bench.bin'), SIZE);
const port = await freePort();
const open = await startServer({ env: { ALLOWED_ORIGINS: `http://localhost:${port}` } });
await measure('open loopback', open.url, file.path);

const wire = await startProxy({ target: { host: '127.0.0.1', port: open.bucketPort }, bytesPerSecond: WIRE });
const held = await startServer({
  port,
  env: { S3_ENDPOINT: wire.url, S3_ACCESS_KEY: 'partway', S3_SECRET_KEY: 'partway-local-secret', S3_BUCKET: 'uploads' },
});
await measure('a wire of 100 MB/s', held.url, file.path);
await held.stop();
await wire.stop();
await open.stop();
rmSync(folder, { recursive: true });
