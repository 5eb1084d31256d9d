/** Many calls in one request: each is answered in its place, and nobody can tell that it did not come alone. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { BASE_PATH, type BatchCall, type InitAnswer } from '../../server/contract/wire.ts';
import { startProxy, type Proxy as Wire } from '../faults/proxy.ts';
import { apiAt, digestsFor, granted, objectDigest, putAll, random, told } from './client.ts';
import { gather, KEYS, type People, sha256 } from './people.ts';
import { counts, expectObject, sendFile, storeEnv } from './place.ts';
import { FILE, refusal, sender } from './refusal.ts';
import { query, serve } from './serve.ts';
import { isComplete, stands } from './wire.ts';

setDefaultTimeout(180_000);

const UNIT = 1024;
const FORTY = 40;

let people: People;
beforeAll(async () => {
  people = await gather();
});
afterAll(() => people?.stop());

const codesOf = (answers: { status: number; error?: string }[]) => answers.map(({ status, error }) => [status, error]);

/** Files as a digest caller begins them, each with a key of its own. */
function filesOf(count: number) {
  return Array.from({ length: count }, (_, n) => {
    const bytes = random(UNIT + 1 + n);
    const parts = digestsFor(bytes, UNIT);
    const wish = { filename: `${n}.jpg`, fileSize: bytes.length, contentType: 'image/jpeg', partSize: UNIT, parts };
    const call: BatchCall<'init'> = { call: 'init', idempotencyKey: crypto.randomUUID(), ...wish };
    return { bytes, call, digest: objectDigest(parts) };
  });
}

/** The inits, all of which went well. */
const begun = (answers: ({ success: boolean } & object)[]) =>
  answers.map((answer) => {
    expect(answer).toMatchObject({ success: true, status: 200 });
    return answer as unknown as InitAnswer;
  });

describe('forty files', () => {
  const files = filesOf(FORTY);
  const inits = files.map(({ call }) => call);
  let sessions: InitAnswer[];

  test('are begun by one request, and their URLs take them', async () => {
    const answers = begun(await people.anna.batch(inits));
    sessions = answers;
    expect(new Set(answers.map(({ sessionId }) => sessionId)).size).toBe(FORTY);
    expect(answers.map(({ fileSize }) => fileSize)).toEqual(files.map(({ bytes }) => bytes.length));
    for (const [n, { partUrls }] of answers.entries()) await putAll(partUrls, files[n]!.bytes);
  });

  test('are the same sessions when the same keys come again', async () => {
    const again = begun(await people.anna.batch(inits));
    expect(again.map(({ sessionId, resumeToken }) => [sessionId, resumeToken])).toEqual(
      sessions.map(({ sessionId, resumeToken }) => [sessionId, resumeToken]),
    );
    const { uploads } = granted(await people.anna.list({ limit: '100' }));
    expect(uploads).toHaveLength(FORTY);
  });

  test('are completed by one request, verified each by its own digest', async () => {
    const calls = sessions.map(({ resumeToken }, n): BatchCall<'complete'> => {
      return { call: 'complete', resumeToken, objectDigest: files[n]!.digest };
    });
    // A resume token is enough, as ever.
    const answers = await people.anna.batch(calls, {});
    expect(answers.map((answer) => [answer.status, (answer as { etag?: string }).etag])).toEqual(
      files.map(({ digest }) => [200, digest]),
    );
    for (const [n, { fileKey }] of sessions.entries()) await expectObject(people.place, fileKey, files[n]!.bytes);
  });
});

test('every call that can be made alone can be made in it, and answers as it does alone', async () => {
  const { anna } = people;
  const fingerprint = crypto.randomUUID();
  const open = await anna.begin({ size: 3 * UNIT }, { fingerprint });
  const [first, second] = [random(UNIT), await anna.begin({ size: 10 })];
  await putAll(open.partUrls.slice(0, 1), first);
  const { resumeToken } = open;
  const resumed = (await anna.batch([{ call: 'resume', resumeToken }]))[0];
  const alone = granted(await anna.call('resume', { resumeToken }));
  expect(resumed).toMatchObject({ status: 200, uploadedParts: alone.uploadedParts, progress: alone.progress });
  const answers = await anna.batch([
    { call: 'sign', resumeToken, parts: [{ partNumber: 2 }], reconcile: true },
    { call: 'pause', resumeToken: second.resumeToken },
    { call: 'grant', maxFiles: 3 },
  ]);
  expect(answers).toMatchObject([
    { status: 200, partUrls: [{ partNumber: 2 }], storedParts: [[1, 1]] },
    { status: 200, progress: { uploaded: 0 } },
    { status: 200, grant: expect.stringMatching(/^mpg_/), maxFiles: 3 },
  ]);
  const [claimed] = await anna.batch([{ call: 'claim', fingerprint }]);
  expect(claimed).toMatchObject({ status: 200, sessionStatus: 'active', sessionId: open.sessionId });
  const [aborted] = await anna.batch([{ call: 'abort', resumeToken: second.resumeToken }]);
  expect(aborted).toMatchObject({ status: 200, resumeToken: second.resumeToken });
});

