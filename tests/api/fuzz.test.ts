/** Bodies that nobody thought of: never a failure of the server's own, never anything stored. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import fc from 'fast-check';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { embeddedStore } from '../store.ts';
import { CALLS } from './client.ts';
import { counts, openPlace, type Place } from './place.ts';
import { FILE, refusal, sender } from './refusal.ts';

setDefaultTimeout(120_000);

let place: Place;
let resumeToken: string;
beforeAll(async () => {
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }));
  resumeToken = (await place.api.begin({ size: 3000 })).resumeToken;
});
afterAll(() => place?.stop());

const { send } = sender(() => place);

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
  'sessionId',
  'r2AccessKey',
  'r2AccountId',
  'r2Bucket',
  's3SecretKey',
  's3Region',
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

  test('the list and progress: addresses and tokens that nobody gave are refused', async () => {
    const query = fc.dictionary(fc.constantFrom('limit', 'cursor', 'status', 'x'), fc.string({ unit: 'binary' }));
    const token = fc.string({ maxLength: 100 }).map((text) => text.replace(/[^\x21-\x7e]/g, ''));
    await fc.assert(
      fc.asyncProperty(query, token, async (query, token) => {
        const listed = await send(`${BASE_PATH}?${new URLSearchParams(query)}`, { method: 'GET' });
        if (listed.status === 200) expect(await listed.json()).toMatchObject({ success: true });
        else await refusal(listed);
        const headers = { 'x-resume-token': token };
        await refusal(await send(`${BASE_PATH}/progress`, { method: 'GET', headers }));
      }),
      { numRuns: 200 },
    );
  });

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
