/** What nobody comes back to: ended in time, freed in the store, told of once, and nothing touched that is not ours. */

import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import { type Server, startServer } from '../server.ts';
import { type Ground, openGround } from '../steps/ground.ts';
import { runJanitor } from '../steps/once.ts';
import { keysIn, uploadsIn } from '../store.ts';
import { type Api, apiAt, digestsFor, granted, md5, putAll, random, told } from './client.ts';
import { expectNothing, expectObject, sendFile } from './place.ts';
import { makeFolder, removeFolder } from './serve.ts';

setDefaultTimeout(120_000);

let ground: Ground;
/** Between the janitor and the bucket. */
let wire: Wire;
let server: Server;
let api: Api;
let env: Record<string, string>;

beforeAll(async () => {
  ground = await openGround({ JANITOR_SECONDS: '0' });
  wire = await startProxy({ target: { host: '127.0.0.1', port: Number(new URL(ground.store.endpoint).port) } });
  server = await startServer({ env: ground.env, dataDir: ground.env.DATA_DIR! });
  api = apiAt(server.url);
  env = { ...ground.env, S3_ENDPOINT: wire.url };
  // Events are written for a webhook that nobody has: they stay where they are counted.
  await ground.sql`alter table multipart_uploads alter column events set default 'webhook'`;
});
afterAll(async () => {
  await server?.stop();
  await wire?.stop();
  await ground?.stop();
});
/** What earlier tests have left is not to be done in later ones. */
beforeEach(async () => {
  await ground.sql`update multipart_uploads set swept = true where status in ('completed', 'aborted', 'failed')`;
});

type Upload = Awaited<ReturnType<typeof sendFile>>;

const sent = () => sendFile({ api, unit: 1024 });
const rowOf = async ({ sessionId }: { sessionId: string }) =>
  (
    await ground.sql`
      select status, error_code as code, swept, verified_by as "verifiedBy",
        array(select event || ' ' || coalesce(data ->> 'errorCode', '') from outbox where session_id = u.id) as events
      from multipart_uploads u where id = ${sessionId}`
  )[0];
const expire = ({ sessionId }: { sessionId: string }) =>
  ground.sql`update multipart_uploads set expires_at = now() where id = ${sessionId}`;
/** The pauses between its looks at one session are over. */
const pass = () => ground.passLeases();
const round = () => runJanitor(env);
const upload = ({ fileKey, uploadId }: Pick<Upload, 'fileKey' | 'uploadId'>) => ({
  Bucket: ground.bucket,
  Key: fileKey,
  UploadId: uploadId!,
});

/** The store has it, and no server knows. */
async function completeBehind(one: Upload): Promise<void> {
  const Parts = digestsFor(one.bytes, 1024).map(({ partNumber, digest }) => ({
    PartNumber: partNumber,
    ETag: Buffer.from(digest, 'base64').toString('hex'),
  }));
  await ground.store.s3.send(new CompleteMultipartUploadCommand({ ...upload(one), MultipartUpload: { Parts } }));
}

test('what is overdue has failed, is told of once, and leaves nothing in the store', async () => {
  const one = await sent();
  await expire(one);
  // The comparison with the store, which `--once` always makes, finds its upload.
  expect((await round()).tally).toEqual({ overdue: 1, strays: 1 });
  expect(await rowOf(one)).toEqual({
    status: 'failed',
    code: 'UPLOAD_EXPIRED',
    swept: false,
    verifiedBy: null,
    events: ['upload.failed UPLOAD_EXPIRED'],
  });
  expect(told(await one.complete())).toEqual([410, 'UPLOAD_EXPIRED']);
  // Whoever ended it has a minute to free the store itself.
  expect((await round()).tally).toEqual({});
  await pass();
  expect((await round()).tally).toEqual({ unswept: 1 });
  await expectNothing(ground, one.fileKey, one.uploadId);
  expect(await rowOf(one)).toMatchObject({ swept: true, events: ['upload.failed UPLOAD_EXPIRED'] });
  await pass();
  expect((await round()).tally).toEqual({});
});

