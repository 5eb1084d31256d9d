import { afterAll, beforeAll, expect, test } from 'bun:test';
import * as S3 from '@aws-sdk/client-s3';
import { Bucket, begin, bytesOf, type Fixture, fixture, ORIGIN, partUrl, put } from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

async function preflight(url: string, origin: string, method = 'PUT') {
  const headers = {
    origin,
    'access-control-request-method': method,
    'access-control-request-headers': 'content-md5,content-type',
  };
  const response = await fetch(url, { method: 'OPTIONS', headers });
  await response.text();
  return response;
}

const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin');

test('the page may PUT and read the ETag, and can read why it was refused', async () => {
  const url = await partUrl(bucket, { Key: 'a', UploadId: await begin(bucket, 'a'), PartNumber: 1 });
  const asked = await preflight(url, ORIGIN);
  expect([asked.status, allowed(asked)]).toEqual([200, ORIGIN]);
  expect(asked.headers.get('access-control-allow-headers')).toBe('content-md5, content-type');
  const stored = await put(url, bytesOf(10), { origin: ORIGIN });
  expect([stored.status, allowed(stored), stored.headers.get('access-control-expose-headers')]).toEqual([
    200,
    ORIGIN,
    'ETag',
  ]);
  const refused = await put(url.replace('partNumber=1', 'partNumber=2'), bytesOf(10), { origin: ORIGIN });
  expect([refused.status, allowed(refused)]).toEqual([403, ORIGIN]);
});

test('a page of another origin gets no leave', async () => {
  const url = await partUrl(bucket, { Key: 'a', UploadId: await begin(bucket, 'a'), PartNumber: 1 });
  for (const origin of ['http://evil.test', `${ORIGIN}.evil.test`, 'null']) {
    const asked = await preflight(url, origin);
    expect([asked.status, allowed(asked)]).toEqual([403, null]);
    expect(allowed(await put(url, bytesOf(10), { origin }))).toBeNull();
  }
  expect((await preflight(url, ORIGIN, 'DELETE')).status).toBe(403);
});

test("a bucket's own configuration replaces the default until it is deleted", async () => {
  const url = await partUrl(bucket, { Key: 'a', UploadId: await begin(bucket, 'a'), PartNumber: 1 });
  const CORSRules = [
    { AllowedOrigins: ['https://*.example.com'], AllowedMethods: ['PUT'], AllowedHeaders: ['Content-*'] },
  ];
  await bucket.s3.send(new S3.PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
  expect(allowed(await preflight(url, 'https://app.example.com'))).toBe('https://app.example.com');
  expect(allowed(await preflight(url, ORIGIN))).toBeNull();
  await bucket.s3.send(new S3.DeleteBucketCorsCommand({ Bucket }));
  expect(allowed(await preflight(url, ORIGIN))).toBe(ORIGIN);
});
