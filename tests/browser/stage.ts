import { expect } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Digests, randomFile } from '../bytes.ts';
import { type Seen, startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import { startServer } from '../server.ts';
import { keysIn, makeBucket, objectDigests, type TestStore } from '../store.ts';
import type { Browser, Tab } from './browser.ts';
import { type Chrome, type LaunchOptions, launchChrome } from './chrome.ts';

const MiB = 2 ** 20;
export const FILE_SIZE = 64 * MiB;
const PART_SIZE = 5 * MiB;
/** So slow that the interruption falls in the middle. */
const BYTES_PER_SECOND = 8 * MiB;

let buckets = 0;

export type Stage<B extends Browser = Chrome> = Awaited<ReturnType<typeof setStage<B>>>;

export interface StageOptions {
  chrome?: LaunchOptions;
  fileSize?: number;
  env?: Record<string, string>;
  bytesPerSecond?: number;
  /** Of other pages that may use server and bucket. */
  origins?: string[];
}

/** A server with a fresh bucket, a slow wire to it, a wire to the page, a browser and a picked file. */
export async function setStage<B extends Browser = Chrome>(
  store: TestStore,
  options: StageOptions = {},
  start: (options: LaunchOptions) => Promise<Browser> = launchChrome,
) {
  const { origins = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'partway-stage-'));
  const bucket = `stage-${process.pid}-${++buckets}`;
  const { hostname: host, port } = new URL(store.endpoint);
  const bytesPerSecond = options.bytesPerSecond ?? BYTES_PER_SECOND;
  const wire = await startProxy({
    target: { host, port: Number(port) },
    bytesPerSecond,
  });
  const server = await startServer({
    env: {
      S3_ENDPOINT: wire.url,
      S3_ACCESS_KEY: store.accessKey,
      S3_SECRET_KEY: store.secretKey,
      S3_BUCKET: bucket,
      ALLOWED_ORIGINS: origins.join(','),
      ...options.env,
    },
  });
  const web = await startProxy({ target: { host: '127.0.0.1', port: server.port } });
  const url = `http://localhost:${web.port}/`;
  await makeBucket(store, bucket, [url.slice(0, -1), ...origins]);
  const file = await randomFile(join(folder, 'holiday film.bin'), options.fileSize ?? FILE_SIZE);
  const profile = join(folder, 'profile');
  const launch = async (extra: LaunchOptions = {}) => (await start({ profile, ...options.chrome, ...extra })) as B;
  const stage = {
    folder,
    store,
    bucket,
    wire,
    bytesPerSecond,
    server,
    web,
    url,
    file,
    launch,
    chrome: await launch(),
    /** Size and digests of everything that the bucket holds. */
    objects: async () => Promise.all((await keysIn(store, bucket)).map((key) => objectDigests(store, bucket, key))),
    async stop() {
      await stage.chrome.close();
      await server.stop();
      await Promise.all([wire.stop(), web.stop()]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return stage;
}

/** How many grants the demo keeps on this device. */
const KEPT_GRANTS = `new Promise((resolve) => {
  indexedDB.open('partway:demo').onsuccess = ({ target: { result: db } }) => {
    const counting = db.transaction('grants').objectStore('grants').count();
    counting.onsuccess = () => { db.close(); resolve(counting.result); };
  };
})`;

export async function openPage<T extends Tab>({ chrome, url }: { chrome: Browser<T>; url: string }): Promise<T> {
  const page = await chrome.open(url);
  await page.waitFor(`${inside('.background')}?.textContent`, { what: 'the page to be ready' });
  await page.waitFor(KEPT_GRANTS, { what: 'the grant to begin uploads offline with' });
  // It keeps the page for when there is no network, and may not be cut off in that.
  await page.waitFor('navigator.serviceWorker.ready.then(() => true)', { what: 'the worker to be ready' });
  return page;
}

/** An expression for what is in the element's shadow. */
export const inside = (selector: string) =>
  `document.querySelector('partway-upload').shadowRoot?.querySelector(${JSON.stringify(selector)})`;

export const pick = (page: Tab, ...paths: string[]) => page.setFiles(inside('.chooser'), paths);

export const state = (page: Tab, wanted: string, limit = 60_000) =>
  page.waitFor(`${inside('.row')}?.dataset.state === '${wanted}'`, {
    limit,
    what: `the row to be ${wanted}`,
  });

export const safe = (page: Tab) =>
  page.waitFor(`${inside('.row')}?.dataset.safe !== undefined`, {
    what: 'the row to say that the tab may be closed',
  });

/** Resolves when `share` of the file has gone over the wire. */
export const sent = ({ wire, file }: Pick<Stage, 'wire' | 'file'>, share: number) =>
  wire.waitFor(() => wire.bytesSince(0) >= file.size * share, { what: `${share * 100} % of the file sent` });

/** Resolves when every PUT has been answered or cut off. */
export const settled = ({ wire }: Pick<Stage, 'wire'>) =>
  wire.waitFor(() => wire.puts().every(({ finishedAt, brokenAt }) => finishedAt ?? brokenAt), {
    what: 'every PUT to end',
  });

const isComplete = ({ method, query, finishedAt, status }: Seen) =>
  method === 'POST' && query.startsWith('uploadId=') && finishedAt !== undefined && status === 200;

/** Resolves when the store has put the object together. */
export const completed = ({ wire }: Pick<Stage, 'wire'>, limit = 90_000) =>
  wire.waitFor(() => wire.requests.some(isComplete), { limit, what: 'the object to be completed' });

/** The bucket holds one object: the file, byte for byte. */
export async function expectArrived({ objects, file }: Pick<Stage, 'objects' | 'file'>): Promise<void> {
  const { size, md5, sha256 }: Digests = file;
  expect(await objects()).toEqual([{ size, md5, sha256 }]);
}

export const partOf = ({ query }: Seen) => Number(new URLSearchParams(query).get('partNumber'));

/** No PUT of a part began after that part had been stored; none was left out. An answer may be lost with the tab. */
export function expectNothingStoredSentAgain({ wire, file }: Pick<Stage, 'wire' | 'file'>): void {
  const storedAt = new Map<number, number>();
  for (const put of wire.puts()) {
    const before = storedAt.get(partOf(put));
    expect(
      before !== undefined && put.startedAt > before ? `part ${partOf(put)} sent again after it was stored` : '',
    ).toBe('');
    if (put.status === 200 && put.finishedAt)
      storedAt.set(partOf(put), Math.min(put.finishedAt, before ?? Number.POSITIVE_INFINITY));
  }
  expect(new Set(wire.puts().map(partOf)).size).toBe(Math.ceil(file.size / PART_SIZE));
}

/** Bytes that went over the wire beyond the file's own. */
export const sentTwice = ({ wire, file }: { wire: Wire; file: Digests }) => wire.bytesSince(0) - file.size;

/**
 * One line of figures for the log of the run; the time lost is what the upload took beyond its bytes at the wire's rate,
 * those sent twice left out.
 */
export function report(stage: Stage<Browser>, what: string, goneAt: number): void {
  const { wire, file, store } = stage;
  const after = wire.bytesBegunSince(goneAt);
  const began = wire.puts()[0]!.startedAt;
  const ended = wire.requests.find(isComplete)!.finishedAt!;
  const lost = (ended - began) / 1000 - file.size / stage.bytesPerSecond;
  console.log(
    `  ${store.name}: ${what}: ${(after / MiB).toFixed(1)} MiB of ${file.size / MiB} sent by requests begun after it, ${(sentTwice(stage) / MiB).toFixed(1)} MiB sent twice, ${lost.toFixed(1)} s lost`,
  );
}
