/** Whatever nonsense comes in, a fitting 4xx in our envelope goes out, and nothing is stored. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { ERRORS, type ErrorCode } from '../../server/contract/errors.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { CALLS, md5, random, told } from './client.ts';
import { counts, openPlace, type Place } from './place.ts';

setDefaultTimeout(120_000);

let place: Place;
let resumeToken: string;
beforeAll(async () => {
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }));
  resumeToken = (await place.api.begin({ size: 3000 })).resumeToken;
});
afterAll(() => place?.stop());

const FILE = { filename: 'film.bin', fileSize: 1500, contentType: 'video/mp4' };
const JSON_TYPE = { 'content-type': 'application/json', 'x-api-key': 'dev' };

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(place.server.url + path, { method: 'POST', headers: JSON_TYPE, ...init });
}

/** The code, once the answer is proven to be an error of ours. */
async function refusal(response: Response): Promise<[number, ErrorCode]> {
  const text = await response.text();
  expect(response.headers.get('content-type')).toContain('application/json');
  const { success, error, message } = JSON.parse(text);
  expect([success, typeof message, text.includes('    at ')]).toEqual([false, 'string', false]);
  expect(response.status).toBe(ERRORS[error as ErrorCode]);
  expect(response.status).toBeGreaterThanOrEqual(400);
  expect(response.status).toBeLessThan(500);
  return [response.status, error];
}

const code = async (name: string, body: object, headers = {}) =>
  refusal(await send(`${BASE_PATH}/${name}`, { body: JSON.stringify(body), headers: { ...JSON_TYPE, ...headers } }));

describe('the envelope', () => {
  test('an address where nothing is', async () => {
    for (const path of [
      `${BASE_PATH}/nothing`,
      BASE_PATH,
      `${BASE_PATH}/`,
      '/api/v2',
      '/nothing',
      `${BASE_PATH}/init/x`,
      `${BASE_PATH}/%ff`,
      '/%00',
    ])
      for (const method of ['GET', 'POST', 'DELETE'])
        expect([path, method, ...(await refusal(await send(path, { method, headers: {} })))]).toEqual([
          path,
          method,
          404,
          'NOT_FOUND',
        ]);
  });

  test('another method than POST is told which', async () => {
    for (const name of CALLS)
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
        const response = await send(`${BASE_PATH}/${name}`, { method });
        expect(response.headers.get('allow')).toBe('POST');
        expect(await refusal(response)).toEqual([405, 'METHOD_NOT_ALLOWED']);
      }
  });

  test('anything but JSON', async () => {
    const body = JSON.stringify({ ...FILE, resumeToken });
    const types = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
      '',
    ];
    for (const name of CALLS)
      for (const type of types) {
        const headers = { ...JSON_TYPE, 'content-type': type };
        expect(await refusal(await send(`${BASE_PATH}/${name}`, { body, headers }))).toEqual([
          415,
          'UNSUPPORTED_MEDIA_TYPE',
        ]);
      }
  });

  test('JSON by any spelling of its type', async () => {
    for (const type of ['application/json;charset=utf-8', 'Application/JSON ; charset="UTF-8"'])
      expect(
        (
          await send(`${BASE_PATH}/init`, {
            body: JSON.stringify(FILE),
            headers: { ...JSON_TYPE, 'content-type': type },
          })
        ).status,
      ).toBe(200);
  });

  test('JSON that is none, or no object', async () => {
    const bodies = ['', '{', '{"a":1', "{'a':1}", '\0', 'null', '[]', '1', '"x"', 'true', '{}{}', 'NaN', '\ud800'];
    for (const name of CALLS)
      for (const body of bodies) {
        const [status, error] = await refusal(await send(`${BASE_PATH}/${name}`, { body }));
        expect([name, body, status, ERRORS[error]]).toEqual([name, body, 400, 400]);
      }
  });

  test('a body that is too large, whether or not it says so beforehand', async () => {
    const before = await counts(place);
    const large = JSON.stringify({ ...FILE, resumeToken, note: 'x'.repeat(3 * 2 ** 20) });
    for (const name of CALLS) {
      expect(await refusal(await send(`${BASE_PATH}/${name}`, { body: large }))).toEqual([413, 'BODY_TOO_LARGE']);
      const body = new ReadableStream({
        start(controller) {
          for (let at = 0; at < large.length; at += 65_536)
            controller.enqueue(new TextEncoder().encode(large.slice(at, at + 65_536)));
          controller.close();
        },
      });
      expect(await refusal(await send(`${BASE_PATH}/${name}`, { body, duplex: 'half' } as RequestInit))).toEqual([
        413,
        'BODY_TOO_LARGE',
      ]);
    }
    expect(await counts(place)).toEqual(before);
  });

  test('JSON so deep that it would take any parser down', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    for (const name of CALLS) {
      expect((await refusal(await send(`${BASE_PATH}/${name}`, { body: deep })))[0]).toBe(400);
      const inside = JSON.stringify({ ...FILE, resumeToken }).replace(
        '{',
        `{"metadata":${deep},"parts":${deep},"maxBytes":${deep},`,
      );
      expect((await refusal(await send(`${BASE_PATH}/${name}`, { body: inside })))[0]).toBe(400);
    }
    expect((await fetch(`${place.server.url}/healthz`)).status).toBe(200);
  });
});

