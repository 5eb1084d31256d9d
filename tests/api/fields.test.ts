/** Each field that is missing or wrong is told by a code of its own, and costs nothing. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import type { ErrorCode } from '../../server/contract/errors.ts';
import { embeddedStore } from '../store.ts';
import { md5, random, told } from './client.ts';
import { counts, openPlace, type Place } from './place.ts';
import { FILE, JSON_TYPE, sender } from './refusal.ts';

setDefaultTimeout(120_000);

let place: Place;

beforeAll(async () => {
  place = await openPlace(await embeddedStore({ smallestPart: 1024 }));
});
afterAll(() => place?.stop());

const { code } = sender(() => place);

describe('the fields of init', () => {
  test('each one that is missing is named', async () => {
    for (const name of Object.keys(FILE)) {
      const { [name as keyof typeof FILE]: _, ...rest } = FILE;
      expect(await code('init', rest)).toEqual([400, 'MISSING_REQUIRED_FIELDS']);
    }
    for (const name of ['sign', 'resume', 'pause', 'complete', 'abort'])
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

  test('parts that may not be left out are said to be required', async () => {
    const message = async (call: 'sign' | 'init', body: object) => {
      const answer = await place.api.call(call, body);
      return [told(answer)[1], answer.body.message];
    };
    const resumeToken = 'mpu_x';
    expect(await message('sign', { resumeToken })).toEqual(['MISSING_PARTS', 'parts is required: send an array.']);
    expect(await message('sign', { resumeToken, parts: 'x' })).toEqual(['MISSING_PARTS', 'parts must be an array.']);
    const none = 'parts must have at least one part, or be left out.';
    expect(await message('init', { ...FILE, parts: [] })).toEqual(['MISSING_PARTS', none]);
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