test('an object that is there although its time is over is done', async () => {
  const one = await sent();
  await completeBehind(one);
  await expire(one);
  expect((await round()).tally).toEqual({ overdue: 1 });
  expect(await rowOf(one)).toMatchObject({ status: 'completed', verifiedBy: 'size', events: ['upload.completed '] });
  await expectObject(ground, one.fileKey, one.bytes);
  expect(granted(await one.complete()).etag).toBe(one.digest);
});

test('whoever died while completing is succeeded once its lease is over, not before', async () => {
  const one = await sent();
  await ground.sql`
    update multipart_uploads set status = 'completing', lease_holder = gen_random_uuid(), object_digest = ${one.digest},
      lease_until = now() + interval '30 seconds' where id = ${one.sessionId}`;
  expect((await round()).tally).toEqual({});
  expect(await rowOf(one)).toMatchObject({ status: 'completing' });
  await pass();
  expect((await round()).tally).toEqual({ orphaned: 1 });
  expect(await rowOf(one)).toMatchObject({ status: 'completed', verifiedBy: 'etag', events: ['upload.completed '] });
  await expectObject(ground, one.fileKey, one.bytes);
});

test('parts that land in the store after a cancel go, too', async () => {
  const one = await sent();
  await wire.down();
  const away = await startServer({ env, dataDir: ground.env.DATA_DIR! });
  granted(await apiAt(away.url).call('abort', { resumeToken: one.resumeToken }));
  await away.stop();
  await wire.up();
  expect(await uploadsIn(ground.store, ground.bucket)).toContain(one.uploadId!);
  await pass();
  expect((await round()).tally).toEqual({ unswept: 1 });
  await expectNothing(ground, one.fileKey, one.uploadId);
});

describe('a single PUT', () => {
  async function whole() {
    const bytes = random(1024);
    const begun = await api.begin({ size: bytes.length }, { parts: [{ partNumber: 1, digest: md5(bytes) }] });
    expect(begun.uploadId).toBeNull();
    const send = () => putAll(begun.partUrls, bytes);
    await send();
    return { ...begun, bytes, send };
  }
  /** It has ended so long ago that no URL of it can be in use any more. */
  const passUrls = ({ sessionId }: { sessionId: string }) => ground.sql`
    update multipart_uploads set updated_at = now() - interval '2 hours', tended_until = now() - interval '1 second'
    where id = ${sessionId}`;

  test('that nobody completed in time is not done, and its object goes', async () => {
    const one = await whole();
    await expire(one);
    expect((await round()).tally).toEqual({ overdue: 1 });
    expect(await rowOf(one)).toMatchObject({ status: 'failed', code: 'UPLOAD_EXPIRED', swept: false });
    await pass();
    expect((await round()).tally).toEqual({ unswept: 1 });
    await expectNothing(ground, one.fileKey);
  });

  test('that lands after the end, as long as its URL lives, goes, too, and is looked for until it cannot any more', async () => {
    const [cancelled, spoilt] = [await whole(), await whole()];
    granted(await api.call('abort', { resumeToken: cancelled.resumeToken }));
    const wrong = { resumeToken: spoilt.resumeToken, objectDigest: `${'0'.repeat(32)}-1` };
    expect(told(await api.call('complete', wrong))).toEqual([409, 'DIGEST_MISMATCH']);
    for (const one of [cancelled, spoilt]) {
      // As often as it comes: the look for it is repeated.
      for (let times = 0; times < 2; times++) {
        await one.send();
        expect(await keysIn(ground.store, ground.bucket)).toContain(one.fileKey);
        await pass();
        expect((await round()).tally.unswept).toBeGreaterThan(0);
        await expectNothing(ground, one.fileKey);
        expect(await rowOf(one)).toMatchObject({ swept: false });
      }
      // Its next look is later than its URL can be used.
      expect((await round()).tally).toEqual({});
      await one.send();
      await passUrls(one);
      expect((await round()).tally).toEqual({ unswept: 1 });
      await expectNothing(ground, one.fileKey);
      expect(await rowOf(one)).toMatchObject({ swept: true });
    }
  });

  test('that was completed leaves nothing to be done, and stays', async () => {
    const one = await whole();
    granted(await api.call('complete', { resumeToken: one.resumeToken }));
    await one.send();
    expect(await rowOf(one)).toMatchObject({ status: 'completed', swept: true });
    await passUrls(one);
    expect((await round()).tally).toEqual({});
    await expectObject(ground, one.fileKey, one.bytes);
  });

  test('whose completing server died is completed by its digest', async () => {
    const one = await whole();
    await ground.sql`
      update multipart_uploads set status = 'completing', lease_holder = gen_random_uuid(), lease_until = now()
      where id = ${one.sessionId}`;
    expect((await round()).tally).toEqual({ orphaned: 1 });
    expect(await rowOf(one)).toMatchObject({ status: 'completed', verifiedBy: 'etag', events: ['upload.completed '] });
    await expectObject(ground, one.fileKey, one.bytes);
  });

  test('begun without a key is not taken for one whose server died', async () => {
    const one = await whole();
    await ground.sql`update multipart_uploads set created_at = now() - interval '2 hours' where id = ${one.sessionId}`;
    expect((await round()).tally).toEqual({});
    granted(await api.call('complete', { resumeToken: one.resumeToken }));
  });
});