describe('the fields of init', () => {
  test('each one that is missing is named', async () => {
    for (const name of Object.keys(FILE)) {
      const { [name as keyof typeof FILE]: _, ...rest } = FILE;
      expect(await code('init', rest)).toEqual([400, 'MISSING_REQUIRED_FIELDS']);
    }
    for (const name of ['sign', 'resume', 'complete', 'abort'])
      for (const token of [undefined, null, '', 7, {}])
        expect(await code(name, { resumeToken: token, parts: [{ partNumber: 1, etag: 'x' }] })).toEqual([
          400,
          'MISSING_RESUME_TOKEN',
        ]);
  });

  const digest = md5(random(10));
  const WRONG: [object, ErrorCode][] = [
    [{ fileSize: -1 }, 'INVALID_REQUEST'],
    [{ fileSize: 1.5 }, 'INVALID_REQUEST'],
    [{ fileSize: '1500' }, 'INVALID_REQUEST'],
    [{ fileSize: 2 ** 53 }, 'INVALID_REQUEST'],
    [{ fileSize: 1e308 }, 'INVALID_REQUEST'],
    [{ fileSize: Number.MAX_SAFE_INTEGER }, 'FILE_TOO_LARGE'],
    [{ filename: 7 }, 'INVALID_REQUEST'],
    [{ filename: 'x'.repeat(100_001) }, 'INVALID_REQUEST'],
    [{ contentType: 'mp4' }, 'INVALID_REQUEST'],
    [{ contentType: 'video/mp4\r\nx-evil: 1' }, 'INVALID_REQUEST'],
    [{ contentType: 'video/mp4\n; codecs=x' }, 'INVALID_REQUEST'],
    [{ contentType: 'video/mp4\u2003; codecs=x' }, 'INVALID_REQUEST'],
    [{ contentType: 'vidéo/mp4' }, 'INVALID_REQUEST'],
    [{ provider: 'GCS' }, 'INVALID_PROVIDER'],
    [{ provider: 'R2' }, 'INVALID_PROVIDER'],
    [{ partSize: 1023 }, 'INVALID_PART_SIZE'],
    [{ partSize: 0 }, 'INVALID_PART_SIZE'],
    [{ partSize: 5 * 2 ** 30 + 1 }, 'INVALID_PART_SIZE'],
    [{ partSize: 1024.5 }, 'INVALID_PART_SIZE'],
    [{ fileSize: 10_001 * 1024, partSize: 1024 }, 'INVALID_PART_SIZE'],
    [{ partUrlCount: -1 }, 'INVALID_REQUEST'],
    [{ metadata: { 'a b': 'x' } }, 'INVALID_REQUEST'],
    [{ metadata: { a: 7 } }, 'INVALID_REQUEST'],
    [{ metadata: { a: 'x'.repeat(2048) } }, 'INVALID_REQUEST'],
    [{ metadata: { a: '\0' } }, 'INVALID_REQUEST'],
    [{ parts: [] }, 'MISSING_PARTS'],
    [{ parts: [{ partNumber: 0, digest }] }, 'INVALID_REQUEST'],
    [{ parts: [{ partNumber: 1, digest: `${digest}=` }] }, 'INVALID_REQUEST'],
    [{ parts: [{ partNumber: 1, digest: 'x' }] }, 'INVALID_REQUEST'],
  ];
  for (const [wrong, error] of WRONG)
    test(`${JSON.stringify(wrong).slice(0, 60)} is ${error}, and nothing is begun`, async () => {
      const before = await counts(place);
      expect((await code('init', { ...FILE, ...wrong }))[1]).toBe(error);
      expect(await counts(place)).toEqual(before);
    });

  test('a refused init leaves its Idempotency-Key free', async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    expect((await code('init', { ...FILE, metadata: { a: 'x'.repeat(2048) } }, key))[1]).toBe('INVALID_REQUEST');
    const again = await place.api.call('init', FILE, { ...JSON_TYPE, ...key });
    expect(told(again)).toEqual([200, undefined]);
  });

  test('an Idempotency-Key that cannot be kept is refused rather than ignored', async () => {
    const key = { 'idempotency-key': 'k'.repeat(300) };
    expect((await code('init', FILE, key))[0]).toBe(400);
  });
});

