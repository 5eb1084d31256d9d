import { afterAll, beforeAll, expect, test } from 'bun:test';
import { access } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as S3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Bucket, begin, bytesOf, complete, contents, type Fixture, fixture, part, refusal } from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

const store = (Key: string, Body: string | Uint8Array, extra: Partial<S3.PutObjectCommandInput> = {}) =>
  bucket.s3.send(new S3.PutObjectCommand({ Bucket, Key, Body, ...extra }));
const head = (Key: string, extra: Partial<S3.HeadObjectCommandInput> = {}) =>
  bucket.s3.send(new S3.HeadObjectCommand({ Bucket, Key, ...extra }));

test('a key that climbs out of the folder writes nothing outside it', async () => {
  const { hostname, port } = new URL(bucket.endpoint);
  for (const key of ['../../climb.txt', '..%2f..%2fclimb.txt', '%2e%2e/%2e%2e/climb.txt', '..%5c..%5cclimb.txt']) {
    // Signed for the climbing path and sent as it is, without a client that tidies it up.
    const url = new URL(
      await getSignedUrl(bucket.s3, new S3.PutObjectCommand({ Bucket, Key: decodeURIComponent(key) })),
    );
    const status = await new Promise((resolve, reject) => {
      const path = `/${Bucket}/${key}${url.search}`;
      const call = request({ hostname, port, path, method: 'PUT', headers: { 'content-length': 1 } }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode));
      });
      call.on('error', reject).end('x');
    });
    expect([200, 400, 403, 404]).toContain(status as number);
  }
  for (const place of ['..', '.', Bucket]) {
    expect(await refusal(access(join(bucket.folder, place, 'climb.txt')))).toBe('Error');
  }
  const { Contents } = await bucket.s3.send(new S3.ListObjectsV2Command({ Bucket }));
  expect(Contents?.some(({ Key }) => Key === 'climb.txt') ?? false).toBe(false);
});

test('a bucket cannot be named so that it is a path', async () => {
  for (const name of ['..', 'a..b', 'Big', 'a_b', 'ab', '-ab', '%2e%2e'])
    expect(await refusal(bucket.s3.send(new S3.CreateBucketCommand({ Bucket: name })))).not.toBe('accepted');
  expect(await refusal(bucket.s3.send(new S3.HeadBucketCommand({ Bucket: 'nowhere' })))).toBe('NotFound');
  expect(await refusal(bucket.s3.send(new S3.GetObjectCommand({ Bucket: 'nowhere', Key: 'a' })))).toBe('NoSuchBucket');
});

test('a served file cannot run as a page, and is named as the signed URL asks', async () => {
  await store('page', '<script>1</script>', { ContentType: 'text/html' });
  const command = new S3.GetObjectCommand({
    Bucket,
    Key: 'page',
    ResponseContentDisposition: 'attachment; filename="p.html"',
  });
  const { headers } = await fetch(await getSignedUrl(bucket.s3, command));
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
  expect(headers.get('content-disposition')).toBe('attachment; filename="p.html"');
  expect(headers.get('content-length')).toBe('18');
});

test('an empty object is an object', async () => {
  const { ETag } = await store('empty', '');
  expect((await head('empty')).ContentLength).toBe(0);
  expect(ETag).toBe('"d41d8cd98f00b204e9800998ecf8427e"');
  expect(await contents(bucket, 'empty')).toEqual(new Uint8Array());
});

test('replacing and deleting leave no file behind', async () => {
  const before = (await bucket.bodies()).length;
  await store('short-lived', 'one');
  await store('short-lived', 'two');
  expect(await contents(bucket, 'short-lived')).toEqual(new TextEncoder().encode('two'));
  expect(await bucket.bodies()).toHaveLength(before + 1);
  for (const _ of [1, 2]) await bucket.s3.send(new S3.DeleteObjectCommand({ Bucket, Key: 'short-lived' }));
  expect(await refusal(head('short-lived'))).toBe('NotFound');
  expect(await bucket.bodies()).toHaveLength(before);
});

