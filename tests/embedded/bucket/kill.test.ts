import { expect, test } from 'bun:test';
import * as S3 from '@aws-sdk/client-s3';
import { startBucket } from '../../bucket.ts';
import { Bucket, bytesOf, contents, type Fixture, fixture, freshFolder, KEYS, md5 } from './fixture.ts';

/** Runs a bucket over the folder, and kills it as soon as `work` has resolved. */
async function untilKilled(folder: string, work: (s3: S3.S3Client) => Promise<void>): Promise<void> {
  const keys = { accessKey: KEYS.accessKeyId, secretKey: KEYS.secretAccessKey };
  const bucket = await startBucket({ folder, ...keys, buckets: [Bucket], origins: [], port: 0 });
  const s3 = new S3.S3Client({
    endpoint: `http://127.0.0.1:${bucket.port}`,
    region: 'us-east-1',
    credentials: KEYS,
    forcePathStyle: true,
    maxAttempts: 1,
  });
  await work(s3);
  await bucket.kill();
  s3.destroy();
}

test('whatever was answered with success is there after kill -9, and nothing half-stored is', async () => {
  const folder = await freshFolder();
  const Key = 'killed';
  const objects: string[] = [];
  const stored = new Map<number, string>();
  let UploadId = '';
  const sending: Promise<unknown>[] = [];
  await untilKilled(folder, async (s3) => {
    UploadId = (await s3.send(new S3.CreateMultipartUploadCommand({ Bucket, Key }))).UploadId!;
    const { promise: enough, resolve } = Promise.withResolvers<void>();
    for (let number = 1; number <= 24; number++) {
      const Body = bytesOf(2_000_000, number);
      const part = s3.send(new S3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: number, Body }));
      const object = s3.send(new S3.PutObjectCommand({ Bucket, Key: `o${number}`, Body: bytesOf(5000, number) }));
      const done = [
        part.then(({ ETag }) => void stored.set(number, ETag!)),
        object.then(() => void objects.push(`o${number}`)),
      ];
      for (const each of done)
        sending.push(each.then(() => stored.size > 6 && objects.length > 6 && resolve(), resolve));
    }
    await enough;
  });
  await Promise.all(sending);
  expect(stored.size).toBeGreaterThan(6);

  const bucket: Fixture = await fixture(folder);
  try {
    const { Parts = [] } = await bucket.s3.send(new S3.ListPartsCommand({ Bucket, Key, UploadId }));
    const found = new Map(Parts.map(({ PartNumber, ETag }) => [PartNumber!, ETag!]));
    for (const [number, etag] of stored) expect([number, found.get(number)]).toEqual([number, etag]);
    // A part that was kept without its answer getting through is whole all the same.
    for (const [number, etag] of found) expect(etag).toBe(`"${md5(bytesOf(2_000_000, number))}"`);
    for (const name of objects) expect(await contents(bucket, name)).toEqual(bytesOf(5000, Number(name.slice(1))));
    expect((await bucket.bodies()).some((name) => name.includes('/temp/'))).toBe(false);
    const MultipartUpload = { Parts: Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) };
    await bucket.s3.send(new S3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
    const whole = Buffer.concat([...found.keys()].map((number) => bytesOf(2_000_000, number)));
    expect(Buffer.from(await contents(bucket, Key)).equals(whole)).toBe(true);
  } finally {
    await bucket.stop();
  }
}, 60_000);
