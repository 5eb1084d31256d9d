/** Two servers on one database and one bucket: one dies in mid-complete, the other finishes what it began. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Proxy, startProxy } from '../faults/proxy.ts';
import type { Server } from '../server.ts';
import { embeddedStore, makeBucket, type TestStore } from '../store.ts';
import { type Api, apiAt, digestsFor, granted, objectDigest, patiently, putAll, random, told } from './client.ts';
import { expectObject, freshName, ORIGIN, storeEnv } from './place.ts';
import { serve, serveDatabase, type TestDatabase } from './serve.ts';
import { isComplete, stands } from './wire.ts';

setDefaultTimeout(120_000);

const bucket = freshName();
let store: TestStore;
let database: TestDatabase;
/** Between each server and the bucket. */
let wires: [Proxy, Proxy];
let servers: [Server, Server];
let apis: [Api, Api];

const wireTo = (endpoint: string) =>
  startProxy({ target: { host: '127.0.0.1', port: Number(new URL(endpoint).port) } });

beforeAll(async () => {
  store = await embeddedStore({ smallestPart: 1024 });
  database = await serveDatabase();
  await makeBucket(store, bucket, [ORIGIN]);
  wires = [await wireTo(store.endpoint), await wireTo(store.endpoint)];
  const start = (wire: Proxy) =>
    serve({
      env: {
        DATABASE_URL: database.url,
        PARTWAY_SECRET: 'a secret that both of them share',
        ...storeEnv(store, bucket, wire.url),
      },
    });
  servers = [await start(wires[0]), await start(wires[1])];
  apis = [apiAt(servers[0].url), apiAt(servers[1].url)];
});
afterAll(async () => {
  await Promise.all([servers?.[0].stop(), servers?.[1].stop()]);
  await Promise.all(wires?.map((wire) => wire.stop()) ?? []);
  await database?.stop();
  await store?.stop();
});

async function sent(api: Api) {
  const bytes = random(2500);
  const parts = digestsFor(bytes, 1024);
  const begun = await api.begin({ size: bytes.length }, { partSize: 1024, parts });
  await putAll(begun.partUrls, bytes);
  const wish = { resumeToken: begun.resumeToken, objectDigest: objectDigest(parts) };
  return { ...begun, bytes, completeAt: (api: Api) => api.call('complete', wish) };
}

test('an upload begun at one server is finished at the other, and a hundred completes at both make one object', async () => {
  const upload = await sent(apis[0]);
  const ask = (_: unknown, n: number) => patiently(() => upload.completeAt(apis[n % 2]!));
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.url} ${body.etag}`)).size).toBe(1);
  await expectObject({ store, bucket }, upload.fileKey, upload.bytes);
});

test('a complete that outlasts its lease is not begun by a second server', async () => {
  const upload = await sent(apis[0]);
  const before = wires[1].requests.filter(isComplete).length;
  const undo = wires[0].delay(isComplete, 35_000, 'response');
  const first = patiently(() => upload.completeAt(apis[0]));
  await stands(wires[0], isComplete);
  const second = granted(await patiently(() => upload.completeAt(apis[1])));
  expect(granted(await first)).toMatchObject({ url: second.url, etag: second.etag });
  expect(wires[1].requests.filter(isComplete)).toHaveLength(before);
  undo();
  await expectObject({ store, bucket }, upload.fileKey, upload.bytes);
});

test('a server killed in mid-complete is succeeded by another, whether or not the store had completed', async () => {
  const undone = await sent(apis[0]);
  const done = await sent(apis[0]);
  const isUndone = ({ path }: { path: string }) => path.endsWith(undone.fileKey);
  const isDone = ({ path }: { path: string }) => path.endsWith(done.fileKey);
  wires[0].hold((seen) => isComplete(seen) && isUndone(seen), 'request');
  wires[0].hold((seen) => isComplete(seen) && isDone(seen), 'response');
  const lost = [undone, done].map((upload) => upload.completeAt(apis[0]).then(told, () => 'lost'));
  await stands(wires[0], (seen) => isComplete(seen) && isUndone(seen));
  await stands(wires[0], (seen) => isComplete(seen) && isDone(seen));
  await servers[0].kill();
  wires[0].cut();
  expect(await Promise.all(lost)).toEqual(['lost', 'lost']);

  const killedAt = performance.now();
  const answers = await Promise.all([undone, done].map((upload) => patiently(() => upload.completeAt(apis[1]))));
  const seconds = (performance.now() - killedAt) / 1000;
  console.log(`  succeeded ${seconds.toFixed(1)} s after the kill`);
  for (const answer of answers) expect(granted(answer).verifiedBy).toBe('etag');
  await expectObject({ store, bucket }, undone.fileKey, undone.bytes);
  await expectObject({ store, bucket }, done.fileKey, done.bytes);
  expect(wires[1].requests.filter((seen) => isComplete(seen) && isDone(seen))).toHaveLength(0);
});
