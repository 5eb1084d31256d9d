/** Who may do what: keys, tokens, grants, the key of the developer's own machine, pages of other origins. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { type Api, apiAt, CALLS, granted, putAll, random, told } from './client.ts';
import { counts, expectNothing, expectObject, ORIGIN, openPlace, type Place } from './place.ts';
import { query, serve, serveDatabase, type TestDatabase } from './serve.ts';

setDefaultTimeout(60_000);

const FILE = { filename: 'film.bin', fileSize: 1500, contentType: 'video/mp4' };
const [ANNAS, BERTS, GONE] = ['mpk_annas', 'mpk_berts', 'mpk_gone'];

let database: TestDatabase;
let place: Place;
let anna: Api;
let bert: Api;
const sha256 = (text: string) => createHash('sha256').update(text).digest();

beforeAll(async () => {
  database = await serveDatabase();
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }), {
    env: { DATABASE_URL: database.url, ALLOWED_ORIGINS: ORIGIN },
  });
  const keys = { [ANNAS]: 'anna', [BERTS]: 'bert' };
  await query(database.url, async (sql) => {
    for (const [key, user] of Object.entries(keys))
      await sql`insert into api_keys (user_id, key_hash) values (${user}, ${sha256(key)})`;
    await sql`insert into api_keys (user_id, key_hash, revoked_at) values ('anna', ${sha256(GONE)}, now())`;
  });
  anna = apiAt(place.server.url, { 'x-api-key': ANNAS });
  bert = apiAt(place.server.url, { authorization: `Bearer ${BERTS}` });
});
afterAll(async () => {
  await place?.stop();
  await database?.stop();
});

describe('keys and tokens', () => {
  test('a wrong, a withdrawn or no key begins nothing', async () => {
    const before = await counts(place);
    const wrong: Record<string, string>[] = [
      {},
      { 'x-api-key': 'guess' },
      { 'x-api-key': '' },
      { authorization: 'Bearer guess' },
      { authorization: `Basic ${btoa(`anna:${ANNAS}`)}` },
      { authorization: 'Bearer' },
      { 'x-api-key': GONE },
      { 'x-api-key': sha256(ANNAS).toString('hex') },
      { authorization: 'Bearer mpg_guess' },
      { authorization: `Bearer mpu_${'A'.repeat(64)}` },
      { 'x-api-key': `${ANNAS} ` + 'x' },
    ];
    for (const headers of wrong)
      for (const call of ['init', 'grant'] as const)
        expect([headers, ...told(await place.api.call(call, FILE, headers))]).toEqual([
          headers,
          401,
          'UNAUTHENTICATED',
        ]);
    expect(await counts(place)).toEqual(before);
  });

  test('another user’s token is not found with one’s own key, and refused with a wrong one', async () => {
    const bytes = random(FILE.fileSize);
    const { resumeToken, fileKey, partUrls } = await anna.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    const bodies = { sign: { resumeToken, parts: [] }, default: { resumeToken } };
    for (const call of ['sign', 'resume', 'complete', 'abort'] as const) {
      const body = call === 'sign' ? bodies.sign : bodies.default;
      expect(told(await bert.call(call, body))).toEqual([404, 'UPLOAD_NOT_FOUND']);
      expect(told(await bert.call(call, body, { 'x-api-key': 'guess' }))).toEqual([401, 'UNAUTHENTICATED']);
      expect(told(await bert.call(call, body, { 'x-api-key': 'dev' }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    }
    await expectNothing(place, fileKey);
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

  test('an upload whose time has run out is over', async () => {
    const { resumeToken } = await anna.begin({ size: 10 });
    await query(
      database.url,
      (sql) => sql`update multipart_uploads set expires_at = now() where token_hash = ${sha256(resumeToken)}`,
    );
    for (const call of ['resume', 'complete', 'abort'] as const)
      expect(told(await anna.call(call, { resumeToken }))).toEqual([410, 'UPLOAD_EXPIRED']);
  });
});

describe('grants', () => {
  const grantOf = async (limits: object) => {
    const answer = granted(await anna.call('grant', limits));
    return { answer, holder: apiAt(place.server.url, { authorization: `Bearer ${answer.grant}` }) };
  };

  test('a grant begins uploads for its giver, and the token then does the rest', async () => {
    const { answer, holder } = await grantOf({ maxBytes: 3000, maxFiles: 5, contentTypes: ['video/mp4'], days: 1 });
    expect(answer).toEqual({
      success: true,
      grant: expect.stringMatching(/^mpg_[\w-]{43}$/),
      expiresIn: 86_400,
      maxBytes: 3000,
      maxFiles: 5,
      contentTypes: ['video/mp4'],
    });
    const bytes = random(1500);
    const { resumeToken, partUrls, fileKey } = await holder.begin({ size: bytes.length });
    await putAll(partUrls, bytes);
    granted(await holder.call('resume', { resumeToken }));
    granted(await anna.call('resume', { resumeToken }));
    expect(told(await bert.call('resume', { resumeToken }))).toEqual([404, 'UPLOAD_NOT_FOUND']);
    granted(await holder.call('complete', { resumeToken }));
    await expectObject(place, fileKey, bytes);
  });

  test('beyond its bytes, files or types a grant begins nothing', async () => {
    const exhausted = [403, 'GRANT_EXHAUSTED'];
    const { holder: bytes } = await grantOf({ maxBytes: 2000 });
    const { holder: files } = await grantOf({ maxFiles: 1 });
    const { holder: types } = await grantOf({ contentTypes: ['image/png'] });
    await bytes.begin({ size: 1500 });
    await files.begin({ size: 1500 });
    const before = await counts(place);
    for (const holder of [bytes, files, types])
      expect(told(await holder.call('init', FILE)) as unknown[]).toEqual(exhausted);
    expect(await counts(place)).toEqual(before);
    await bytes.begin({ size: 500 });
    await types.begin({ size: 1500, type: 'image/png' });
  });

  test('of many inits at once no more pass than the grant has left; a repeated one is spent once', async () => {
    const { holder } = await grantOf({ maxFiles: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => holder.call('init', FILE)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const { holder: single } = await grantOf({ maxFiles: 1 });
    const key = crypto.randomUUID();
    const [one, two] = [await single.begin({ size: 10 }, {}, key), await single.begin({ size: 10 }, {}, key)];
    expect(two.resumeToken).toBe(one.resumeToken);
  });

  test('an init that is refused costs the grant nothing', async () => {
    const { holder } = await grantOf({ maxFiles: 1 });
    for (const wrong of [
      { metadata: { note: 'x'.repeat(2048) } },
      { provider: 'R2' },
      { partSize: 1 },
      { fileSize: -1 },
    ])
      expect((await holder.call('init', { ...FILE, ...wrong })).status).toBe(400);
    granted(await holder.call('init', FILE));
  });

  test('an expired grant begins nothing', async () => {
    const { answer, holder } = await grantOf({ days: 1e-9 });
    expect(answer.expiresIn).toBeLessThan(1);
    const before = await counts(place);
    expect(told(await holder.call('init', FILE))).toEqual([401, 'GRANT_EXPIRED']);
    expect(await counts(place)).toEqual(before);
  });

  test('a grant gives no grants', async () => {
    const { holder } = await grantOf({});
    expect(told(await holder.call('grant', {}))).toEqual([403, 'FORBIDDEN']);
  });
});

/** With headers that fetch does not let one set. */
function raw(url: string, headers: Record<string, string>): Promise<number> {
  const body = JSON.stringify(FILE);
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } };
    const asked = request(`${url}${BASE_PATH}/init`, options, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

describe('the key "dev"', () => {
  const dev = { 'x-api-key': 'dev' };

  test('works from this machine’s own programs and pages', async () => {
    const { port } = place.server;
    const local: Record<string, string>[] = [
      {},
      { host: `127.0.0.1:${port}` },
      { host: '[::1]:80' },
      { origin: `http://localhost:${port}` },
    ];
    for (const headers of local)
      expect([headers, await raw(place.server.url, { ...dev, ...headers })]).toEqual([headers, 200]);
  });

  test('does not from anywhere else', async () => {
    const { port } = place.server;
    const foreign: Record<string, string>[] = [
      { host: 'evil.example' },
      { host: `evil.example:${port}` },
      { host: `localhost.evil.example:${port}` },
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: 'http://localhost.evil.example' },
      { forwarded: 'for=10.0.0.1' },
      { via: '1.1 proxy' },
      { 'x-real-ip': '127.0.0.1' },
      { 'x-forwarded-for': '127.0.0.1' },
      { 'x-forwarded-host': 'localhost' },
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-port': '443' },
      { 'cf-connecting-ip': '10.0.0.1' },
      { 'true-client-ip': '10.0.0.1' },
    ];
    const got = await Promise.all(
      foreign.map(async (headers) => [headers, await raw(place.server.url, { ...dev, ...headers })]),
    );
    expect(got).toEqual(foreign.map((headers) => [headers, 401]));
    for (const host of ['localhost@evil.example', 'evil.example#localhost', 'evil.example/localhost'])
      expect(await raw(place.server.url, { ...dev, host })).toBeGreaterThanOrEqual(400);
  });

  test('does not exist without --dev', async () => {
    const server = await serve({
      args: [],
      env: {
        HOST: '127.0.0.1',
        DATABASE_URL: database.url,
        PARTWAY_SECRET: 'x'.repeat(32),
        S3_ENDPOINT: place.store.endpoint,
        S3_ACCESS_KEY: place.store.accessKey,
        S3_SECRET_KEY: place.store.secretKey,
        S3_BUCKET: place.bucket,
      },
    });
    try {
      expect(await raw(server.url.replace('localhost', '127.0.0.1'), dev)).toBe(401);
      expect(await raw(server.url.replace('localhost', '127.0.0.1'), { 'x-api-key': ANNAS })).toBe(200);
      expect((await fetch(`http://127.0.0.1:${server.port}/`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});

describe('pages', () => {
  const preflight = (call: string, origin: string) =>
    fetch(`${place.server.url}${BASE_PATH}/${call}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,idempotency-key,x-api-key',
      },
    });

  test('one of an allowed origin may call and read, Retry-After too', async () => {
    for (const call of CALLS) {
      const { status, headers } = await preflight(call, ORIGIN);
      expect(status).toBeLessThan(300);
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(headers.get('access-control-allow-methods')).toContain('POST');
      for (const name of ['authorization', 'content-type', 'idempotency-key', 'x-api-key'])
        expect(headers.get('access-control-allow-headers')).toContain(name);
      expect(headers.get('vary')?.toLowerCase()).toContain('origin');
    }
    for (const name of ['init', 'nothing-there']) {
      const { headers } = await fetch(`${place.server.url}${BASE_PATH}/${name}`, {
        method: 'POST',
        headers: { origin: ORIGIN },
      });
      expect(headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(headers.get('access-control-expose-headers')?.toLowerCase()).toContain('retry-after');
    }
  });

  test('one of another origin gets no word that a browser would show it', async () => {
    for (const origin of [
      'https://evil.example',
      `${ORIGIN}.evil.example`,
      ORIGIN.replace('https', 'http'),
      'null',
      `${ORIGIN}:444`,
    ]) {
      for (const call of CALLS) {
        expect((await preflight(call, origin)).headers.get('access-control-allow-origin')).toBeNull();
        const { headers } = await fetch(`${place.server.url}${BASE_PATH}/${call}`, {
          method: 'POST',
          headers: { origin },
        });
        expect(headers.get('access-control-allow-origin')).toBeNull();
      }
    }
  });

  test('credentials are never asked of a browser’s own jar', async () => {
    const { headers } = await preflight('init', ORIGIN);
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });
});
