/** Uploads to a bucket that the caller brought, with the keys to it in the request. */

import { afterAll, afterEach, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { SignJWT } from 'jose';
import { openBucket } from '../../server/bucket/s3.ts';
import type { Deps, Hooks, StoreConfig, UploadError } from '../../server/index.ts';
import { runRound } from '../../server/janitor/janitor.ts';
import { embeddedStore, keysIn, makeBucket, partsIn, type TestStore, uploadsIn } from '../store.ts';
import { type Api, apiAt, digestsFor, granted, md5, objectDigest, putAll, random, told } from './client.ts';
import { openHost, serveUploads } from './host.ts';
import { inAnHour } from './issuer.ts';
import { sha256 } from './people.ts';
import { counts, expectObject, MiB, ORIGIN } from './place.ts';
import { FILE } from './refusal.ts';
import { query } from './serve.ts';

setDefaultTimeout(180_000);

const KEY = 'mpk_of-a-server';
const SECRET = 'hunter2-hunter2-hunter2-hunter2!';
const NEXT = 'hunter3-hunter3-hunter3-hunter3!';
const OLD = new Date('2020-01-01');
const ON = { ALLOW_REQUEST_CREDENTIALS: 'true', PARTWAY_SECRET: SECRET, JANITOR_SECONDS: '0' };
const KEYS = { accessKey: 'AKIATHEIRS', secretKey: 'their/secret+key-of-forty-characters/1234' };
const R2 = {
  provider: 'R2',
  r2AccessKey: KEYS.accessKey,
  r2SecretKey: KEYS.secretKey,
  r2AccountId: '0123456789abcdef0123456789abcdef',
  r2Bucket: '',
};
const S3 = {
  provider: 'S3',
  s3AccessKey: KEYS.accessKey,
  s3SecretKey: KEYS.secretKey,
  s3Bucket: '',
  s3Region: 'eu-central-1',
};

/** Theirs has the name of ours: a name tells no bucket from another. */
let bucket: string;
let host: Awaited<ReturnType<typeof openHost>>;
/** Stands where the stores of callers are. */
let theirs: TestStore;
/** What was to be opened, before it was opened at `theirs`. */
let opened: StoreConfig[];
const stops: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  host = await openHost({}, ON);
  bucket = host.bucket;
  R2.r2Bucket = bucket;
  S3.s3Bucket = bucket;
  theirs = await embeddedStore({ smallestPart: 1024, ...KEYS });
  await makeBucket(theirs, bucket, [ORIGIN]);
  await query(
    host.database.url,
    (sql) => sql`insert into api_keys (user_id, key_hash) values ('anna', ${sha256(KEY)})`,
  );
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  host.logged.length = 0;
});
afterAll(async () => {
  await host?.stop();
  await theirs?.stop();
});

/** Another server of the same database, whose callers' stores are all at `theirs`. */
async function another({ hooks = {}, env = {} }: { hooks?: Hooks; env?: Record<string, string> } = {}) {
  opened = [];
  const own = await host.again(hooks, env);
  const deps: Deps = {
    ...own,
    openBucket: (store) => {
      opened.push(store);
      return openBucket({ ...store, endpoint: theirs.endpoint });
    },
  };
  const served = await serveUploads(deps);
  stops.push(served.stop);
  return { deps, api: apiAt(served.url, { 'x-api-key': KEY }) };
}

const at = () => ({ store: theirs, bucket });
const rowOf = (id: string) =>
  query(host.database.admin(), async (sql) => (await sql`select * from multipart_uploads where id = ${id}`)[0]!);
const alter = (id: string, change: Record<string, unknown>) =>
  query(host.database.admin(), (sql) => sql`update multipart_uploads set ${sql(change)} where id = ${id}`);
/** What has just ended is left alone for a minute. */
const sweepable = (id: string) => alter(id, { tended_until: OLD });

