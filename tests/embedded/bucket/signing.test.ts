import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as S3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import fc from 'fast-check';
import { targetOf } from '../../../server/embedded/bucket/target.ts';
import { canonicalQuery, encodePath } from '../../../server/signature/canonical.ts';
import { Bucket, begin, bytesOf, type Fixture, fixture, partUrl, put, refusal } from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

/** `.` and `..` between slashes are resolved by every HTTP client before it sends. */
const key = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .filter((text) => text.isWellFormed() && !text.split('/').some((step) => step === '.' || step === '..'));

test('an object can have any name: the URL the SDK signs for it is accepted, and it is listed under it', async () => {
  await fc.assert(
    fc.asyncProperty(key, fc.string({ maxLength: 20 }), async (Key, type) => {
      const ResponseContentType = `text/${encodeURIComponent(type.toWellFormed())}`;
      const body = bytesOf(10);
      const stored = await put(await getSignedUrl(bucket.s3, new S3.PutObjectCommand({ Bucket, Key })), body);
      expect([stored.status, stored.code]).toEqual([200, undefined]);
      const url = await getSignedUrl(bucket.s3, new S3.GetObjectCommand({ Bucket, Key, ResponseContentType }));
      const got = await fetch(url);
      expect(got.headers.get('content-type')).toBe(ResponseContentType);
      expect(await got.bytes()).toEqual(body);
      const listed = await bucket.s3.send(
        new S3.ListObjectsV2Command({ Bucket, Prefix: Key, EncodingType: 'url', MaxKeys: 1 }),
      );
      expect(decodeURIComponent(listed.Contents?.[0]?.Key ?? '')).toBe(Key);
    }),
    { numRuns: 60 },
  );
});

test('what is signed does not depend on how the client had encoded it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(key, key), { maxLength: 6 }), key, (parameters, name) => {
      const query = canonicalQuery(parameters);
      const target = targetOf(`http://host${encodePath(`/b/${name}`)}?${query}`);
      expect(target.key).toBe(name);
      expect(canonicalQuery(target.parameters)).toBe(query);
      expect(canonicalQuery([...parameters].reverse())).toBe(query);
    }),
  );
});

test('a URL changed in any parameter is refused', async () => {
  const url = new URL(await partUrl(bucket, { Key: 'a', UploadId: await begin(bucket, 'a'), PartNumber: 1 }));
  for (const name of url.searchParams.keys()) {
    if (name === 'x-id') continue;
    const changed = new URL(url);
    const value = changed.searchParams.get(name)!;
    changed.searchParams.set(
      name,
      name === 'X-Amz-Signature' ? '0'.repeat(64) : value.replace(/.$/, (c) => (c === '2' ? '3' : '2')),
    );
    const { status } = await put(changed, bytesOf(10));
    expect([name, status >= 400 && status < 500]).toEqual([name, true]);
  }
  const extra = new URL(url);
  extra.searchParams.set('response-content-type', 'text/html');
  expect((await put(extra, bytesOf(10))).code).toBe('SignatureDoesNotMatch');
  expect((await put(String(url).replace('/a?', '/b?'), bytesOf(10))).code).toBe('SignatureDoesNotMatch');
  expect((await put(url, bytesOf(10), { 'x-amz-meta-slipped': 'in' })).code).toBe('AccessDenied');
  expect((await put(url, bytesOf(10))).status).toBe(200);
});

test('a URL works until the second it expires, and not after', async () => {
  const signed = new Date('2026-03-01T12:00:00Z');
  const url = await partUrl(bucket, { Key: 'a', UploadId: await begin(bucket, 'a'), PartNumber: 1 }, signed);
  const at = async (seconds: number) => {
    await bucket.setTime(new Date(signed.getTime() + seconds * 1000));
    const { status, text } = await put(url, bytesOf(10));
    await bucket.setTime();
    return [status, /<Message>(.*?)<\/Message>/.exec(text)?.[1]];
  };
  expect(await at(900)).toEqual([200, undefined]);
  expect(await at(901)).toEqual([403, 'Request has expired']);
  expect(await at(-901)).toEqual([403, 'Request is not valid yet']);
});

test('a client whose clock is off by more than 15 minutes is told so', async () => {
  await bucket.setTime(new Date(Date.now() + 16 * 60_000));
  const outcome = await refusal(bucket.client().send(new S3.ListObjectsV2Command({ Bucket })));
  await bucket.setTime();
  expect(outcome).toBe('RequestTimeTooSkewed');
});

test('nobody gets in without the keys', async () => {
  const get = new S3.GetObjectCommand({ Bucket, Key: 'a' });
  const wrong = bucket.client({ credentials: { accessKeyId: 'partway', secretAccessKey: 'guess' } });
  const stranger = bucket.client({ credentials: { accessKeyId: 'stranger', secretAccessKey: 'guess' } });
  expect(await refusal(wrong.send(get))).toBe('SignatureDoesNotMatch');
  expect(await refusal(stranger.send(get))).toBe('InvalidAccessKeyId');
  const bare = await fetch(`${bucket.endpoint}/${Bucket}/a`);
  expect([bare.status, (await bare.text()).includes('AccessDenied')]).toEqual([403, true]);
});

test('a body that is not the signed one is refused, whole or in frames', async () => {
  const command = new S3.PutObjectCommand({ Bucket, Key: 'swapped', Body: 'signed' });
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { body: string }).body = 'forged';
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  expect(await refusal(bucket.s3.send(command))).toBe('XAmzContentSHA256Mismatch');
  expect(await refusal(bucket.s3.send(new S3.HeadObjectCommand({ Bucket, Key: 'swapped' })))).toBe('NotFound');
});

test('any region is accepted', async () => {
  await bucket.client({ region: 'auto' }).send(new S3.ListObjectsV2Command({ Bucket }));
});
