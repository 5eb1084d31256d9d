/** Whatever nonsense comes in, a fitting 4xx in our envelope goes out, and nothing is stored. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { ERRORS } from '../../server/contract/errors.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { CALLS, READS } from './client.ts';
import { counts, openPlace, type Place } from './place.ts';
import { FILE, JSON_TYPE, refusal, sender } from './refusal.ts';

setDefaultTimeout(120_000);

let place: Place;
let resumeToken: string;
beforeAll(async () => {
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }));
  resumeToken = (await place.api.begin({ size: 3000 })).resumeToken;
});
afterAll(() => place?.stop());

const { send } = sender(() => place);

describe('the envelope', () => {
  test('an address where nothing is', async () => {
    for (const path of [
      `${BASE_PATH}/nothing`,
      `${BASE_PATH}//`,
      `${BASE_PATH}/progress/`,
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

  test('another method than the right one is told which', async () => {
    const right = [...CALLS.map((name) => [`/${name}`, 'POST']), ...READS.map((path) => [path, 'GET'])];
    for (const [path, allowed] of right)
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
        if (method === allowed) continue;
        const response = await send(BASE_PATH + path, { method });
        expect([path, method, response.headers.get('allow')]).toEqual([path!, method, allowed!]);
        expect(await refusal(response)).toEqual([405, 'METHOD_NOT_ALLOWED']);
      }
  });

  test('what is asked without a body is refused in it, too', async () => {
    const read = (path: string, headers = {}) => send(BASE_PATH + path, { method: 'GET', headers });
    expect(await refusal(await read('/progress'))).toEqual([400, 'MISSING_RESUME_TOKEN']);
    for (const path of ['', '/', '?limit=5']) expect(await refusal(await read(path))).toEqual([401, 'UNAUTHENTICATED']);
    for (const query of ['?limit=%00', '?cursor=%ff%fe', `?cursor=${'x'.repeat(5000)}`, '?status=%00'])
      expect([query, ...(await refusal(await read(query, { 'x-api-key': 'dev' })))]).toEqual([
        query,
        400,
        'INVALID_REQUEST',
      ]);
  });

  test('no answer is kept by any cache, or taken for another type', async () => {
    for (const [path, method] of [
      ['/init', 'POST'],
      ['/progress', 'GET'],
      ['', 'GET'],
      ['/nothing', 'GET'],
    ]) {
      const { headers } = await send(BASE_PATH + path, { method });
      expect([headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual(['no-store', 'nosniff']);
    }
    expect((await send('/healthz', { method: 'GET' })).headers.get('x-content-type-options')).toBe('nosniff');
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

  test('a body that is nested too deeply, as deep as the limit of its size allows', async () => {
    const before = await counts(place);
    const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;
    for (const depth of [17, 1000, 300_000])
      for (const body of [nested(depth, '[', ']'), nested(depth, '{"a":', '}'), '['.repeat(depth)])
        expect(await refusal(await send(`${BASE_PATH}/init`, { body }))).toEqual([400, 'INVALID_REQUEST']);
    // Brackets in a name are no nesting.
    const filename = `${'['.repeat(50)}\\"${'{'.repeat(50)}`;
    expect((await send(`${BASE_PATH}/init`, { body: JSON.stringify({ ...FILE, filename }) })).status).toBe(200);
    expect(await counts(place)).toEqual({ ...before, uploads: before.uploads + 1 });
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
      const inside = JSON.stringify({ ...FILE, resumeToken: 'mpu_x' }).replace(
        '{',
        `{"metadata":${deep},"parts":${deep},"maxBytes":${deep},`,
      );
      await refusal(await send(`${BASE_PATH}/${name}`, { body: inside }));
    }
    expect((await fetch(`${place.server.url}/healthz`)).status).toBe(200);
  });
});