describe('one that fails', () => {
  test('is told in its place, and the others are answered', async () => {
    const { anna, bert } = people;
    const [good, other] = filesOf(2);
    const mine = await sendFile({ api: anna, unit: UNIT });
    const lacking = await anna.begin({ size: 2 * UNIT });
    const berts = await bert.begin({ size: 10 });
    const answers = await anna.batch([
      good!.call,
      { call: 'init' } as BatchCall<'init'>,
      { ...other!.call, fileSize: -1 },
      { call: 'complete', ...mine.wish },
      { call: 'complete', resumeToken: lacking.resumeToken },
      { call: 'sign', resumeToken: berts.resumeToken, parts: [{ partNumber: 1 }] },
      { call: 'sign', resumeToken: lacking.resumeToken, parts: [{ partNumber: 9 }] },
      { call: 'abort', resumeToken: 'mpu_nobodys' },
      { ...other!.call, partSize: UNIT },
    ]);
    expect(codesOf(answers)).toEqual([
      [200, undefined],
      [400, 'MISSING_REQUIRED_FIELDS'],
      [400, 'INVALID_REQUEST'],
      [200, undefined],
      [400, 'INCOMPLETE_PARTS'],
      // Somebody else's token beside her key.
      [404, 'UPLOAD_NOT_FOUND'],
      [400, 'INVALID_REQUEST'],
      [404, 'UPLOAD_NOT_FOUND'],
      [200, undefined],
    ]);
    expect(answers[1].message).toBe('filename is missing.');
    expect(answers[4]).toMatchObject({ missing: [1, 2] });
    await expectObject(people.place, mine.fileKey, mine.bytes);
    expect(granted(await people.bert.progress(berts.resumeToken)).status).toBe('active');
  });

  test('by its key alone: what a resume token is enough for goes on beside it', async () => {
    const { anna } = people;
    const key = `mpk_${crypto.randomUUID()}`;
    const { url } = people.database;
    await query(url, (sql) => sql`insert into api_keys (user_id, key_hash) values ('anna', ${sha256(key)})`);
    const mine = await sendFile({ api: apiAt(anna.url, { 'x-api-key': key }), unit: UNIT });
    await query(url, (sql) => sql`update api_keys set revoked_at = now() where key_hash = ${sha256(key)}`);
    const [{ call }] = filesOf(1) as [ReturnType<typeof filesOf>[number]];
    const complete: BatchCall<'complete'> = { call: 'complete', ...mine.wish };
    const revoked: Record<string, string>[] = [
      { 'x-api-key': key },
      { 'x-api-key': KEYS.withdrawn },
      { authorization: `Bearer ${key}` },
    ];
    for (const headers of revoked)
      expect(codesOf(await anna.batch([call, complete], headers))).toEqual([
        [401, 'UNAUTHENTICATED'],
        [401, 'UNAUTHENTICATED'],
      ]);
    expect(codesOf(await anna.batch([call, complete], {}))).toEqual([
      [401, 'UNAUTHENTICATED'],
      [200, undefined],
    ]);
  });

  test('and the same key twice at once begins one session', async () => {
    const [{ call }] = filesOf(1) as [ReturnType<typeof filesOf>[number]];
    const answers = await people.anna.batch(Array.from({ length: 20 }, () => call));
    const good = answers.flatMap((answer) => ('sessionId' in answer ? [answer.sessionId] : []));
    expect(new Set(good).size).toBe(1);
    // Whoever comes while it is being begun is told to come back.
    const waiting = answers.filter(({ status }) => status !== 200);
    for (const answer of waiting) expect([answer.error, answer.retryAfter]).toEqual(['UPLOAD_STARTING', 1]);
  });
});

