/** Who may do what with which key and token. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { granted, putAll, random, told } from './client.ts';
import { gather, KEYS, type People, sha256 } from './people.ts';
import { counts, expectNothing, expectObject } from './place.ts';
import { FILE } from './refusal.ts';
import { query } from './serve.ts';

setDefaultTimeout(180_000);

let people: People;
let place: People['place'];
let database: People['database'];
let anna: People['anna'];
let bert: People['bert'];
beforeAll(async () => {
  people = await gather();
  ({ place, database, anna, bert } = people);
});
afterAll(() => people?.stop());

describe('keys and tokens', () => {
  test('a wrong, a withdrawn or no key begins nothing', async () => {
    const before = await counts(place);
    const wrong: Record<string, string>[] = [
      {},
      { 'x-api-key': 'guess' },
      { 'x-api-key': 'guess', authorization: `Bearer ${KEYS.anna}` },
      { 'x-api-key': '' },
      { authorization: 'Bearer guess' },
      { authorization: `Basic ${btoa(`anna:${KEYS.anna}`)}` },
      { authorization: 'Bearer' },
      { 'x-api-key': KEYS.withdrawn },
      { 'x-api-key': sha256(KEYS.anna).toString('hex') },
      { authorization: 'Bearer mpg_guess' },
      { authorization: `Bearer mpu_${'A'.repeat(64)}` },
      { 'x-api-key': `${KEYS.anna} x` },
    ];
    for (const headers of wrong)
      for (const call of ['init', 'grant', 'claim'] as const)
        expect([headers, ...told(await place.api.call(call, FILE, headers))]).toEqual([
          headers,
          401,
          'UNAUTHENTICATED',
        ]);
    for (const headers of wrong) expect((await place.api.list({}, headers)).body.error).toBe('UNAUTHENTICATED');
    expect(await counts(place)).toEqual(before);
  });

  test('a key as a bearer is good beside an empty X-API-Key, as some clients send it', async () => {
    const headers = { 'x-api-key': '', authorization: `Bearer ${KEYS.anna}` };
    expect(told(await place.api.call('init', FILE, headers))).toEqual([200, undefined]);
    expect((await place.api.list({}, headers)).status).toBe(200);
  });

  test('another user’s token is not found with one’s own key, and refused with a wrong one', async () => {
    const bytes = random(FILE.fileSize);
    const { resumeToken, fileKey, partUrls } = await anna.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    const bodies = { sign: { resumeToken, parts: [] }, default: { resumeToken } };
    for (const call of ['sign', 'resume', 'pause', 'complete', 'abort'] as const) {
      const body = call === 'sign' ? bodies.sign : bodies.default;
      expect(told(await bert.call(call, body))).toEqual([404, 'UPLOAD_NOT_FOUND']);
      expect(told(await bert.call(call, body, { 'x-api-key': 'guess' }))).toEqual([401, 'UNAUTHENTICATED']);
      expect(told(await bert.call(call, body, { 'x-api-key': 'dev' }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    }
    expect(told(await bert.progress(resumeToken, bert.credentials))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    await expectNothing(place, fileKey);
    granted(await anna.progress(resumeToken, anna.credentials));
    granted(await anna.call('resume', { resumeToken }));
    granted(await anna.call('complete', { resumeToken }, {}));
    await expectObject(place, fileKey, bytes);
  });

  test('a token that was made up, cut, changed or lengthened opens nothing', async () => {
    const { resumeToken } = await anna.begin({ size: 10 });
    const made = [
      'mpu_',
      'x',
      resumeToken.slice(0, -1),
      `${resumeToken}A`,
      `${resumeToken} `,
      resumeToken.replace('mpu_', 'mpg_'),
      resumeToken.replace('mpu_', 'mpu_='),
      `mpu_${Buffer.from(random(48)).toString('base64url')}`,
      // The right session, a guessed seal.
      `mpu_${Buffer.concat([Buffer.from(resumeToken.slice(4), 'base64url').subarray(0, 16), random(32)]).toString('base64url')}`,
    ];
    for (const token of made)
      expect([token, ...told(await anna.call('resume', { resumeToken: token }, {}))]).toEqual([
        token,
        404,
        'UPLOAD_NOT_FOUND',
      ]);
  });

  test('one Idempotency-Key of two users begins two uploads', async () => {
    const key = crypto.randomUUID();
    const [hers, his] = [await anna.begin({ size: 10 }, {}, key), await bert.begin({ size: 10 }, {}, key)];
    expect(his.resumeToken).not.toBe(hers.resumeToken);
    expect(his.uploadId).not.toBe(hers.uploadId);
  });

  test('a user lists and claims the own uploads, and nobody else’s', async () => {
    const fingerprint = crypto.randomUUID();
    const [hers, his] = [
      await anna.begin({ size: 10 }, { fingerprint }),
      await bert.begin({ size: 10 }, { fingerprint }),
    ];
    const ids = async (api: typeof anna) => granted(await api.list({ limit: '100' })).uploads.map(({ id }) => id);
    expect([(await ids(anna)).includes(hers.sessionId), (await ids(anna)).includes(his.sessionId)]).toEqual([
      true,
      false,
    ]);
    expect([(await ids(bert)).includes(hers.sessionId), (await ids(bert)).includes(his.sessionId)]).toEqual([
      false,
      true,
    ]);
    expect(told(await bert.call('claim', { sessionId: hers.sessionId }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    expect(granted(await bert.call('claim', { fingerprint })).sessionId).toBe(his.sessionId);
    granted(await anna.call('resume', { resumeToken: hers.resumeToken }));
    // A page of hers is no way into his.
    const { cursor } = granted(await bert.list({ limit: '1' }));
    expect(granted(await anna.list({ cursor: cursor! })).uploads.map(({ id }) => id)).not.toContain(his.sessionId);
  });

  test('one whose time has run out is listed as failed, and cannot be claimed', async () => {
    const { sessionId } = await anna.begin({ size: 10 });
    await query(
      database.url,
      (sql) => sql`update multipart_uploads set expires_at = now() - interval '1 second' where id = ${sessionId}`,
    );
    expect(told(await anna.call('claim', { sessionId }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    const { uploads } = granted(await anna.list({ status: 'failed' }));
    expect(uploads.find(({ id }) => id === sessionId)).toMatchObject({
      status: 'failed',
      errorCode: 'UPLOAD_EXPIRED',
      errorMessage: expect.any(String),
    });
  });

  test('an upload whose time has run out is over', async () => {
    const { resumeToken } = await anna.begin({ size: 10 });
    await query(
      database.url,
      (sql) => sql`update multipart_uploads set expires_at = now() where token_hash = ${sha256(resumeToken)}`,
    );
    for (const call of ['resume', 'pause', 'complete', 'abort'] as const)
      expect(told(await anna.call(call, { resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);
  });
});
