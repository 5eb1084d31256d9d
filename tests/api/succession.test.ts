/** Two servers on one database and one bucket: one dies in mid-complete, the other finishes what it began. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import type { Server } from '../server.ts';
import { embeddedStore, makeBucket, type TestStore } from '../store.ts';
import { type Api, apiAt, granted, patiently, told } from './client.ts';
import { expectObject, freshName, ORIGIN, sendFile, storeEnv } from './place.ts';
import { serve, serveDatabase, type TestDatabase } from './serve.ts';
import { firstOf, isComplete, stands } from './wire.ts';

setDefaultTimeout(120_000);

const bucket = freshName();
let store: TestStore;
let database: TestDatabase;
/** Between each server and the bucket. */
let wires: [Wire, Wire];
let servers: [Server, Server];
let apis: [Api, Api];

const wireTo = (endpoint: string) =>
  startProxy({ target: { host: '127.0.0.1', port: Number(new URL(endpoint).port) } });

beforeAll(async () => {
  store = await embeddedStore({ smallestPart: 1024 });
  database = await serveDatabase();
  await makeBucket(store, bucket, [ORIGIN]);
  wires = [await wireTo(store.endpoint), await wireTo(store.endpoint)];
  const start = (wire: Wire) =>
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

const sent = (api: Api) => sendFile({ api, unit: 1024 });

test('an upload begun at one server is finished at the other, and a hundred completes at both make one object', async () => {
  const upload = await sent(apis[0]);
  const ask = (_: unknown, n: number) => patiently(() => upload.complete(apis[n % 2]!));
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  expect(new Set(answers.map(({ status, body }) => `${status} ${body.url} ${body.etag}`)).size).toBe(1);
  await expectObject({ store, bucket }, upload.fileKey, upload.bytes);
});

test('an answer that one server lost while the other was asked, too, is settled by the object', async () => {
  const upload = await sent(apis[0]);
  const lost = firstOf(isComplete);
  wires[0].hold(lost, 'response');
  const first = patiently(() => upload.complete(apis[0]));
  await stands(wires[0], lost);
  const second = patiently(() => upload.complete(apis[1]));
  wires[0].cut();
  const answers = [granted(await first), granted(await second)];
  expect(answers.map(({ etag, verifiedBy }) => [etag, verifiedBy])).toEqual(Array(2).fill([upload.digest, 'etag']));
  await expectObject({ store, bucket }, upload.fileKey, upload.bytes);
});

test('a server killed in mid-complete is succeeded by another, whether or not the store had completed', async () => {
  const undone = await sent(apis[0]);
  const done = await sent(apis[0]);
  const isUndone = ({ path }: { path: string }) => path.endsWith(undone.fileKey);
  const isDone = ({ path }: { path: string }) => path.endsWith(done.fileKey);
  wires[0].hold((seen) => isComplete(seen) && isUndone(seen), 'request');
  wires[0].hold((seen) => isComplete(seen) && isDone(seen), 'response');
  const lost = [undone, done].map((upload) => upload.complete(apis[0]).then(told, () => 'lost'));
  await stands(wires[0], (seen) => isComplete(seen) && isUndone(seen));
  await stands(wires[0], (seen) => isComplete(seen) && isDone(seen));
  await servers[0].kill();
  wires[0].cut();
  expect(await Promise.all(lost)).toEqual(['lost', 'lost']);

  const killedAt = performance.now();
  const answers = await Promise.all([undone, done].map((upload) => patiently(() => upload.complete(apis[1]))));
  const seconds = (performance.now() - killedAt) / 1000;
  console.log(`  succeeded ${seconds.toFixed(1)} s after the kill`);
  for (const answer of answers) expect(granted(answer).verifiedBy).toBe('etag');
  await expectObject({ store, bucket }, undone.fileKey, undone.bytes);
  await expectObject({ store, bucket }, done.fileKey, done.bytes);
  expect(wires[1].requests.filter((seen) => isComplete(seen) && isDone(seen))).toHaveLength(0);
});