test('with the store away nothing is lost, and all is done when it is back', async () => {
  const [overdue, cancelled] = [await sent(), await sent()];
  await expire(overdue);
  await ground.sql`update multipart_uploads set status = 'aborted' where id = ${cancelled.sessionId}`;
  await pass();
  await wire.down();
  const without = await round();
  await wire.up();
  expect([without.code, without.tally]).toEqual([1, { postponed: 3 }]);
  expect(await rowOf(overdue)).toMatchObject({ status: 'active', events: [] });
  expect(await rowOf(cancelled)).toMatchObject({ status: 'aborted', swept: false });
  await pass();
  expect(await round()).toMatchObject({ code: 0, tally: { overdue: 1, unswept: 1 } });
  await expectNothing(ground, cancelled.fileKey, cancelled.uploadId);
});

test('a file whose bucket is not configured any more does not keep the others waiting', async () => {
  const [elsewhere, here] = [await sent(), await sent()];
  for (const one of [elsewhere, here]) await expire(one);
  // Enough of them for a whole handful.
  await ground.sql`
    insert into multipart_uploads (id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size,
      part_size, total_parts, token_hash, expires_at)
    select gen_random_uuid(), 'dev', 'S3', 'gone', 'multipart/gone-' || n, 'u', 'a', 'a/b', 1, 1, 1, ''::bytea, now()
    from generate_series(1, 20) n`;
  const { tally } = await round();
  expect(tally).toEqual({ overdue: 2, strays: 2, postponed: 20 });
  expect(await rowOf(here)).toMatchObject({ status: 'failed' });
  await ground.sql`delete from multipart_uploads where bucket = 'gone'`;
});

