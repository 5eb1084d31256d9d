/** Bun, Deno and Node behind one address, on one database and one bucket: nobody can tell that they are several. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { type Api, apiAt, digestsFor, granted, objectDigest, patiently, putAll, random, told } from '../api/client.ts';
import { counts, expectObject, sendFile } from '../api/place.ts';
import { isComplete, isHead, stands } from '../api/wire.ts';
import { type Seen, startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import { RUNTIMES } from '../runtime.ts';
import { type Server, startServer } from '../server.ts';
import { type Ground, openGround } from './ground.ts';
import { inLanes } from './lanes.ts';
import { type Rotation, startRotation } from './rotation.ts';

setDefaultTimeout(120_000);

let ground: Ground;
/** Between each server and the bucket. */
let wires: Wire[];
let servers: Server[];
let rotation: Rotation;
let api: Api;

beforeAll(async () => {
  ground = await openGround({ JANITOR_SECONDS: '1' });
  const target = { host: '127.0.0.1', port: Number(new URL(ground.store.endpoint).port) };
  wires = await Promise.all(RUNTIMES.map(() => startProxy({ target })));
  servers = [];
  for (const [at, runtime] of RUNTIMES.entries()) {
    const env = { ...ground.env, S3_ENDPOINT: wires[at]!.url };
    servers.push(await startServer({ env, runtime, dataDir: ground.env.DATA_DIR! }));
  }
  rotation = await startRotation(servers.map(({ port }) => port));
  api = apiAt(rotation.url, { 'x-api-key': 'dev', connection: 'close' });
});
afterAll(async () => {
  rotation?.stop();
  await Promise.all(servers?.map((server) => server.stop()) ?? []);
  await Promise.all(wires?.map((wire) => wire.stop()) ?? []);
  await ground?.stop();
});

/** As `api.credentials` for calls that a resume token is enough for. */
const CLOSE = { connection: 'close' };

test('an upload is begun at one, signed by the next, and completed by the third', async () => {
  for (const first of RUNTIMES.keys()) {
    while (rotation.served.length % RUNTIMES.length !== first) await api.list();
    const from = rotation.served.length;
    const bytes = random(2058);
    const parts = digestsFor(bytes, 1024);
    const { resumeToken, fileKey } = await api.begin({ size: bytes.length }, { partSize: 1024, partUrlCount: 0 });
    const { partUrls } = granted(await api.call('sign', { resumeToken, parts }, CLOSE));
    await putAll(partUrls, bytes);
    const wish = { resumeToken, objectDigest: objectDigest(parts) };
    expect(granted(await api.call('complete', wish, CLOSE)).verifiedBy).toBe('etag');
    expect(rotation.served.slice(from)).toEqual([0, 1, 2].map((n) => (first + n) % RUNTIMES.length));
    await expectObject(ground, fileKey, bytes);
  }
});

for (const [at, runtime] of RUNTIMES.entries())
  test(`the one on ${runtime} is killed in mid-complete, and whoever is asked next finishes`, async () => {
    const upload = await sendFile({ api, unit: 1024 });
    const isMine = (seen: Seen) => isComplete(seen) && seen.path.endsWith(upload.fileKey);
    const wire = wires[at]!;
    const release = wire.hold(isMine, 'response');
    const lost = apiAt(servers[at]!.url)
      .call('complete', upload.wish, CLOSE)
      .then(told, () => 'lost');
    await stands(wire, isMine);
    await servers[at]!.kill();
    wire.cut();
    release();
    expect(await lost).toBe('lost');
    const before = rotation.served.length;
    // Its lease is over.
    await ground.passLeases();
    const answer = granted(await patiently(() => api.call('complete', upload.wish, CLOSE)));
    expect([answer.verifiedBy, answer.etag]).toEqual(['etag', upload.digest]);
    expect(rotation.served.slice(before)).not.toContain(at);
    await expectObject(ground, upload.fileKey, upload.bytes);
    await servers[at]!.restart();
  });

test('the janitors of all three do each thing once', async () => {
  const EACH = 30;
  const uploads = await inLanes(Array(2 * EACH).fill(api), (api) => sendFile({ api, unit: 1024 }));
  const [overdue, cancelled] = [uploads.slice(0, EACH), uploads.slice(EACH)];
  const ids = (some: typeof uploads) => ground.sql(some.map(({ sessionId }) => sessionId));
  const until = async (what: string, count: number) => {
    for (;;) {
      const [row] = await ground.sql`select count(*)::int as done from multipart_uploads
        where id in ${ids(uploads)} and ${ground.sql.unsafe(what)}`;
      if (row!.done === count) return;
      await Bun.sleep(20);
    }
  };
  const from = wires.map(({ requests }) => requests.length);
  const seen = (matches: (seen: Seen) => boolean) =>
    wires.map((wire, at) =>
      wire.requests
        .slice(from[at])
        .filter(matches)
        .map(({ path }) => path.split('/multipart/')[1]!),
    );
  const keysOf = (some: typeof uploads) => some.map(({ fileKey }) => fileKey.split('/')[1]!).toSorted();

  await ground.sql`update multipart_uploads set expires_at = now() where id in ${ids(overdue)}`;
  await until(`status = 'failed'`, EACH);
  expect(seen(isHead).flat().toSorted()).toEqual(keysOf(overdue));
  // A cancel that the store did not hear of.
  await ground.sql`update multipart_uploads set status = 'aborted' where id in ${ids(cancelled)}`;
  expect(seen(({ method }) => method === 'DELETE').flat()).toEqual([]);
  await ground.sql`update multipart_uploads set tended_until = now() where id in ${ids(uploads)}`;
  await until('swept', 2 * EACH);
  const freed = seen(({ method }) => method === 'DELETE');
  expect(freed.flat().toSorted()).toEqual(keysOf(uploads));
  expect((await counts(ground)).uploads).toBe(0);
  console.log(`  freed by ${RUNTIMES.map((runtime, at) => `${runtime} ${freed[at]!.length}`).join(', ')}`);
});
