/** What the stand-alone server shows of itself: the document, the page made of it, and headers that protect. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { CALLS, type Call } from '../../server/docs/calls.ts';
import { describeApi } from '../../server/docs/document.ts';
import { sampleOf } from '../../server/docs/sample.ts';
import { embeddedStore } from '../store.ts';
import { digestsFor, granted, putAll, random, told } from './client.ts';
import { ORIGIN, openPlace, type Place, sendFile } from './place.ts';
import { assertPublished } from './published.ts';
import { serveDatabase, type TestDatabase } from './serve.ts';

setDefaultTimeout(180_000);

let place: Place;
beforeAll(async () => {
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }), { env: { ALLOWED_ORIGINS: ORIGIN } });
});
afterAll(() => place?.stop());

const get = (path: string, init: RequestInit = {}) => fetch(place.server.url + path, init);

test('/openapi.json is the document', async () => {
  const response = await get('/openapi.json');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  expect(await response.json()).toEqual(JSON.parse(JSON.stringify(describeApi())));
});

test('every call answers as the document says, with and without what may be missing', async () => {
  const { api, unit } = place;
  // Each answer is held against the document by `api` itself.
  const bytes = random(3 * unit);
  const plain = await api.begin({ size: bytes.length }, { fingerprint: 'a mark', metadata: { a: 'b' } });
  await putAll(plain.partUrls.slice(0, 1), bytes);
  const { resumeToken } = plain;
  granted(await api.call('sign', { resumeToken, parts: [{ partNumber: 2 }], reconcile: true }));
  granted(await api.call('pause', { resumeToken }));
  const { uploadedParts } = granted(await api.call('resume', { resumeToken }));
  expect(uploadedParts).toHaveLength(1);
  expect(told(await api.call('complete', { resumeToken }))).toEqual([400, 'INCOMPLETE_PARTS']);
  granted(await api.progress(resumeToken));
  const claimed = granted(await api.call('claim', { fingerprint: 'a mark' }));
  granted(await api.call('abort', { resumeToken: claimed.resumeToken }));

  const [digest] = digestsFor(bytes, unit);
  const bound = await api.begin({ size: bytes.length }, { partSize: unit, parts: [digest] });
  await putAll(bound.partUrls, bytes);
  const other = { partNumber: 1, digest: digestsFor(random(unit), unit)[0]!.digest };
  const clash = { resumeToken: bound.resumeToken, parts: [other], reconcile: true };
  expect(told(await api.call('sign', clash))).toEqual([409, 'PART_ALREADY_STORED']);

  const file = await sendFile(place);
  granted(await file.complete());
  granted(await api.progress(file.resumeToken));
  const spoilt = await sendFile(place);
  const objectDigest = `${'0'.repeat(32)}-3`;
  expect(told(await api.call('complete', { ...spoilt.wish, objectDigest }))).toEqual([409, 'DIGEST_MISMATCH']);
  granted(await api.progress(spoilt.resumeToken));
  const { uploads, cursor } = granted(await api.list({ limit: '3' }));
  expect([uploads.map(({ status }) => status), typeof cursor]).toEqual([['failed', 'completed', 'active'], 'string']);
  granted(await api.list({ status: 'aborted' }));
  granted(await api.call('grant', { maxFiles: 1 }));
});

describe.skipIf(!Bun.which('curl'))('the samples', () => {
  /** What the shell prints. */
  async function run(call: Call, TOKEN: string) {
    const shell = Bun.spawn(['sh', '-c', sampleOf(call)], {
      env: { ...process.env, PARTWAY: place.server.url + BASE_PATH, KEY: 'dev', TOKEN, no_proxy: '*' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return JSON.parse(await new Response(shell.stdout).text());
  }

  test('do in a shell what they are there for', async () => {
    const { filename, fileSize } = CALLS.init.example as { filename: string; fileSize: number };
    const begun = await run(CALLS.init, '');
    assertPublished('init', 200, begun);
    const { uploads } = granted(await place.api.list({ limit: '1' }));
    expect(uploads[0]).toMatchObject({ id: begun.sessionId, filename, fileSize });
    for (const name of ['sign', 'pause', 'resume', 'progress', 'list', 'grant', 'batch', 'abort'] as const)
      assertPublished(name, 200, await run(CALLS[name], begun.resumeToken));
    expect((await run(CALLS.complete, begun.resumeToken)).error).toBe('UPLOAD_ABORTED');
    await place.api.begin({ size: 10 }, CALLS.claim.example);
    assertPublished('claim', 200, await run(CALLS.claim, ''));
  });
});

describe('the headers', () => {
  const PATHS: [path: string, method?: string][] = [
    ['/'],
    ['/docs'],
    ['/openapi.json'],
    ['/main.js'],
    ['/sw.js'],
    ['/healthz'],
    ['/nothing'],
    [BASE_PATH],
    [`${BASE_PATH}/nothing`],
    [`${BASE_PATH}/init`, 'POST'],
    [`${BASE_PATH}/init`, 'PUT'],
    [`${BASE_PATH}/progress`],
  ];

  test('protect whoever gets an answer, whichever it is', async () => {
    for (const [path, method = 'GET'] of PATHS) {
      const { headers } = await get(path, { method });
      const [policy, referrer] = [headers.get('content-security-policy')!, headers.get('referrer-policy')];
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff']);
      expect([path, headers.get('x-frame-options')]).toEqual([path, 'DENY']);
      expect([path, headers.get('cross-origin-opener-policy')]).toEqual([path, 'same-origin']);
      expect([path, headers.get('permissions-policy')]).toEqual([path, expect.stringContaining('camera=()')]);
      expect([path, policy]).toEqual([path, expect.stringMatching(/(^|; )frame-ancestors 'none'(;|$)/)]);
      expect([path, referrer]).toEqual([path, expect.stringMatching(/^(no-referrer|strict-origin)$/)]);
      for (const name of ['server', 'x-powered-by', 'cross-origin-resource-policy'])
        expect([path, name, headers.get(name)]).toEqual([path, name, null]);
    }
  });

  test('let no cache keep an answer of the API, and no browser make a page of it', async () => {
    for (const [path, method = 'GET'] of PATHS.filter(([path]) => path.startsWith(BASE_PATH))) {
      const { headers } = await get(path, { method });
      expect([path, headers.get('cache-control')]).toEqual([path, 'no-store']);
      expect([path, headers.get('content-security-policy')]).toEqual([
        path,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      ]);
    }
  });

  test('let a page of another origin that is allowed ask and read, and no other', async () => {
    const asking = {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-api-key',
    };
    for (const [origin, allowed] of [
      [ORIGIN, ORIGIN],
      ['https://evil.example.com', null],
    ] as const) {
      const preflight = await get(`${BASE_PATH}/init`, { method: 'OPTIONS', headers: { origin, ...asking } });
      const answer = await get(`${BASE_PATH}/init`, {
        method: 'POST',
        headers: { origin, 'content-type': 'application/json', 'x-api-key': 'mpk_nobody' },
        body: '{}',
      });
      for (const { headers } of [preflight, answer])
        expect([origin, headers.get('access-control-allow-origin')]).toEqual([origin, allowed]);
      expect(preflight.headers.get('access-control-allow-headers')).toContain('x-api-key');
      expect([answer.status, (await answer.json()).error]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });

  test('let the page of the demo reach this server and its bucket, and the reference nothing at all', async () => {
    const demo = (await get('/')).headers.get('content-security-policy')!;
    expect(/connect-src ([^;]+)/.exec(demo)![1]!.split(' ')).toEqual(["'self'", new URL(place.store.endpoint).origin]);
    const docs = (await get('/docs')).headers.get('content-security-policy')!;
    expect(docs).toStartWith("default-src 'none'; ");
    expect(docs).not.toMatch(/connect-src|script-src|unsafe/);
  });
});

describe('a server that is no toy', () => {
  let database: TestDatabase;
  let deployed: Place;
  beforeAll(async () => {
    database = await serveDatabase();
    const env = { DATABASE_URL: database.url, PARTWAY_SECRET: 'a secret of at least 32 characters', HOST: '127.0.0.1' };
    deployed = await openPlace(place.store, { kept: true, args: [], env });
  });
  afterAll(async () => {
    await deployed?.stop();
    await database?.stop();
  });

  test('has the reference, too, and names no key in it', async () => {
    const page = await fetch(`http://127.0.0.1:${deployed.server.port}/docs`);
    const text = await page.text();
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('PARTWAY=https://');
    expect(text).not.toMatch(/<script|KEY=dev|localhost/);
    expect((await fetch(`http://127.0.0.1:${deployed.server.port}/`)).status).toBe(404);
  });
});
