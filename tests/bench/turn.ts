/** One uploader sends the files of one job once, in a tab of its own: what that took. */

import type { RandomFile } from '../bytes.ts';
import type { Scene } from '../faults/matrix/scene.ts';
import { isOurs } from '../faults/matrix/uploaders.ts';
import type { Predicate, Seen } from '../faults/proxy.ts';
import { watchFootprint } from './footprint.ts';

const LIMIT = 600_000;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

/** Milliseconds unless told. */
export interface Taken {
  /** From the pick until the page says that all are done; of a closed tab from the worker's first PUT until the server's last answer. */
  time: number;
  /** From the first request with bytes of a file on: what a closed tab's time compares with. */
  sending: number;
  /** From the pick to the first request with bytes of a file; of a closed tab it is another's, and left out. */
  firstByte?: number;
  /** From the pick until the page says that the tab may be closed. */
  safe?: number;
  /** Requests to the server and, by signed URLs, to the bucket that carried no bytes of a file: per file, without preflights. */
  calls: number;
  /** Bytes of their bodies per file. */
  callBytes: number;
  /** Mebibytes that the process of this kind grew by that grew most. */
  renderer: number;
  browser: number;
  /** Processor seconds of the whole browser for each GiB. */
  processor: number;
}

const isData: Predicate = ({ method }) => method === 'PUT' || method === 'PATCH';
const isControl: Predicate = (seen) => !isData(seen) && seen.method !== 'OPTIONS';
/** Sent by the browser: what a server asks of the bucket carries its signature in a header. */
const bySignedUrl: Predicate = ({ query }) => query.includes('X-Amz-Signature=');

const sum = (seen: Seen[], of: (seen: Seen) => number) => seen.reduce((total, one) => total + of(one), 0);

/** Resolves to the time of the server's last answer, once it has looked at every object and answered all that was asked. */
async function served({ wire, web }: Scene, count: number, since: number): Promise<number> {
  const looked = () =>
    wire.requests.filter(
      ({ method, status, finishedAt, startedAt }) =>
        method === 'HEAD' && status === 200 && finishedAt && startedAt > since,
    );
  const paths = () => new Set(looked().map(({ path }) => path)).size;
  await wire.waitFor(() => paths() === count, { limit: LIMIT, what: 'every object to be looked at' });
  const asked = () => web.requests.filter(({ startedAt }) => startedAt > since);
  await web.waitFor(() => asked().every(({ finishedAt, brokenAt }) => finishedAt ?? brokenAt), { limit: LIMIT });
  return Math.max(...asked().map(({ finishedAt = 0 }) => finishedAt));
}

/** Closes the tab as soon as it says that it may be; none of the page's own PUTs arrive. */
async function leave(scene: Scene, safe: () => Promise<unknown>): Promise<number> {
  let goneAt = Number.POSITIVE_INFINITY;
  const byPage: Predicate = (seen) => isData(seen) && seen.startedAt < goneAt;
  const rules = [scene.wire.hold(byPage), scene.wire.harm(byPage, 'reset', 0)];
  await safe();
  goneAt = performance.now();
  await scene.page!.close();
  scene.page = undefined;
  for (const undo of rules) undo();
  return goneAt;
}

/** Closes the tab, with no memory left on this device of what it has sent. */
async function forget(scene: Scene): Promise<void> {
  if (!scene.page) await scene.open();
  const page = scene.page!;
  if (isOurs(scene.uploader)) await page.evaluate('uploader.forget()', { limit: LIMIT });
  else {
    // Golden Retriever writes half a second late, and the next tab would restore what is long done.
    await page.goto(`${scene.origin}/`);
    await page.send('Storage.clearDataForOrigin', { origin: scene.origin, storageTypes: 'indexeddb,local_storage' });
  }
  await page.close();
  scene.page = undefined;
}

async function check(scene: Scene, files: RandomFile[]): Promise<void> {
  const there = new Set((await scene.finished()).map(({ sha256 }) => sha256));
  const lost = files.filter(({ sha256 }) => !there.has(sha256));
  if (lost.length)
    throw new Error(`${scene.uploader.title}: ${lost.length} of ${files.length} files did not arrive whole`);
}

/** Rejects where a file did not arrive byte for byte. */
export async function takeTurn(scene: Scene, files: RandomFile[]): Promise<Taken> {
  const { uploader, wire, web } = scene;
  await scene.open();
  const page = scene.page!;
  await page.setFiles(
    'input',
    files.map(({ path }) => path),
  );
  await page.evaluate('globalThis.gc?.()');
  const footprint = watchFootprint(scene.chrome.pid);
  const pickedAt = performance.now();
  const after = ({ startedAt }: Seen) => startedAt >= pickedAt;
  let since = pickedAt;
  let safe: number | undefined;
  let endedAt = 0;
  const begin = () =>
    page.evaluate(`void (globalThis.sending = uploader.send([...document.querySelector('input').files]))`);
  const promised = async () => {
    await page.evaluate('uploader.safe?.()', { limit: LIMIT });
    safe = performance.now() - pickedAt;
  };
  const done = async () => {
    await page.evaluate('sending.then(() => {})', { limit: LIMIT });
    endedAt = performance.now();
  };
  if (uploader.closed) {
    since = await leave(scene, () => begin().then(promised));
    endedAt = await served(scene, files.length, since);
  } else {
    await begin();
    await Promise.all([done(), promised()]);
  }
  const { renderer, browser, processor } = footprint.end();
  const first = scene.sent().find(({ startedAt }) => startedAt >= since)!.startedAt;
  const calls = [
    ...web.requests.filter((seen) => after(seen) && isControl(seen)),
    ...wire.requests.filter((seen) => after(seen) && isControl(seen) && bySignedUrl(seen)),
  ];
  await check(scene, files);
  await forget(scene);
  await scene.empty();
  const bytes = files.reduce((total, { size }) => total + size, 0);
  return {
    time: endedAt - (uploader.closed ? first : pickedAt),
    sending: endedAt - first,
    ...(!uploader.closed && { firstByte: first - pickedAt }),
    ...(isOurs(uploader) && { safe }),
    calls: calls.length / files.length,
    callBytes: sum(calls, ({ taken }) => taken) / files.length,
    renderer: renderer / MiB,
    browser: browser / MiB,
    processor: (processor * GiB) / bytes,
  };
}
