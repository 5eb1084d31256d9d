/** An init that went wrong half-way, and the same init again. */

import { expect, setDefaultTimeout, test } from 'bun:test';
import { embeddedStore } from '../store.ts';
import { uploadsOf } from './begin.ts';
import { granted, patiently, putAll, random, told } from './client.ts';
import { counts, expectObject, openWiredPlace, type Place } from './place.ts';
import { adminUrl, query } from './serve.ts';
import { firstOf, isCreate, stands } from './wire.ts';

setDefaultTimeout(120_000);

type Wired = Awaited<ReturnType<typeof openWiredPlace>>;

/** Each has a server of its own, for most of them wait for a lease. */
const staged = (title: string, run: (place: Wired) => Promise<void>) =>
  test.concurrent(title, async () => {
    const place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }));
    try {
      await run(place);
    } finally {
      await place.stop();
    }
  });

const FILE = { filename: 'film.bin', fileSize: 1500, contentType: 'video/mp4' };

/** An init as a client repeats it: with the same key, as often as it is told to. */
function repeated({ api }: Place) {
  const headers = { ...api.credentials, 'idempotency-key': crypto.randomUUID() };
  return { once: () => api.call('init', FILE, headers), all: () => patiently(() => api.call('init', FILE, headers)) };
}

/** The session that was begun in the end works, and the store holds nothing beside it. */
async function expectOnlyUpload(place: Wired, init: ReturnType<typeof repeated>): Promise<void> {
  const begun = granted(await init.all());
  expect(await uploadsOf(place, begun.fileKey)).toEqual([begun.uploadId!]);
  expect((await counts(place)).uploads).toBe(1);
  const bytes = random(FILE.fileSize);
  await putAll(begun.partUrls, bytes);
  granted(await place.api.call('complete', { resumeToken: begun.resumeToken }));
  await expectObject(place, begun.fileKey, bytes);
  expect(await counts(place)).toEqual({ objects: 1, uploads: 0 });
}

staged('a server killed after the store began the upload and before it heard of it begins no second', async (place) => {
  const init = repeated(place);
  const release = place.wire.hold(isCreate, 'response');
  const lost = init.once().then(told, () => 'lost');
  await stands(place.wire, isCreate);
  await place.server.kill();
  release();
  expect(await lost).toBe('lost');
  expect((await counts(place)).uploads).toBe(1);
  await place.server.restart();
  await expectOnlyUpload(place, init);
  expect(place.wire.requests.filter(isCreate)).toHaveLength(1);
});

staged('a server killed before the store heard of the upload begins it after all', async (place) => {
  const init = repeated(place);
  const release = place.wire.hold(isCreate);
  const lost = init.once().then(told, () => 'lost');
  await stands(place.wire, isCreate);
  await place.server.kill();
  place.wire.cut();
  release();
  expect(await lost).toBe('lost');
  await place.server.restart();
  await expectOnlyUpload(place, init);
});

staged('an upload whose answer the network lost is not begun twice', async (place) => {
  const init = repeated(place);
  const first = firstOf(isCreate);
  place.wire.hold(first, 'response');
  const asked = init.all();
  await stands(place.wire, first);
  place.wire.cut();
  await asked;
  await expectOnlyUpload(place, init);
});

staged(
  'an upload that the store began too late, when another had taken its place, is not left behind',
  async (place) => {
    const init = repeated(place);
    const first = firstOf(isCreate);
    const release = place.wire.hold(first);
    const late = init.all();
    await stands(place.wire, first);
    // A request that stands still for 10 s is dropped: the lease must end before.
    await query(adminUrl(place.server.dataDir), (sql) => sql`update multipart_uploads set lease_until = now()`);
    granted(await init.all());
    release();
    granted(await late);
    await expectOnlyUpload(place, init);
  },
);

staged('with the bucket away it is told so at once, and the first repeat after it is back works', async (place) => {
  const init = repeated(place);
  await place.wire.down();
  const refused = await init.once();
  expect(told(refused)).toEqual([503, 'STORE_UNAVAILABLE']);
  expect(refused.retryAfter).toBeGreaterThan(0);
  await place.wire.up();
  expect(told(await init.once())).toEqual([200, undefined]);
  await expectOnlyUpload(place, init);
});

staged('fifty inits at once while the store is slow ask it once', async (place) => {
  const init = repeated(place);
  place.wire.delay(isCreate, 1000);
  const answers = await Promise.all(Array.from({ length: 50 }, () => init.all()));
  expect(new Set(answers.map((answer) => granted(answer).resumeToken)).size).toBe(1);
  expect(place.wire.requests.filter(isCreate)).toHaveLength(1);
  await expectOnlyUpload(place, init);
});

test.concurrent('an init that the store did not take, and that nobody can repeat, holds no place of its user', async () => {
  const store = await embeddedStore({ smallestPart: 1024 });
  const place = await openWiredPlace(store, { env: { MAX_OPEN_UPLOADS: '1' } });
  try {
    await place.wire.down();
    expect(told(await place.api.call('init', FILE))).toEqual([503, 'STORE_UNAVAILABLE']);
    await place.wire.up();
    granted(await place.api.call('init', FILE));
    expect(told(await place.api.call('init', FILE))).toEqual([429, 'TOO_MANY_UPLOADS']);
  } finally {
    await place.stop();
  }
});