/** Two parts by the rules of R2, with what `complete` wants. */
async function sent(api: Api, key?: string) {
  const bytes = random(5 * MiB + 10);
  const parts = digestsFor(bytes, 5 * MiB);
  const begun = await api.begin({ size: bytes.length }, { ...R2, partSize: 5 * MiB, parts }, key);
  await putAll(begun.partUrls, bytes);
  return { ...begun, bytes, wish: { resumeToken: begun.resumeToken, objectDigest: objectDigest(parts) } };
}

test('a whole upload goes to the caller’s bucket, by the rules of its store, and its keys are forgotten', async () => {
  const { api } = await another({ env: { PUBLIC_BASE_URL: 'https://ours.example.com' } });
  const before = await counts(host);
  const { bytes, sessionId, fileKey, wish, sessionExpiresIn } = await sent(api);
  expect(opened).toMatchObject([{ endpoint: `https://${R2.r2AccountId}.r2.cloudflarestorage.com`, bucket }]);
  expect(sessionExpiresIn).toBeLessThanOrEqual(6.5 * 86_400);
  expect((await rowOf(sessionId)).sealed_credentials).toBeInstanceOf(Buffer);
  const { resumeToken } = wish;
  granted(await api.call('pause', { resumeToken }));
  expect(granted(await api.call('resume', { resumeToken })).uploadedParts).toHaveLength(2);
  const done = granted(await api.call('complete', wish));
  const url = `${theirs.endpoint}/${bucket}/${fileKey}`;
  expect(done).toMatchObject({ verifiedBy: 'etag', provider: 'R2', bucket, url, location: url });
  await expectObject(at(), fileKey, bytes);
  expect(await (await fetch(done.downloadUrl!)).bytes()).toEqual(bytes);
  expect(await rowOf(sessionId)).toMatchObject({ status: 'completed', sealed_credentials: null, swept: true });
  const { downloadUrl, completionTime, ...same } = done;
  const again = granted(await api.call('complete', wish));
  expect(again).toMatchObject({ ...same, completionTime: expect.any(Number) });
  expect(again.downloadUrl).toBeUndefined();
  expect(told(await api.call('resume', { resumeToken }))).toEqual([400, 'UPLOAD_ALREADY_COMPLETED']);
  expect(granted(await api.progress(resumeToken)).status).toBe('completed');
  expect(await counts(host)).toEqual(before);
});

test('a small file to Amazon is planned by the rules of Amazon', async () => {
  const { api } = await another();
  const bytes = random(1500);
  const { partUrls, resumeToken, fileKey } = await api.begin({ size: bytes.length }, S3);
  await putAll(partUrls, bytes);
  expect(granted(await api.call('complete', { resumeToken })).provider).toBe('S3');
  await expectObject(at(), fileKey, bytes);
  expect(opened).toMatchObject([{ endpoint: 'https://s3.eu-central-1.amazonaws.com', profile: { name: 'S3' } }]);
  expect(told(await api.call('init', { ...FILE, ...S3, fileSize: 2 ** 52 }))[0]).toBe(400);
});

/** One that is a single PUT. */
async function whole(api: Api, theirs: object) {
  const bytes = random(1500);
  const parts = [{ partNumber: 1, digest: md5(bytes) }];
  const begun = await api.begin({ size: bytes.length }, { ...theirs, parts });
  await putAll(begun.partUrls, bytes);
  return { ...begun, bytes, parts, wish: { resumeToken: begun.resumeToken, objectDigest: objectDigest(parts) } };
}

test('a file of one part goes there by a single PUT, and its keys are forgotten when it is done', async () => {
  const { api } = await another();
  for (const brought of [R2, S3]) {
    const { bytes, fileKey, sessionId, uploadId, wish } = await whole(api, brought);
    expect(uploadId).toBeNull();
    expect(granted(await api.call('complete', wish))).toMatchObject({ verifiedBy: 'etag', provider: brought.provider });
    await expectObject(at(), fileKey, bytes);
    expect(await rowOf(sessionId)).toMatchObject({ sealed_credentials: null, swept: true });
    expect(granted(await api.call('complete', wish)).etag).toBe(md5(bytes, 'hex'));
  }
});