test('a download that has begun ends whole though the object is deleted meanwhile', async () => {
  // In several files, of which the later ones are not open yet when the object goes.
  const piece = bytesOf(4_000_000);
  const UploadId = await begin(bucket, 'leaving');
  const etags: string[] = [];
  for (let number = 1; number <= 8; number++) etags.push(await part(bucket, 'leaving', UploadId, number, piece));
  await complete(bucket, 'leaving', UploadId, etags);
  const { Body } = await bucket.s3.send(new S3.GetObjectCommand({ Bucket, Key: 'leaving' }));
  await bucket.s3.send(new S3.DeleteObjectCommand({ Bucket, Key: 'leaving' }));
  const got = Buffer.from(await Body!.transformToByteArray());
  expect(got.equals(Buffer.concat(etags.map(() => piece)))).toBe(true);
});

test('a download given up half-way does not hold the disk space of a deleted object', async () => {
  const before = (await bucket.bodies()).length;
  await store('given-up', bytesOf(30_000_000));
  const url = await getSignedUrl(bucket.s3, new S3.GetObjectCommand({ Bucket, Key: 'given-up' }));
  const quitting = new AbortController();
  const reader = (await fetch(url, { signal: quitting.signal })).body!.getReader();
  await reader.read();
  quitting.abort();
  await bucket.s3.send(new S3.DeleteObjectCommand({ Bucket, Key: 'given-up' }));
  while ((await bucket.bodies()).length > before) await refusal(head('given-up'));
}, 10_000);

test('conditions on ETag and date are obeyed', async () => {
  const { ETag } = await store('cond', 'x');
  expect(await refusal(head('cond', { IfMatch: ETag }))).toBe('accepted');
  expect(await refusal(bucket.s3.send(new S3.GetObjectCommand({ Bucket, Key: 'cond', IfMatch: '"0"' })))).toBe(
    'PreconditionFailed',
  );
  const seen = async (headers: Record<string, string>) => {
    const url = await getSignedUrl(bucket.s3, new S3.GetObjectCommand({ Bucket, Key: 'cond' }));
    return (await fetch(url, { headers })).status;
  };
  expect(await seen({ 'if-none-match': ETag! })).toBe(304);
  expect(await seen({ 'if-none-match': '"0"' })).toBe(200);
  expect(await seen({ 'if-modified-since': new Date(Date.now() + 60_000).toUTCString() })).toBe(304);
  expect(await seen({ 'if-unmodified-since': new Date(0).toUTCString() })).toBe(412);
  const one = await Promise.all([1, 2, 3].map((n) => refusal(store('sole', String(n), { IfNoneMatch: '*' }))));
  expect(one.sort()).toEqual(['PreconditionFailed', 'PreconditionFailed', 'accepted']);
});

test('a body in frames with its checksum behind it is stored without the frames', async () => {
  const s3 = bucket.client({ requestChecksumCalculation: 'WHEN_SUPPORTED' });
  const pieces = Readable.from([0, 1, 2, 3, 4].map((at) => Buffer.from(bytesOf(70_000, at))));
  await s3.send(new S3.PutObjectCommand({ Bucket, Key: 'framed', Body: pieces, ContentLength: 350_000 }));
  const whole = Buffer.concat([0, 1, 2, 3, 4].map((at) => bytesOf(70_000, at)));
  expect(Buffer.from(await contents(bucket, 'framed')).equals(whole)).toBe(true);
});

test('what is not implemented is refused, and never taken for something else', async () => {
  await store('safe', 'safe');
  const acl = new S3.PutObjectAclCommand({ Bucket, Key: 'safe', ACL: 'private' });
  const copy = new S3.CopyObjectCommand({ Bucket, Key: 'safe', CopySource: `${Bucket}/empty` });
  expect(await refusal(bucket.s3.send(acl))).toBe('NotImplemented');
  expect(await refusal(bucket.s3.send(copy))).toBe('NotImplemented');
  expect(await contents(bucket, 'safe')).toEqual(new TextEncoder().encode('safe'));
});
