import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import * as S3 from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { Bucket, begin, bytesOf, complete, contents, type Fixture, fixture, md5, part, refusal } from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

async function uploaded(Key: string, sizes: number[]) {
  const UploadId = await begin(bucket, Key);
  const etags: string[] = [];
  for (const [at, size] of sizes.entries()) etags.push(await part(bucket, Key, UploadId, at + 1, bytesOf(size, at)));
  return { UploadId, etags, whole: Buffer.concat(sizes.map((size, at) => bytesOf(size, at))) };
}

const head = (Key: string) => bucket.s3.send(new S3.HeadObjectCommand({ Bucket, Key }));

test('an object has the bytes of its parts in order, and any range of them can be read', async () => {
  const { UploadId, etags, whole } = await uploaded('ranges', [1024, 3000, 1024, 1]);
  const { ETag } = await complete(bucket, 'ranges', UploadId, etags);
  const digests = Buffer.concat(etags.map((etag) => Buffer.from(etag.replaceAll('"', ''), 'hex')));
  expect(ETag).toBe(`"${md5(digests)}-4"`);
  expect(Buffer.from(await contents(bucket, 'ranges'))).toEqual(whole);
  const place = fc.nat(whole.length - 1);
  await fc.assert(
    fc.asyncProperty(place, place, async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const got = await bucket.s3.send(
        new S3.GetObjectCommand({ Bucket, Key: 'ranges', Range: `bytes=${start}-${end}` }),
      );
      expect(got.ContentRange).toBe(`bytes ${start}-${end}/${whole.length}`);
      expect(Buffer.from(await got.Body!.transformToByteArray())).toEqual(whole.subarray(start, end + 1));
    }),
    { numRuns: 40 },
  );
  expect(Buffer.from(await contents(bucket, 'ranges', 'bytes=-7'))).toEqual(whole.subarray(-7));
  expect(Buffer.from(await contents(bucket, 'ranges', 'bytes=5000-9999'))).toEqual(whole.subarray(5000));
  expect(await refusal(contents(bucket, 'ranges', `bytes=${whole.length}-`))).toBe('InvalidRange');
});

test('a large object streams out as it went in', async () => {
  const { UploadId, etags, whole } = await uploaded('large', [2_000_000, 1_500_000]);
  await complete(bucket, 'large', UploadId, etags);
  expect(Buffer.from(await contents(bucket, 'large')).equals(whole)).toBe(true);
});

test('completing again with the same parts gives the same answer, also after a restart', async () => {
  const { UploadId, etags } = await uploaded('twice', [1024, 10]);
  const [a, b] = await Promise.all([1, 2].map(() => complete(bucket, 'twice', UploadId, etags)));
  expect(a!.ETag).toBe(b!.ETag!);
  await bucket.restart();
  expect((await complete(bucket, 'twice', UploadId, etags)).ETag).toBe(a!.ETag!);
  expect(await refusal(complete(bucket, 'twice', UploadId, etags.slice(0, 1)))).toBe('NoSuchUpload');
});

test('parts that are missing, changed, too small or out of order are refused, and the upload stays open', async () => {
  const { UploadId, etags } = await uploaded('strict', [1024, 1023, 10]);
  const ask = (Parts: S3.CompletedPart[]) =>
    refusal(
      bucket.s3.send(
        new S3.CompleteMultipartUploadCommand({ Bucket, Key: 'strict', UploadId, MultipartUpload: { Parts } }),
      ),
    );
  const [one, two, three] = etags.map((ETag, at) => ({ ETag, PartNumber: at + 1 }));
  expect(await ask([one!, { ...two!, PartNumber: 7 }])).toBe('InvalidPart');
  expect(await ask([{ ...one!, ETag: two!.ETag }])).toBe('InvalidPart');
  expect(await ask([two!, one!])).toBe('InvalidPartOrder');
  expect(await ask([one!, one!])).toBe('InvalidPartOrder');
  expect(await ask([one!, two!, three!])).toBe('EntityTooSmall');
  expect(await ask([])).toBe('MalformedXML');
  expect(await ask([one!, three!])).toBe('accepted');
  expect((await bucket.bodies()).filter((name) => name.includes(UploadId))).toHaveLength(2);
});

test('of an abort and a completion at once exactly one wins', async () => {
  for (let round = 0; round < 12; round++) {
    const Key = `race-${round}`;
    const { UploadId, etags } = await uploaded(Key, [1024, 10]);
    const abort = () => bucket.s3.send(new S3.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    const calls = [abort, () => complete(bucket, Key, UploadId, etags)];
    if (round % 2) calls.reverse();
    const outcomes = await Promise.all(calls.map((call) => refusal(call())));
    expect(outcomes.sort()).toEqual(['NoSuchUpload', 'accepted']);
    const stands = (await refusal(head(Key))) === 'accepted';
    const files = (await bucket.bodies()).filter((name) => name.includes(UploadId));
    expect(files.length).toBe(stands ? 2 : 0);
  }
});

test('an object keeps the type, name and metadata given at the start', async () => {
  const UploadId = await begin(bucket, 'kept', {
    ContentType: 'video/mp4',
    ContentDisposition: 'attachment; filename="a.mp4"',
    Metadata: { who: 'me' },
  });
  await complete(bucket, 'kept', UploadId, [await part(bucket, 'kept', UploadId, 1, bytesOf(5))]);
  const got = await head('kept');
  expect([got.ContentType, got.ContentDisposition, got.ContentLength]).toEqual([
    'video/mp4',
    'attachment; filename="a.mp4"',
    5,
  ]);
  expect(got.Metadata).toEqual({ who: 'me' });
});

test('an upload begun with SHA-256 ends with the SHA-256 of its parts', async () => {
  const UploadId = await begin(bucket, 'sha', { ChecksumAlgorithm: 'SHA256' });
  const digest = createHash('sha256').update(bytesOf(9)).digest();
  const ChecksumSHA256 = digest.toString('base64');
  expect(await refusal(part(bucket, 'sha', UploadId, 1, bytesOf(9)))).toBe('InvalidRequest');
  const input = { Bucket, Key: 'sha', UploadId };
  const { ETag } = await bucket.s3.send(
    new S3.UploadPartCommand({ ...input, PartNumber: 1, Body: bytesOf(9), ChecksumSHA256 }),
  );
  await bucket.restart();
  const Parts = [{ PartNumber: 1, ETag, ChecksumSHA256 }];
  const done = await bucket.s3.send(new S3.CompleteMultipartUploadCommand({ ...input, MultipartUpload: { Parts } }));
  expect(done.ChecksumSHA256).toBe(`${createHash('sha256').update(digest).digest('base64')}-1`);
});

test('the second of two uploads to one key is refused where the first must not be replaced', async () => {
  const first = await uploaded('once', [10]);
  const second = await uploaded('once', [11]);
  const ask = ({ UploadId, etags }: typeof first) =>
    bucket.s3.send(
      new S3.CompleteMultipartUploadCommand({
        Bucket,
        Key: 'once',
        UploadId,
        IfNoneMatch: '*',
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: etags[0] }] },
      }),
    );
  await ask(first);
  expect(await refusal(ask(second))).toBe('PreconditionFailed');
  expect((await ask(first)).ETag).toBe((await head('once')).ETag!);
});