test('cancelled, it is gone at once; its keys are kept for as long as its URL could bring it back', async () => {
  const { api, deps } = await another();
  const { bytes, fileKey, sessionId, partUrls, wish } = await whole(api, R2);
  granted(await api.call('abort', wish));
  expect(await keysIn(theirs, bucket)).not.toContain(fileKey);
  await putAll(partUrls, bytes);
  for (const updated_at of [undefined, OLD]) {
    await alter(sessionId, { tended_until: OLD, ...(updated_at && { updated_at }) });
    expect((await rowOf(sessionId)).sealed_credentials).toBeInstanceOf(Buffer);
    expect(await runRound(deps, { retentionDays: 30 })).toMatchObject({ unswept: 1, postponed: 0 });
    expect(await keysIn(theirs, bucket)).not.toContain(fileKey);
  }
  expect(await rowOf(sessionId)).toMatchObject({ sealed_credentials: null, swept: true });
  granted(await api.call('abort', wish));
});

test('what is begun on one server is signed on a second and completed on a third that was started later', async () => {
  const first = await another();
  const { bytes, fileKey, wish } = await sent(first.api);
  const second = await another();
  const parts = [{ partNumber: 1 }];
  expect(granted(await second.api.call('sign', { ...wish, parts, reconcile: true })).progress.uploaded).toBe(2);
  const third = await another({ env: { ALLOW_REQUEST_CREDENTIALS: 'false' } });
  granted(await third.api.call('complete', wish));
  expect(opened).toHaveLength(1);
  await expectObject(at(), fileKey, bytes);
});

test('after the secret was changed, what was made under the old one goes on, an init repeated among it', async () => {
  const before = await another();
  const key = crypto.randomUUID();
  const { bytes, fileKey, wish } = await sent(before.api, key);
  const { api } = await another({
    env: { PARTWAY_SECRET: NEXT, PARTWAY_SECRET_PREVIOUS: `${'x'.repeat(32)} ${SECRET}` },
  });
  const again = await api.begin({ size: bytes.length }, { ...R2, partSize: 5 * MiB }, key);
  expect(again.resumeToken).toBe(wish.resumeToken);
  const claimed = granted(await api.call('claim', { sessionId: again.sessionId }));
  expect(told(await api.call('resume', wish))).toEqual([404, 'UPLOAD_NOT_FOUND']);
  const repeated = await api.begin({ size: bytes.length }, { ...R2, partSize: 5 * MiB }, key);
  expect(repeated.resumeToken).toBe(claimed.resumeToken);
  granted(await api.call('complete', { ...wish, resumeToken: claimed.resumeToken }));
  await expectObject(at(), fileKey, bytes);
});