describe('one that waits', () => {
  let wire: Wire;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    const { store, bucket } = people.place;
    wire = await startProxy({ target: { host: '127.0.0.1', port: Number(new URL(store.endpoint).port) } });
    const env = { ...storeEnv(store, bucket, wire.url), DATABASE_URL: people.database.url };
    server = await serve({ env });
  });
  afterAll(async () => {
    await server?.stop();
    await wire?.stop();
  });

  test('for the store keeps nobody else from being done, however many there are', async () => {
    const api = apiAt(server.url);
    const slow = await Promise.all(Array.from({ length: 30 }, () => sendFile({ api, unit: UNIT })));
    const keys = new Set(slow.map(({ fileKey }) => fileKey));
    const release = wire.hold((seen) => isComplete(seen) && [...keys].some((key) => seen.path.endsWith(key)));
    const files = filesOf(FORTY - 10);
    const calls = [
      ...slow.map(({ wish }) => ({ call: 'complete' as const, ...wish })),
      ...files.map(({ call }) => call),
    ];
    let answered = false;
    const all = api.batch(calls).finally(() => {
      answered = true;
    });
    await stands(wire, isComplete);
    // All that can be done is done, and the batch still waits for the rest.
    for (;;) {
      const { uploads } = granted(await api.list({ limit: '100' }));
      if (uploads.filter(({ filename }) => filename.endsWith('.jpg')).length === files.length) break;
      await Bun.sleep(20);
    }
    expect(answered).toBe(false);
    release();
    expect(new Set((await all).map(({ status }) => status))).toEqual(new Set([200]));
  });

  test('for half a minute is told to come back, the others are answered, and it is done when it does', async () => {
    const api = apiAt(server.url);
    const [slow, swift] = [await sendFile({ api, unit: UNIT }), await sendFile({ api, unit: UNIT })];
    const release = wire.hold((seen) => isComplete(seen) && seen.path.endsWith(slow.fileKey));
    const [{ call }] = filesOf(1) as [ReturnType<typeof filesOf>[number]];
    const asked = api.batch([
      { call: 'complete', ...slow.wish },
      call,
      { call: 'complete', ...swift.wish },
      { call: 'abort', resumeToken: 'mpu_nobodys' },
    ]);
    // A proxy between gives up after a minute.
    const gaveUp = Bun.sleep(55_000).then(() => Promise.reject(new Error('the proxy gave up')));
    const answers = await Promise.race([asked, gaveUp]);
    expect(codesOf(answers)).toEqual([
      [503, 'STORE_UNAVAILABLE'],
      [200, undefined],
      [200, undefined],
      [404, 'UPLOAD_NOT_FOUND'],
    ]);
    expect(answers[0]).toMatchObject({ retryAfter: 5, message: expect.stringMatching(/ask again\.$/) });
    release();
    const [done] = await api.batch([{ call: 'complete', ...slow.wish }]);
    expect(done).toMatchObject({ status: 200, etag: slow.digest });
    await expectObject(people.place, slow.fileKey, slow.bytes);
  }, 120_000);
});

