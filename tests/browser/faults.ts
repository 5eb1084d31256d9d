/** One stage for many faults: each test has a tab, an owner and files of its own, and leaves a line without faults behind. */

import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import { adminUrl, query } from '../api/serve.ts';
import { type Digests, type RandomFile, randomFile } from '../bytes.ts';
import { allowing } from '../faults/answers.ts';
import type { Answer, Predicate, Seen } from '../faults/proxy.ts';
import { embeddedStore, keysIn, objectDigests, type TestStore, uploadsIn } from '../store.ts';
import { type App, openApp, startApp } from './app.ts';
import type { LaunchOptions } from './chrome.ts';
import type { Page } from './page.ts';
import { partOf, type Stage, setStage } from './stage.ts';

export const MiB = 2 ** 20;
export const PART = 5 * MiB;
/** Two parts: the least that is one. */
export const SMALL = 6 * MiB;
/** As fast as the machine lets it be, and narrow, so that little lies between the browser and the proxy. */
const FAST = 96 * MiB;
/** The page's jitter draws the shortest of all pauses, so that a test need not sit through them. */
export const HASTY = '...(Math.random = () => 0, {}),';

export const isPut: Predicate = ({ method }) => method === 'PUT';
export const isPart =
  (number: number): Predicate =>
  (seen) =>
    isPut(seen) && partOf(seen) === number;
/** Calls of our API; the preflight is none. */
export const isCall =
  (name: string): Predicate =>
  ({ method, path }) =>
    method === 'POST' && path.endsWith(`/${name}`);

export interface Scene {
  stage: Stage;
  app: App;
  owner: string;
  page: Page;
  files: RandomFile[];
  /** Of this test, in the order of arrival. */
  puts(): Seen[];
  calls(name: string): Seen[];
  /** The person picks the files; the uploads are in `uploads`, the first in `upload`. */
  begin(options?: string, which?: RandomFile[]): Promise<void>;
  /** Resolves once some upload has waited for its next attempt: what the browser itself sends again the page never hears of. */
  waited(): Promise<unknown>;
  /** Every file has arrived whole, one object each, and nothing is left in the bucket but `abandoned` unfinished uploads. */
  arrived(abandoned?: number): Promise<void>;
  /** Bytes of PUTs that were taken off the browser beyond the files' own. */
  twice(): number;
  /** Bytes that went over the wire for the file that arrived last, as a multiple of its own. */
  share(): number;
  /** The tab is closed once everything is on the device; what the worker then sends is held until the result is called. */
  leave(options?: string): Promise<() => void>;
  /** When the tab was gone. */
  goneAt: number;
  /** Answers that the page may read. */
  allow(answer: Answer): Answer;
  /** One more line of the table. */
  note(fault: string, ideal?: number): void;
}

interface Row {
  fault: string;
  twice: number;
  lost: number;
}

export interface SceneOptions {
  /** Bytes of each file. */
  sizes?: number[];
  /** Of the client. */
  client?: string;
}