test('ended uploads are forgotten after their days, but never before the store is free of them', async () => {
  const [swept, unswept, open] = [await sent(), await sent(), await sent()];
  for (const one of [swept, unswept]) granted(await api.call('abort', { resumeToken: one.resumeToken }));
  await ground.sql`update multipart_uploads set swept = true where id = ${swept.sessionId}`;
  await ground.sql`
    update multipart_uploads set expires_at = now() - interval '29 days', tended_until = now() + interval '1 hour'
    where id in ${ground.sql([swept.sessionId, unswept.sessionId])}`;
  await round();
  expect(await rowOf(swept)).toBeDefined();
  await ground.sql`
    update multipart_uploads set expires_at = now() - interval '31 days'
    where id in ${ground.sql([swept.sessionId, unswept.sessionId])}`;
  expect((await round()).tally.pruned).toBe(1);
  expect([await rowOf(swept), (await rowOf(unswept))?.status, (await rowOf(open))?.status]).toEqual([
    undefined,
    'aborted',
    'active',
  ]);
  await pass();
  expect((await runJanitor({ ...env, RETENTION_DAYS: '0' })).tally).toMatchObject({ unswept: 1 });
  expect(await rowOf(unswept)).toBeUndefined();
  expect(told(await api.call('abort', { resumeToken: unswept.resumeToken }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
});

test('the store and the sessions are compared both ways, and what is not ours is left alone', async () => {
  const ended = await sent();
  const lost = await sent();
  const open = await sent();
  granted(await api.call('abort', { resumeToken: ended.resumeToken }));
  await ground.sql`update multipart_uploads set swept = true where id = ${ended.sessionId}`;
  const create = async (Key: string) =>
    (await ground.store.s3.send(new CreateMultipartUploadCommand({ Bucket: ground.bucket, Key }))).UploadId!;
  const stray = await create(ended.fileKey);
  const doubled = await create(open.fileKey);
  const unknown = await create('multipart/of-another-database');
  const apart = await create('elsewhere/of-somebody-else');
  await ground.store.s3.send(new PutObjectCommand({ Bucket: ground.bucket, Key: 'multipart/an-object', Body: 'kept' }));
  await ground.store.s3.send(new AbortMultipartUploadCommand(upload(lost)));

  expect((await round()).tally).toEqual({ strays: 2, lost: 1, foreign: 1 });
  const left = await uploadsIn(ground.store, ground.bucket);
  for (const kept of [unknown, apart, open.uploadId!]) expect(left).toContain(kept);
  for (const freed of [stray, doubled]) expect(left).not.toContain(freed);
  expect(await keysIn(ground.store, ground.bucket)).toContain('multipart/an-object');
  expect(await rowOf(lost)).toMatchObject({
    status: 'failed',
    code: 'UPLOAD_EXPIRED',
    events: ['upload.failed UPLOAD_EXPIRED'],
  });
  expect(granted(await open.complete()).verifiedBy).toBe('etag');
  await expectObject(ground, open.fileKey, open.bytes);
});

test('the janitor of a running server does it by itself', async () => {
  const one = await sent();
  await expire(one);
  const second = await startServer({ env: { ...ground.env, JANITOR_SECONDS: '1' }, dataDir: ground.env.DATA_DIR! });
  while ((await rowOf(one))!.status !== 'failed') await Bun.sleep(20);
  await ground.sql`update multipart_uploads set tended_until = now() where id = ${one.sessionId}`;
  while (!(await rowOf(one))!.swept) await Bun.sleep(20);
  expect(await second.stop()).toBe(0);
  await expectNothing(ground, one.fileKey, one.uploadId);
  expect((await rowOf(one))!.events).toEqual(['upload.failed UPLOAD_EXPIRED']);
});

test('--once tells what it did; what it lacks it names, and exits with 1', async () => {
  const well = await round();
  expect([well.code, well.output]).toEqual([
    0,
    expect.stringMatching(/^overdue 0, orphaned 0, .*, postponed 0, unfinished 0\n$/),
  ]);
  const folder = makeFolder();
  const { DATABASE_URL: _, ...noDatabase } = env;
  const { S3_BUCKET: __, S3_ENDPOINT: ___, S3_ACCESS_KEY: ____, S3_SECRET_KEY: _____, ...noBucket } = env;
  const cases = [
    [await runJanitor({ ...noDatabase, DATA_DIR: folder }), 'DATABASE_URL is missing'],
    [await runJanitor({ ...noBucket, DATA_DIR: folder }), 'S3_BUCKET or R2_BUCKET is missing'],
    [await runJanitor({ ...env, DATABASE_URL: 'postgres://a:b@127.0.0.1:1/c' }), 'no PostgreSQL answers there'],
    [await runJanitor(env, []), 'Usage: partway-janitor --once'],
    [await runJanitor(env, ['--', '--twice']), 'deno task janitor --once'],
  ] as const;
  for (const [{ code, output }, said] of cases) {
    expect([code, output]).toEqual([1, expect.stringContaining(said)]);
    expect(output).not.toContain('    at ');
    expect(output).not.toContain('--dev');
  }
  removeFolder(folder);
});
