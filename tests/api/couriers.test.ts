/** Several servers with one outbox: what one of them leaves behind another delivers, and nothing is sent by two. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Server } from '../server.ts';
import { embeddedStore, makeBucket, type TestStore } from '../store.ts';
import { apiAt, granted } from './client.ts';
import { age, hasten, rowsOf, rowsUntil, settled } from './outbox.ts';
import { freshName, ORIGIN, sendFile, storeEnv } from './place.ts';
import { type Receiver, startReceiver, verified } from './receiver.ts';
import { serve, serveDatabase, type TestDatabase } from './serve.ts';
import { openTunnel } from './tunnel.ts';

setDefaultTimeout(120_000);

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const bucket = freshName();
let store: TestStore;
let database: TestDatabase;
let receiver: Receiver;
let env: Record<string, string>;
/** Those of the running test. */
const servers: Server[] = [];
const stopAll = () => Promise.all(servers.splice(0).map((server) => server.stop()));
beforeAll(async () => {
  store = await embeddedStore({ smallestPart: 1024 });
  database = await serveDatabase();
  receiver = await startReceiver();
  await makeBucket(store, bucket, [ORIGIN]);
  env = {
    DATABASE_URL: database.url,
    PARTWAY_SECRET: 'a secret that all of them share!',
    WEBHOOK_URL: receiver.url,
    WEBHOOK_SECRET: SECRET,
    ...storeEnv(store, bucket),
  };
});
afterEach(async () => {
  await stopAll();
});
afterAll(async () => {
  await receiver?.stop();
  await database?.stop();
  await store?.stop();
});

async function another(more: Record<string, string> = {}): Promise<Server> {
  const server = await serve({ env: { ...env, ...more } });
  servers.push(server);
  return server;
}
const sentAt = (server: Server) => sendFile({ api: apiAt(server.url), unit: 1024 });

test('a server killed before its event has arrived is succeeded by the next one, which delivers it', async () => {
  const dying = await another();
  const upload = await sentAt(dying);
  receiver.script(upload.sessionId, 'hang');
  granted(await upload.complete());
  const [first] = await receiver.has(upload.sessionId, 1);
  await dying.kill();
  expect(await rowsOf(database.admin(), upload.sessionId)).toMatchObject([{ outcome: null, attempts: 1 }]);
  // Rather than when the lease of the dead one ends.
  await hasten(database.admin(), upload.sessionId);
  await another();
  const [, second] = await receiver.has(upload.sessionId, 2);
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']!);
  expect(verified(second!, SECRET)).toEqual(first!.event);
  expect(await rowsUntil(database.admin(), upload.sessionId, settled)).toMatchObject([{ outcome: 'delivered' }]);
});

test('a server that is asked to stop does so, and leaves what has not arrived to the next one at once', async () => {
  const stopping = await another();
  const [arriving, hanging] = [await sentAt(stopping), await sentAt(stopping)];
  receiver.script(hanging.sessionId, 'hang');
  granted(await arriving.complete());
  granted(await hanging.complete());
  await receiver.has(hanging.sessionId, 1);
  const startedAt = performance.now();
  expect(await stopping.stop()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(await rowsOf(database.admin(), arriving.sessionId)).toMatchObject([{ outcome: 'delivered' }]);
  expect((await rowsOf(database.admin(), hanging.sessionId))[0]).toMatchObject({ outcome: null, attempts: 1 });
  expect((await rowsOf(database.admin(), hanging.sessionId))[0]!.due).toBeLessThan(0);
  await another();
  await receiver.has(hanging.sessionId, 2);
});

test('sixty events at two servers come once each', async () => {
  const two = [await another(), await another()];
  const uploads = await Promise.all(Array.from({ length: 60 }, (_, n) => sentAt(two[n % 2]!)));
  await Promise.all(uploads.map((upload) => upload.complete().then(granted)));
  const answeredAt = performance.now();
  for (const { sessionId } of uploads) await receiver.has(sessionId, 1);
  console.log(`  sixty events came ${Math.round(performance.now() - answeredAt)} ms after the last answer`);
  for (const { sessionId } of uploads) await rowsUntil(database.admin(), sessionId, settled);
  const counts = uploads.map(({ sessionId }) => receiver.of(sessionId).length);
  expect(counts).toEqual(uploads.map(() => 1));
});

test('what arrived while the database was away is sent once more when it is back, and all the rest too', async () => {
  const wire = await openTunnel(Number(new URL(database.url).port));
  const url = new URL(database.url);
  url.port = String(wire.port);
  const server = await another({ DATABASE_URL: url.href });
  try {
    // More at once than are borne at once.
    const uploads = await Promise.all(Array.from({ length: 20 }, () => sentAt(server)));
    for (const { sessionId } of uploads) receiver.script(sessionId, 'hang');
    await Promise.all(uploads.map((upload) => upload.complete().then(granted)));
    const begun = () => uploads.filter(({ sessionId }) => receiver.of(sessionId).length > 0);
    while (begun().length < 8) await Bun.sleep(20);
    await wire.down();
    receiver.release();
    while (!server.output().includes('"event":"webhook"')) await Bun.sleep(20);
    for (const { sessionId } of uploads) receiver.script(sessionId);
    await wire.up();
    for (const { sessionId } of uploads) await hasten(database.admin(), sessionId);
    for (const { sessionId } of uploads) await rowsUntil(database.admin(), sessionId, settled);
  } finally {
    await stopAll();
    await wire.down();
  }
});

test('what was settled long ago is cleared away; what was not is kept', async () => {
  const before = await another();
  const [old, recent, waiting] = [await sentAt(before), await sentAt(before), await sentAt(before)];
  receiver.script(waiting.sessionId, { status: 503, headers: { 'retry-after': '86400' } });
  for (const upload of [old, recent, waiting]) granted(await upload.complete());
  for (const { sessionId } of [old, recent]) await rowsUntil(database.admin(), sessionId, settled);
  await rowsUntil(database.admin(), waiting.sessionId, ([row]) => row!.due > 3600);
  await age(database.admin(), old.sessionId, 11);
  await age(database.admin(), waiting.sessionId, 11);
  await age(database.admin(), recent.sessionId, 9);
  await another();
  await rowsUntil(database.admin(), old.sessionId, (rows) => rows.length === 0);
  expect(await rowsOf(database.admin(), recent.sessionId)).toHaveLength(1);
  expect(await rowsOf(database.admin(), waiting.sessionId)).toHaveLength(1);
});

test('without a webhook nothing is written down to tell', async () => {
  const server = await another({ WEBHOOK_URL: '', WEBHOOK_SECRET: '' });
  const upload = await sentAt(server);
  granted(await upload.complete());
  expect(await rowsOf(database.admin(), upload.sessionId)).toEqual([]);
});