/** To be called in a `describe`; `kind` heads the table. */
export function onFaults(kind: string, chrome: LaunchOptions = {}) {
  let store: TestStore;
  let app: App;
  let stage: Stage;
  const rows: Row[] = [];
  const files = new Map<string, RandomFile>();
  /** Seconds that a file takes without any fault, by its bytes. */
  let plain = 0;
  let owners = 0;

  beforeAll(async () => {
    store = await embeddedStore();
    app = await startApp();
    stage = await setStage(store, {
      fileSize: SMALL,
      origins: [app.origin],
      bytesPerSecond: FAST,
      // What is abandoned stays to be counted.
      env: { JANITOR_SECONDS: '0' },
      chrome,
    });
  });
  afterAll(async () => {
    await stage?.stop();
    await app?.stop();
    await store?.stop();
    const lines = rows.map(
      ({ fault, twice, lost }) =>
        `  ${fault.padEnd(64)} ${(twice / MiB).toFixed(1).padStart(6)} MiB ${Math.max(0, lost).toFixed(1).padStart(6)} s`,
    );
    console.log([`  ${kind}: fault, bytes sent twice, time lost`, ...lines].join('\n'));
  });

  async function fileOf(size: number, place: number): Promise<RandomFile> {
    const name = `${size}-${place}.bin`;
    const file = files.get(name) ?? (await randomFile(join(stage.folder, name), size));
    files.set(name, file);
    return file;
  }

  async function setScene({ sizes = [SMALL], client = '' }: SceneOptions): Promise<Scene> {
    const { wire, web, bucket } = stage;
    const owner = `owner-${++owners}`;
    const [mark, webMark] = [wire.requests.length, web.requests.length];
    const before = new Set([...(await keysIn(store, bucket)), ...(await uploadsIn(store, bucket))]);
    const picked = await Promise.all(sizes.map(fileOf));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    let begunAt = 0;
    let endedAt = 0;
    const puts = () => wire.requests.slice(mark).filter(isPut);
    const isDone = ({ method, query, status }: Seen) =>
      method === 'POST' && query.startsWith('uploadId=') && status === 200;

    const scene: Scene = {
      stage,
      app,
      owner,
      // Of the line nobody remembers what an earlier test did to it.
      page: await openApp(app, stage, `owner: '${owner}', ...(localStorage.clear(), {}), ${client}`),
      files: picked,
      goneAt: 0,
      puts,
      calls: (name) => web.requests.slice(webMark).filter(isCall(name)),
      async begin(options = '{}', which = picked) {
        await scene.page.setFiles(
          'input',
          which.map(({ path }) => path),
        );
        begunAt = performance.now();
        await scene.page.evaluate(`void (globalThis.upload = (globalThis.uploads =
          [...document.querySelector('input').files].map((file) => client.resumableUpload(file, ${options})))[0])`);
        await scene.page.evaluate(`for (const it of uploads)
          it.addEventListener('change', () => { globalThis.waited ||= it.state === 'waiting'; })`);
      },
      waited: () => scene.page.waitFor('globalThis.waited', { what: 'the page to hear of a failure' }),
      async arrived(abandoned = 0) {
        if (scene.goneAt)
          await wire.waitFor(() => wire.requests.slice(mark).filter(isDone).length >= picked.length, {
            limit: 90_000,
            what: 'every object to be completed',
          });
        else
          await scene.page.waitFor(`uploads.every(({ state }) => state === 'done')`, {
            limit: 90_000,
            what: 'every upload to be done',
          });
        endedAt = performance.now();
        const keys = (await keysIn(store, bucket)).filter((key) => !before.has(key));
        const objects = await Promise.all(keys.map((key) => objectDigests(store, bucket, key)));
        const order = (all: Digests[]) => all.map(({ sha256 }) => sha256).sort();
        expect(order(objects)).toEqual(order(picked));
        expect((await uploadsIn(store, bucket)).filter((id) => !before.has(id))).toHaveLength(abandoned);
      },
      twice: () => puts().reduce((sum, { taken }) => sum + taken, 0) - bytes,
      share() {
        const { path } = puts().at(-1)!;
        return puts().reduce((sum, put) => sum + (put.path === path ? put.bytes : 0), 0) / sizes.at(-1)!;
      },
      async leave(options) {
        const release = wire.hold(isPut);
        await scene.begin(options);
        await scene.page.waitFor('uploads.every(({ safeToClose }) => safeToClose)', { limit: 30_000 });
        await wire.waitFor(() => puts().some(({ held }) => held));
        scene.goneAt = performance.now();
        begunAt = scene.goneAt;
        await scene.page.close();
        await wire.waitFor(() => puts().some(({ startedAt }) => startedAt > scene.goneAt), {
          what: 'the worker to go on',
        });
        return release;
      },
      allow: (answer) => allowing(app.origin, answer),
      note(fault, ideal = plain) {
        const took = (endedAt - begunAt) / 1000;
        if (!plain) plain = took;
        rows.push({ fault, twice: scene.twice(), lost: ideal ? took - ideal : 0 });
      },
    };
    return scene;
  }

  return (title: string, run: (scene: Scene) => Promise<void>, options: SceneOptions = {}): void =>
    test(title, async () => {
      const scene = await setScene(options);
      try {
        await run(scene);
      } finally {
        stage.wire.clear();
        stage.web.clear();
        stage.wire.set({ bytesPerSecond: FAST, latency: 0 });
        await stage.chrome.offline(false);
        // Whoever comes next has the line alone.
        const page = scene.goneAt ? await openApp(app, stage, `owner: '${scene.owner}',`) : scene.page;
        await page.evaluate('client.signOut()').catch(() => {});
        await page.close();
      }
    });
}

/** What S3 and our server answer in the course of a bad day, and what another attempt may turn. */
export const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** To be answered with one after the other; then the target answers. */
export const inTurn = (answers: Answer[]) => {
  const left = [...answers];
  return () => left.shift();
};

/** Milliseconds from the end of one request to the beginning of another. */
export const between = (one: Seen | undefined, other: Seen | undefined): number =>
  (other?.startedAt ?? Number.NaN) - (one?.finishedAt ?? Number.NaN);

/** Those beside which no other was under way at any time. */
export const alone = (seen: Seen[]): Seen[] => {
  const end = ({ finishedAt, brokenAt }: Seen) => finishedAt ?? brokenAt ?? Number.POSITIVE_INFINITY;
  return seen.filter((one) =>
    seen.every((other) => other === one || end(other) <= one.startedAt || other.startedAt >= end(one)),
  );
};

/** Runs in the page: the bytes of the slice of part `number` are others from now on. */
export const damageSlice = (owner: string, number: number) => `new Promise((resolve, reject) => {
  indexedDB.open('partway:${owner}').onsuccess = ({ target: { result: db } }) => {
    const tx = db.transaction('slices', 'readwrite');
    tx.objectStore('slices').openCursor().onsuccess = ({ target: { result: cursor } }) => {
      if (!cursor) return;
      if (cursor.key[2] === ${number}) cursor.update(new Blob([new Uint8Array(cursor.value.size)]));
      cursor.continue();
    };
    tx.oncomplete = () => { db.close(); resolve(); };
    tx.onerror = () => reject(tx.error);
  };
})`;

/** Ends the life of every session that is not over, as seven days would. */
export const expireSessions = ({ server }: Stage) =>
  query(
    adminUrl(server.dataDir),
    (sql) =>
      sql`update multipart_uploads set expires_at = now() - interval '1 minute' where status in ('active', 'paused')`,
  );
