import { afterEach, beforeEach, expect, test } from 'bun:test';
import { cp, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as S3 from '@aws-sdk/client-s3';
import { Bucket, begin, bytesOf, complete, contents, type Fixture, fixture, part, refusal } from './fixture.ts';

let bucket: Fixture;
beforeEach(async () => {
  bucket = await fixture();
});
afterEach(() => bucket.stop());

const room = (...names: string[]) => join(bucket.folder, Bucket, ...names);
const putObject = (Key: string, Body: Uint8Array) => bucket.s3.send(new S3.PutObjectCommand({ Bucket, Key, Body }));
const listParts = (Key: string, UploadId: string) => bucket.s3.send(new S3.ListPartsCommand({ Bucket, Key, UploadId }));
const uploads = async () => (await bucket.s3.send(new S3.ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];

test('parts, objects and settings are there after a restart, and the upload goes on', async () => {
  const cors = { CORSRules: [{ AllowedOrigins: ['https://app.example'], AllowedMethods: ['PUT'] }] };
  await bucket.s3.send(new S3.PutBucketCorsCommand({ Bucket, CORSConfiguration: cors }));
  const rule = { ID: 'parts', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } } as const;
  const lifecycle = { Rules: [{ ...rule, Filter: { Prefix: '' } }] };
  await bucket.s3.send(new S3.PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: lifecycle }));
  await putObject('whole', bytesOf(3000));
  const UploadId = await begin(bucket, 'half');
  const one = await part(bucket, 'half', UploadId, 1, bytesOf(1024));
  await bucket.restart();
  expect(await contents(bucket, 'whole')).toEqual(bytesOf(3000));
  expect((await listParts('half', UploadId)).Parts?.map(({ ETag, Size }) => [ETag, Size])).toEqual([[one, 1024]]);
  expect((await bucket.s3.send(new S3.GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual(cors.CORSRules);
  const { Rules } = await bucket.s3.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }));
  expect(Rules).toEqual(lifecycle.Rules);
  const asks = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
  const preflight = await fetch(`${bucket.endpoint}/${Bucket}/half`, { method: 'OPTIONS', headers: asks });
  expect(preflight.headers.get('access-control-allow-origin')).toBe('https://app.example');
  const two = await part(bucket, 'half', UploadId, 2, bytesOf(10, 2));
  await complete(bucket, 'half', UploadId, [one, two]);
  await bucket.restart();
  expect(Buffer.from(await contents(bucket, 'half'))).toEqual(Buffer.concat([bytesOf(1024), bytesOf(10, 2)]));
  expect(await uploads()).toEqual([]);
});

test('killed in the middle of a body: the next start clears it away', async () => {
  await putObject('kept', bytesOf(10));
  await writeFile(room('temp', 'half-a-part'), 'x');
  await writeFile(room('data', 'half-an-object'), 'x');
  await bucket.restart();
  expect((await bucket.bodies()).length).toBe(1);
  expect(await contents(bucket, 'kept')).toEqual(bytesOf(10));
});

test('killed between putting a part in place and removing the one before it: the later one counts', async () => {
  const UploadId = await begin(bucket, 'two');
  await part(bucket, 'two', UploadId, 1, bytesOf(1024));
  const [first] = (await readdir(room('uploads', UploadId))).filter((name) => name !== 'upload.json');
  await cp(room('uploads', UploadId, first!), room('temp', first!));
  const etag = await part(bucket, 'two', UploadId, 1, bytesOf(1025, 2));
  await rename(room('temp', first!), room('uploads', UploadId, first!));
  await bucket.restart();
  expect((await listParts('two', UploadId)).Parts?.map(({ ETag }) => ETag)).toEqual([etag]);
  expect(await bucket.bodies()).toHaveLength(1);
});

test('killed between the object appearing and the upload ending: it is completed, and stays so when replaced', async () => {
  const UploadId = await begin(bucket, 'mid');
  const etag = await part(bucket, 'mid', UploadId, 1, bytesOf(20));
  await complete(bucket, 'mid', UploadId, [etag]);
  await rename(room('uploads', UploadId, 'closed.json'), room('uploads', UploadId, 'upload.json'));
  await bucket.restart();
  expect(await uploads()).toEqual([]);
  expect((await complete(bucket, 'mid', UploadId, [etag])).ETag).toEndWith('-1"');
  await putObject('mid', bytesOf(21));
  await bucket.restart();
  expect(await uploads()).toEqual([]);
  expect(await contents(bucket, 'mid')).toEqual(bytesOf(21));
  expect(await bucket.bodies()).toHaveLength(1);
});

test('killed in the middle of an abort: the upload is gone', async () => {
  const UploadId = await begin(bucket, 'gone');
  await part(bucket, 'gone', UploadId, 1, bytesOf(20));
  await rename(room('uploads', UploadId, 'upload.json'), room('uploads', UploadId, 'closed.json'));
  await bucket.restart();
  expect(await refusal(listParts('gone', UploadId))).toBe('NoSuchUpload');
  expect(await bucket.bodies()).toEqual([]);
});

test('a damaged manifest stops the start before anything is swept away', async () => {
  await putObject('a', bytesOf(10));
  const [name] = await readdir(room('objects'));
  await rename(room('objects', name!), room('temp', 'aside'));
  await cp(room('temp', 'aside'), join(bucket.folder, 'aside'));
  await writeFile(room('objects', name!), '{"key":');
  await expect(bucket.restart()).rejects.toThrow('damaged');
  expect(await bucket.bodies()).toHaveLength(1);
  await rename(join(bucket.folder, 'aside'), room('objects', name!));
  await bucket.restart();
  expect(await contents(bucket, 'a')).toEqual(bytesOf(10));
});
