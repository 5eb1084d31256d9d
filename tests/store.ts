import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketCorsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { startBucket } from './bucket.ts';
import { type Digests, digestsOf } from './bytes.ts';
import { startCeph } from './judges/ceph.ts';

/** A real bucket's address and keys, for the server under test, and a look into it that does not go through ours. */
export interface TestStore {
  name: string;
  endpoint: string;
  accessKey: string;
  secretKey: string;
  s3: S3Client;
  stop(): Promise<void>;
}

export const clientFor = (endpoint: string, accessKeyId: string, secretAccessKey: string) =>
  new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });

/** The embedded bucket; `smallestPart` in bytes lets a test use many small parts. */
export async function embeddedStore({
  smallestPart,
  accessKey = 'partway',
  secretKey = 'partway-local-secret',
}: {
  smallestPart?: number;
  accessKey?: string;
  secretKey?: string;
} = {}): Promise<TestStore> {
  const folder = mkdtempSync(join(tmpdir(), 'partway-bucket-'));
  const keys = { accessKey, secretKey };
  const bucket = await startBucket({
    folder,
    ...keys,
    buckets: [],
    origins: [],
    port: 0,
    ...(smallestPart && { smallestPart }),
  });
  const endpoint = `http://127.0.0.1:${bucket.port}`;
  return {
    name: 'embedded bucket',
    endpoint,
    ...keys,
    s3: clientFor(endpoint, keys.accessKey, keys.secretKey),
    async stop() {
      await bucket.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function cephStore(options?: { smallestPart: number }): Promise<TestStore> {
  const { endpoint, accessKey, secretKey, stop } = await startCeph(options);
  return { name: 'Ceph RGW', endpoint, accessKey, secretKey, s3: clientFor(endpoint, accessKey, secretKey), stop };
}

/** Makes a bucket that pages of `origins` may PUT to. */
export async function makeBucket({ s3 }: TestStore, Bucket: string, origins: string[]): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket }));
  const rule = {
    AllowedOrigins: origins,
    AllowedMethods: ['PUT', 'GET', 'HEAD'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag'],
  };
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
}

export async function keysIn({ s3 }: TestStore, Bucket: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key }) => Key!);
}

export async function uploadsIn({ s3 }: TestStore, Bucket: string): Promise<string[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  return Uploads.map(({ UploadId }) => UploadId!);
}

/** Numbers of the stored parts of the bucket's unfinished uploads. */
export async function partsIn({ s3 }: TestStore, Bucket: string): Promise<number[]> {
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  const lists = await Promise.all(
    Uploads.map(({ Key, UploadId }) => s3.send(new ListPartsCommand({ Bucket, Key: Key!, UploadId: UploadId! }))),
  );
  return lists.flatMap(({ Parts = [] }) => Parts.map(({ PartNumber }) => PartNumber!));
}

/** Size and digests of the object's bytes, read back from the store. */
export async function objectDigests({ s3 }: TestStore, Bucket: string, Key: string): Promise<Digests> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return digestsOf(Body as unknown as AsyncIterable<Uint8Array>);
}