describe('what is no batch is refused as a whole, by its place', () => {
  const { code, send } = sender(() => people.place);
  const headers = { 'x-api-key': KEYS.anna };
  const init = { call: 'init', ...FILE };

  const WRONG: [what: string, body: object, code: string, says: RegExp][] = [
    ['no calls', {}, 'MISSING_REQUIRED_FIELDS', /^calls is missing\.$/],
    ['an empty one', { calls: [] }, 'INVALID_REQUEST', /^calls: .*1/],
    ['65 calls', { calls: Array(65).fill(init) }, 'INVALID_REQUEST', /^calls: .*64/],
    ['no array', { calls: init }, 'INVALID_REQUEST', /^calls: .*array/],
    ['a call without a name', { calls: [init, FILE] }, 'MISSING_REQUIRED_FIELDS', /^calls\.1\.call is missing\.$/],
    ['an unknown one', { calls: [init, { call: 'erase' }] }, 'INVALID_REQUEST', /^calls\.1\.call: .*"init"/],
    ['a batch in it', { calls: [{ call: 'batch', calls: [init] }] }, 'INVALID_REQUEST', /^calls\.0\.call: /],
    ['one that only reads', { calls: [{ call: 'progress' }] }, 'INVALID_REQUEST', /^calls\.0\.call: /],
    ['a name of the language', { calls: [{ call: 'constructor' }] }, 'INVALID_REQUEST', /^calls\.0\.call: /],
    ['no object', { calls: [init, 7] }, 'INVALID_REQUEST', /^calls\.1: /],
    [
      'a key of no header',
      { calls: [{ ...init, idempotencyKey: 'a\nb' }] },
      'INVALID_REQUEST',
      /^calls\.0\.idempotencyKey: /,
    ],
    [
      'a key that is none',
      { calls: [{ ...init, idempotencyKey: 7 }] },
      'INVALID_REQUEST',
      /^calls\.0\.idempotencyKey: /,
    ],
  ];
  for (const [what, body, error, says] of WRONG)
    test(what, async () => {
      const before = await counts(people.place);
      const answer = await people.anna.call('batch', body);
      expect([...told(answer), answer.body.message]).toEqual([400, error as never, expect.stringMatching(says)]);
      expect(await code('batch', body, headers)).toEqual([400, error as never]);
      expect(await counts(people.place)).toEqual(before);
    });

  test('64 files with 32 digests each fit', async () => {
    const parts = digestsFor(random(32 * UNIT), UNIT);
    const wish = { ...init, fileSize: 32 * UNIT, partSize: UNIT, parts, filename: 'ж'.repeat(200) };
    const body = JSON.stringify({ calls: Array(64).fill(wish) });
    const response = await send(`${BASE_PATH}/batch`, {
      body,
      headers: { 'content-type': 'application/json', ...headers },
    });
    expect(response.status).toBe(200);
    const { answers } = await response.json();
    expect(answers.map(({ partUrls }: InitAnswer) => partUrls.length)).toEqual(Array(64).fill(32));
  });

  test('other than JSON, and more than fits', async () => {
    const bare = await send(`${BASE_PATH}/batch`, { body: '{}', headers: { 'content-type': 'text/plain' } });
    expect(await refusal(bare)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    const large = { calls: [{ ...init, filename: 'x'.repeat(2 ** 21) }] };
    expect(await code('batch', large, headers)).toEqual([413, 'BODY_TOO_LARGE']);
  });
});

describe('where requests are counted and logged', () => {
  let limited: People;
  beforeAll(async () => {
    // Three at once, and one in twenty seconds.
    limited = await gather({ RATE_LIMIT: '3', RATE_LIMIT_ADDRESS: '0', LOG_LEVEL: 'info' });
  });
  afterAll(() => limited?.stop());

  test('forty are forty: as many are let in as would be one by one, the rest are told when to come back', async () => {
    const answers = await limited.anna.batch(filesOf(FORTY).map(({ call }) => call));
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.length - refused.length).toBe(3);
    for (const { error, retryAfter } of refused)
      expect([error, retryAfter]).toEqual(['RATE_LIMITED', expect.any(Number)]);
    const whole = await limited.anna.call('batch', { calls: [{ call: 'grant' }] });
    expect([...told(whole), whole.retryAfter]).toEqual([429, 'RATE_LIMITED', expect.any(Number)]);
  });

  test('each has its line in the log and its number in the figures, under the id of the batch', async () => {
    const id = `batch-${process.pid}`;
    const calls: BatchCall[] = [{ call: 'grant' }, { call: 'claim', fingerprint: 'nothing' }];
    await limited.bert.batch(calls as BatchCall<'grant' | 'claim'>[], {
      ...limited.bert.credentials,
      'x-request-id': id,
    });
    const lines = limited.place.server
      .output()
      .split('\n')
      .filter((line) => line.includes(`"${id}"`))
      .map((line) => JSON.parse(line));
    expect(lines.map(({ call, status, userId, error, path }) => [call, status, userId, error, path])).toEqual(
      expect.arrayContaining([
        ['grant', 200, 'bert', undefined, `${BASE_PATH}/grant`],
        ['claim', 404, 'bert', 'UPLOAD_NOT_FOUND', `${BASE_PATH}/claim`],
        ['batch', 200, undefined, undefined, `${BASE_PATH}/batch`],
      ]),
    );
    expect(lines).toHaveLength(3);
    const metrics = await (await fetch(`${limited.place.server.url}/metrics`)).text();
    for (const sample of ['call="batch",status="200"', 'call="grant",status="200"', 'call="claim",status="404"'])
      expect(metrics).toContain(sample);
  });
});