/** Values that have broken servers before, among any others. */
const nasty = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    null,
    '',
    '\0',
    '\ud800',
    '__proto__',
    'constructor',
    '../../x',
    "'; drop table multipart_uploads;--",
    '%00',
    '{{7*7}}',
  ),
  fc.constantFrom(0, -0, -1, 1e308, 5e-324, 2 ** 31, 2 ** 32, 2 ** 53, Number.MAX_SAFE_INTEGER, 1.5),
);
const fields = [
  'resumeToken',
  'parts',
  'stored',
  'reconcile',
  'partUrlCount',
  'objectDigest',
  'maxBytes',
  'maxFiles',
  'contentTypes',
  'days',
  'metadata',
  'filename',
  'fileSize',
  'contentType',
  'provider',
  'partSize',
  'fingerprint',
];

describe('fuzz', () => {
  for (const name of CALLS) {
    test(`${name}: bodies that are not what it takes are refused, and store nothing`, async () => {
      const before = await counts(place);
      const body = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.uint8Array({ maxLength: 200 }));
      await fc.assert(
        fc.asyncProperty(body, async (body) => {
          // An empty grant request is a good one.
          fc.pre(name !== 'grant' || !/^\s*\{/.test(String(body)));
          await refusal(await send(`${BASE_PATH}/${name}`, { body: body as string }));
        }),
        { numRuns: 100 },
      );
      expect(await counts(place)).toEqual(before);
    });

    test(`${name}: a right body with wrong values in it never fails the server`, async () => {
      const wrong = fc.dictionary(fc.constantFrom(...fields), nasty, { minKeys: 1, maxKeys: 4 });
      const right = { ...FILE, resumeToken, parts: [{ partNumber: 1, etag: 'x' }] };
      await fc.assert(
        fc.asyncProperty(wrong, fc.boolean(), async (wrong, keepToken) => {
          const body = {
            ...(name === 'grant' ? {} : right),
            ...wrong,
            ...(keepToken && name !== 'abort' && { resumeToken }),
          };
          const response = await send(`${BASE_PATH}/${name}`, { body: JSON.stringify(body) });
          if (response.status === 200) expect(await response.json()).toMatchObject({ success: true });
          else await refusal(response);
        }),
        { numRuns: 100 },
      );
    });
  }

  test('init: every media type that is taken is one that a store takes', async () => {
    const type = fc.stringMatching(/^[\w!#$&^.+-]{1,9}\/[\w!#$&^.+-]{1,9}(\s{0,2};[\x20-\x7e]{0,9})?$/);
    await fc.assert(
      fc.asyncProperty(type, async (contentType) => {
        const response = await send(`${BASE_PATH}/init`, { body: JSON.stringify({ ...FILE, contentType }) });
        if (response.status !== 200) await refusal(response);
      }),
      { numRuns: 100 },
    );
  });

  test('init: every name, metadata and fingerprint that is taken reaches the store', async () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 300 });
    const name = fc.stringMatching(/^[A-Za-z0-9-]{1,64}$/);
    const metadata = fc.dictionary(name, fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), { maxKeys: 4 });
    await fc.assert(
      fc.asyncProperty(text, metadata, text, async (filename, metadata, fingerprint) => {
        const body = JSON.stringify({ ...FILE, filename, metadata, fingerprint });
        const response = await send(`${BASE_PATH}/init`, { body });
        if (response.status !== 200) await refusal(response);
      }),
      { numRuns: 100 },
    );
  });
});