test('an init repeated where the old secret is lost gives a token that opens the upload', async () => {
  const before = await another();
  const key = crypto.randomUUID();
  const { resumeToken } = await before.api.begin({ size: 1500 }, {}, key);
  const { api } = await another({ env: { PARTWAY_SECRET: NEXT } });
  granted(await api.call('resume', { resumeToken }));
  const again = await api.begin({ size: 1500 }, {}, key);
  granted(await api.call('resume', { resumeToken: again.resumeToken }));
  expect(told(await api.call('resume', { resumeToken }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
  expect((await api.begin({ size: 1500 }, {}, key)).resumeToken).toBe(again.resumeToken);
});

test('where the secret is lost the upload is left as it is, and the log names the setting', async () => {
  const { api, deps } = await another();
  const { bytes, fileKey, sessionId, wish } = await sent(api);
  const lost = await another({ env: { PARTWAY_SECRET: NEXT } });
  for (const name of ['sign', 'resume', 'complete', 'abort'] as const) {
    const answer = await lost.api.call(name, { ...wish, ...(name === 'sign' && { parts: [{ partNumber: 1 }] }) });
    expect([name, ...told(answer), answer.retryAfter]).toEqual([name, 503, 'STORE_UNAVAILABLE', 60]);
    expect(answer.body.message).not.toContain('PARTWAY_SECRET');
  }
  expect(host.logged).toContainEqual({
    event: 'sealed',
    fields: expect.objectContaining({ sessionId, message: expect.stringContaining('PARTWAY_SECRET_PREVIOUS') }),
  });
  const until = (await rowOf(sessionId)).expires_at;
  await alter(sessionId, { expires_at: new Date(Date.now() - 1000) });
  expect(await runRound(lost.deps, { retentionDays: 30 })).toMatchObject({ overdue: 0, postponed: 1 });
  await alter(sessionId, { expires_at: until, tended_until: OLD });
  expect((await rowOf(sessionId)).status).toBe('active');
  granted(await api.call('complete', wish));
  await expectObject(at(), fileKey, bytes);
  expect(await runRound(deps, { retentionDays: 30 })).toMatchObject({ postponed: 0 });
});

test('the janitor frees what was not finished in time, there where it is, and forgets the keys', async () => {
  const { sessionId, uploadId } = await sent((await another()).api);
  // One that was started since, and lists no bucket but its own.
  const { deps } = await another();
  expect(await runRound(deps, { retentionDays: 30, always: true })).toMatchObject({ lost: 0, postponed: 0 });
  expect(opened).toEqual([]);
  await alter(sessionId, { expires_at: new Date(Date.now() - 1000) });
  expect(await runRound(deps, { retentionDays: 30 })).toMatchObject({ overdue: 1, postponed: 0 });
  expect(await uploadsIn(theirs, bucket)).toContain(uploadId!);
  expect((await rowOf(sessionId)).sealed_credentials).toBeInstanceOf(Buffer);
  await sweepable(sessionId);
  expect(await runRound(deps, { retentionDays: 30 })).toMatchObject({ unswept: 1, postponed: 0 });
  expect([await uploadsIn(theirs, bucket), await partsIn(theirs, bucket)]).toEqual([[], []]);
  expect(await rowOf(sessionId)).toMatchObject({ status: 'failed', sealed_credentials: null, swept: true });
});

test('a cancelled one is freed at once, forgotten once it is swept, and cancelled again without them', async () => {
  const { api, deps } = await another();
  const { sessionId, wish } = await sent(api);
  granted(await api.call('abort', wish));
  expect(await uploadsIn(theirs, bucket)).toEqual([]);
  await sweepable(sessionId);
  await runRound(deps, { retentionDays: 30 });
  expect(await rowOf(sessionId)).toMatchObject({ status: 'aborted', sealed_credentials: null });
  granted(await api.call('abort', wish));
  expect(told(await api.call('resume', wish))).toEqual([400, 'UPLOAD_ABORTED']);
});

test('keys that were withdrawn keep the janitor from nothing else, and are given up in the end', async () => {
  const { api } = await another();
  const dead = await Promise.all(Array.from({ length: 9 }, () => api.begin({ size: 10 }, S3)));
  const mine = await api.begin({ size: 10 });
  const withdrawn: Deps = {
    ...(await host.again({})),
    openBucket: (store) => openBucket({ ...store, endpoint: theirs.endpoint, secretKey: 'withdrawn' }),
  };
  const ids = [...dead.map(({ sessionId }) => sessionId), mine.sessionId];
  for (const id of ids) await alter(id, { expires_at: new Date(Date.now() - 1000) });
  expect(await runRound(withdrawn, { retentionDays: 30 })).toMatchObject({ overdue: 1, postponed: 9 });
  for (const id of ids) await alter(id, { expires_at: new Date(Date.now() - 8 * 86_400_000), tended_until: OLD });
  expect(await runRound(withdrawn, { retentionDays: 30 })).toMatchObject({ overdue: 9, postponed: 0 });
  for (const id of ids) await sweepable(id);
  expect(await runRound(withdrawn, { retentionDays: 30 })).toMatchObject({ unswept: 9, postponed: 0 });
  for (const { sessionId } of dead) expect((await rowOf(sessionId)).sealed_credentials).toBeNull();
});

test('keys that the store refuses are told of and not kept, and nothing stays open', async () => {
  const { api } = await another();
  const key = crypto.randomUUID();
  const headers = { ...api.credentials, 'idempotency-key': key };
  const parts = [{ partNumber: 1, digest: md5(random(1500)) }];
  for (const wrong of [
    { ...S3, s3SecretKey: 'hunter2' },
    { ...S3, s3Bucket: 'no-such-bucket' },
    { ...S3, s3SecretKey: 'hunter2', parts },
    { ...S3, s3Bucket: 'no-such-bucket', parts },
  ]) {
    const answer = await api.call('init', { ...FILE, ...wrong });
    expect([...told(answer), answer.body.message]).toEqual([
      403,
      'FORBIDDEN',
      expect.stringMatching(/^The store refused these credentials \((SignatureDoesNotMatch|NoSuchBucket)\)/),
    ]);
    expect(answer.body.message).not.toContain('hunter2');
  }
  expect(told(await api.call('init', { ...FILE, ...S3, s3SecretKey: 'hunter2' }, headers))).toEqual([403, 'FORBIDDEN']);
  expect(told(await api.call('init', { ...FILE, ...S3 }, headers))).toEqual([403, 'FORBIDDEN']);
  const rows = await query(
    host.database.admin(),
    (sql) =>
      sql`select distinct status, swept, sealed_credentials from multipart_uploads where error_code = 'FORBIDDEN'`,
  );
  expect([...rows]).toEqual([{ status: 'failed', swept: true, sealed_credentials: null }]);
});

test('an Idempotency-Key belongs to one bucket', async () => {
  const { api } = await another();
  const key = crypto.randomUUID();
  const first = await api.begin({ size: 10 }, S3, key);
  expect((await api.begin({ size: 10 }, S3, key)).uploadId).toBe(first.uploadId);
  const headers = { ...api.credentials, 'idempotency-key': key };
  const file = { filename: 'film.bin', fileSize: 10, contentType: 'video/mp4' };
  for (const other of [{}, { ...S3, s3Bucket: 'another' }, R2])
    expect(told(await api.call('init', { ...file, ...other }, headers))).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
  granted(await api.call('abort', first));
});

test('a database that falls into wrong hands holds no key, nor does the log or any answer', async () => {
  const { api } = await another();
  const whole = await sent(api);
  const open = await sent(api);
  const spoken = [
    await api.list(),
    await api.progress(open.resumeToken),
    await api.call('resume', open.wish),
    await api.call('init', { ...FILE, ...S3, s3Bucket: 'no-such-bucket' }),
    await api.call('init', { ...FILE, ...S3, s3Region: KEYS.secretKey }),
    await api.call('complete', { ...whole.wish, objectDigest: `${'0'.repeat(32)}-2` }),
  ].map(({ body }) => body);
  const dump = await query(host.database.admin(), async (sql) => {
    const tables =
      await sql`select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'`;
    const rows = await Promise.all(tables.map(({ name }) => sql.unsafe(`select t::text as row from ${name} t`)));
    return rows.flat().map(({ row }) => row as string);
  });
  expect(dump.join('\n')).toContain(open.sessionId);
  const text = [JSON.stringify(spoken), JSON.stringify(host.logged), ...dump].join('\n');
  for (const secret of [KEYS.secretKey, SECRET]) {
    const bytes = Buffer.from(secret);
    for (const form of [
      secret,
      encodeURIComponent(secret),
      bytes.toString('hex'),
      bytes.toString('base64').slice(0, -4),
    ])
      expect([form, text.includes(form)]).toEqual([form, false]);
  }
  // Part URLs name the access key, as SigV4 has it; nothing that is kept does.
  for (const form of [KEYS.accessKey, Buffer.from(KEYS.accessKey).toString('hex')])
    expect(dump.join('\n') + JSON.stringify(host.logged)).not.toContain(form);
  granted(await api.call('abort', open.wish));
});

test('it is off unless the operator has allowed it', async () => {
  for (const value of ['', 'false']) {
    const { api } = await another({ env: { ALLOW_REQUEST_CREDENTIALS: value } });
    for (const brought of [R2, S3, { r2Bucket: bucket }]) {
      const answer = await api.call('init', { ...FILE, ...brought });
      expect([...told(answer), answer.body.message]).toEqual([
        403,
        'FORBIDDEN',
        expect.stringContaining('ALLOW_REQUEST_CREDENTIALS'),
      ]);
    }
  }
  expect(opened).toEqual([]);
});

test('it is for servers with an API key: no grant, no signed-in person, no page', async () => {
  const { api } = await another({ hooks: { authenticate: () => 'anna' }, env: { JWT_SECRET: SECRET } });
  const jwt = await new SignJWT({ sub: 'anna', exp: inAnHour() })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET));
  const { grant } = granted(await api.call('grant', {}));
  const callers: Record<string, string>[] = [
    { authorization: `Bearer ${grant}` },
    {},
    { authorization: `Bearer ${jwt}` },
    { 'x-api-key': KEY, origin: 'https://app.example.com' },
    { 'x-api-key': KEY, origin: 'null' },
    { 'x-api-key': 'dev', origin: 'http://localhost:3000' },
  ];
  for (const headers of callers) {
    const answer = await api.call('init', { ...FILE, ...S3 }, headers);
    expect([headers, ...told(answer)]).toEqual([headers, 403, 'FORBIDDEN']);
    granted(await api.call('init', FILE, headers));
  }
  expect(opened).toEqual([]);
  // With --dev, as this host runs, the key of the first minute is one, too.
  granted(await api.call('init', { ...FILE, ...S3 }, { 'x-api-key': 'dev' }));
});

test('what is missing or wrong is told by its name, and nothing is begun', async () => {
  const { api } = await another();
  const count = () =>
    query(host.database.url, async (sql) => (await sql`select count(*) from multipart_uploads`)[0]!.count);
  const before = await count();
  const { s3Region: _, ...partial } = S3;
  const wrong: [object, UploadError['code'], RegExp][] = [
    [{ provider: 'R2', r2Bucket: bucket }, 'MISSING_R2_CREDENTIALS', /^r2AccessKey, r2SecretKey, r2AccountId: /],
    [partial, 'MISSING_S3_CREDENTIALS', /^s3Region: /],
    [{ ...R2, provider: undefined }, 'INVALID_PROVIDER', /^provider is missing/],
    [{ ...R2, s3Bucket: bucket }, 'INVALID_REQUEST', /^s3Bucket: not for/],
    [{ ...R2, r2AccountId: 'evil.example/' }, 'INVALID_REQUEST', /^r2AccountId must be/],
    [{ ...S3, s3Region: 'localhost' }, 'INVALID_REQUEST', /^s3Region must be/],
    [{ ...S3, s3AccessKey: 7 }, 'INVALID_REQUEST', /^s3AccessKey/],
    [{ ...S3, s3SecretKey: 'x'.repeat(300) }, 'INVALID_REQUEST', /^s3SecretKey/],
  ];
  for (const [brought, code, words] of wrong) {
    const answer = await api.call('init', { ...FILE, ...brought });
    expect([...told(answer), answer.body.message]).toEqual([400, code, expect.stringMatching(words)]);
  }
  expect([await count(), opened]).toEqual([before, []]);
});
