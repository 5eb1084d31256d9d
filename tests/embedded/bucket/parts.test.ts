import { afterAll, beforeAll, expect, test } from 'bun:test';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import * as S3 from '@aws-sdk/client-s3';
import {
  Bucket,
  begin,
  bytesOf,
  complete,
  contents,
  type Fixture,
  fixture,
  md5,
  part,
  partUrl,
  put,
  refusal,
} from './fixture.ts';

let bucket: Fixture;
beforeAll(async () => {
  bucket = await fixture();
});
afterAll(() => bucket.stop());

const list = (Key: string, UploadId: string, extra: Partial<S3.ListPartsCommandInput> = {}) =>
  bucket.s3.send(new S3.ListPartsCommand({ Bucket, Key, UploadId, ...extra }));

test('a damaged part is refused and the good one sent before stays', async () => {
  const Key = 'damaged';
  const UploadId = await begin(bucket, Key);
  const good = bytesOf(2000);
  const bad = bytesOf(2000, 2);
  const ContentMD5 = md5(good, 'base64');
  const url = await partUrl(bucket, { Key, UploadId, PartNumber: 1, ContentMD5, ContentLength: 2000 });
  expect((await put(url, good, { 'content-md5': ContentMD5 })).status).toBe(200);
  expect((await put(url, bad, { 'content-md5': ContentMD5 })).code).toBe('BadDigest');
  expect((await put(url, bad, { 'content-md5': md5(bad, 'base64') })).code).toBe('SignatureDoesNotMatch');
  expect((await put(url, bytesOf(1999), { 'content-md5': ContentMD5 })).code).toBe('SignatureDoesNotMatch');
  const unsigned = await partUrl(bucket, { Key, UploadId, PartNumber: 1 });
  expect((await put(unsigned, bad, { 'content-md5': 'nonsense' })).code).toBe('InvalidDigest');
  const { Parts } = await list(Key, UploadId);
  expect(Parts?.map(({ ETag, Size }) => [ETag, Size])).toEqual([[`"${md5(good)}"`, 2000]]);
  expect((await bucket.bodies()).filter((name) => name.includes(UploadId) || name.includes('temp'))).toHaveLength(1);
});

test('a part with a wrong SHA-256 or CRC32 is refused', async () => {
  const Key = 'sums';
  const UploadId = await begin(bucket, Key);
  const send = (extra: Partial<S3.UploadPartCommandInput>) =>
    bucket.s3.send(new S3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: '123456789', ...extra }));
  expect(await refusal(send({ ChecksumSHA256: Buffer.alloc(32).toString('base64') }))).toBe('BadDigest');
  expect(await refusal(send({ ChecksumCRC32: 'AAAAAA==' }))).toBe('BadDigest');
  expect((await list(Key, UploadId)).Parts).toBeUndefined();
  // The check value of CRC-32 in every catalogue: 0xCBF43926.
  expect((await send({ ChecksumAlgorithm: 'CRC32' })).ChecksumCRC32).toBe('y/Q5Jg==');
});

test('a part sent again takes the place of the first', async () => {
  const UploadId = await begin(bucket, 'again');
  await part(bucket, 'again', UploadId, 1, bytesOf(1500));
  const etag = await part(bucket, 'again', UploadId, 1, bytesOf(1600, 2));
  const { Parts } = await list('again', UploadId);
  expect(Parts?.map(({ ETag, Size }) => [ETag, Size])).toEqual([[etag, 1600]]);
  await complete(bucket, 'again', UploadId, [etag]);
  expect(await contents(bucket, 'again')).toEqual(bytesOf(1600, 2));
});

test('a connection cut in the middle of a part leaves nothing behind', async () => {
  const Key = 'cut';
  const UploadId = await begin(bucket, Key);
  const url = new URL(await partUrl(bucket, { Key, UploadId, PartNumber: 1 }));
  const temp = join(bucket.folder, Bucket, 'temp');
  const before = await bucket.bodies();
  const watcher = watch(temp);
  const appeared = once(watcher, 'change');
  const socket = connect(Number(url.port), url.hostname);
  socket.write(`PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 9000000\r\n\r\n`);
  socket.write(bytesOf(3_000_000));
  await appeared;
  watcher.close();
  socket.destroy();
  while ((await bucket.bodies()).length > before.length) await list(Key, UploadId);
  expect((await list(Key, UploadId)).Parts).toBeUndefined();
});

test('1,200 parts are listed in order over pages of any size', async () => {
  const Key = 'many';
  const UploadId = await begin(bucket, Key);
  const numbers = Array.from({ length: 1200 }, (_, at) => at + 1);
  const waiting = [...numbers].reverse();
  const etags: string[] = [];
  const worker = async () => {
    for (let number = waiting.pop(); number; number = waiting.pop()) {
      etags[number - 1] = await part(bucket, Key, UploadId, number, bytesOf(1024, number));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  for (const [MaxParts, pages] of [
    [undefined, 2],
    [500, 3],
    [5000, 2],
  ] as const) {
    const seen: number[] = [];
    let turned = 0;
    let PartNumberMarker: string | undefined;
    do {
      const page = await list(Key, UploadId, { MaxParts, PartNumberMarker });
      seen.push(...page.Parts!.map(({ PartNumber }) => PartNumber!));
      PartNumberMarker = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      turned++;
    } while (PartNumberMarker);
    expect(seen).toEqual(numbers);
    expect(turned).toBe(pages);
  }
  const done = await complete(bucket, Key, UploadId, etags);
  expect(done.ETag).toEndWith('-1200"');
  expect(await contents(bucket, Key, 'bytes=1228000-')).toEqual(bytesOf(1024, 1200).slice(224));
}, 60_000);

test('part numbers outside 1 to 10,000, strange uploads and copies are refused', async () => {
  const UploadId = await begin(bucket, 'odd');
  for (const number of [0, 10_001, 99_999])
    expect(await refusal(part(bucket, 'odd', UploadId, number, bytesOf(1)))).toBe('InvalidArgument');
  expect(await refusal(part(bucket, 'odd', '../../x', 1, bytesOf(1)))).toBe('NoSuchUpload');
  expect(await refusal(part(bucket, 'another', UploadId, 1, bytesOf(1)))).toBe('NoSuchUpload');
  const copy = new S3.UploadPartCopyCommand({
    Bucket,
    Key: 'odd',
    UploadId,
    PartNumber: 1,
    CopySource: 'uploads/again',
  });
  expect(await refusal(bucket.s3.send(copy))).toBe('NotImplemented');
});
