import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as S3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type BucketProcess, startBucket } from '../../bucket.ts';

export const ORIGIN = 'http://localhost:8787';
export const Bucket = 'uploads';
export const KEYS = { accessKeyId: 'partway', secretAccessKey: 'partway-local-secret' };

export const freshFolder = () => mkdtemp(join(tmpdir(), 'bucket-'));

/** A bucket that listens on a free port over a folder of its own, and clients of it. */
export interface Fixture {
  folder: string;
  endpoint: string;
  /** The bucket takes this for the time from now on; nothing for the true one. */
  setTime(now?: Date): Promise<void>;
  s3: S3.S3Client;
  client(extra?: S3.S3ClientConfig): S3.S3Client;
  /** A new process over the same folder, on the same port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Files below the folder that hold bodies, whole or on their way. */
  bodies(): Promise<string[]>;
}

/** An existing folder is taken over, and removed at the end. */
export async function fixture(existing?: string): Promise<Fixture> {
  const folder = existing ?? (await freshFolder());
  let bucket: BucketProcess;
  const made: S3.S3Client[] = [];

  async function start(port: number): Promise<void> {
    bucket = await startBucket({
      folder,
      accessKey: KEYS.accessKeyId,
      secretKey: KEYS.secretAccessKey,
      buckets: [Bucket],
      origins: [ORIGIN],
      smallestPart: 1024,
      port,
    });
  }

  await start(0);
  const endpoint = `http://127.0.0.1:${bucket!.port}`;
  function client(extra: S3.S3ClientConfig = {}): S3.S3Client {
    const s3 = new S3.S3Client({
      endpoint,
      region: 'us-east-1',
      credentials: KEYS,
      forcePathStyle: true,
      maxAttempts: 1,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...extra,
    });
    made.push(s3);
    return s3;
  }

  return {
    folder,
    endpoint,
    setTime: (now) => bucket.setTime(now),
    client,
    s3: client(),
    async restart() {
      await bucket.stop();
      await start(bucket.port);
    },
    async stop() {
      for (const s3 of made) s3.destroy();
      await bucket.stop();
      await rm(folder, { recursive: true });
    },
    async bodies() {
      const names = await readdir(folder, { recursive: true });
      return names.filter((name) => /(^|\/)(temp|data)\/.|\/uploads\/[^/]+\/\d{5}-/.test(name));
    },
  };
}

export const md5 = (bytes: Uint8Array, encoding: 'hex' | 'base64' = 'hex'): string =>
  createHash('md5').update(bytes).digest(encoding);

/** Bytes that differ from place to place and from seed to seed. */
export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = at * 31 + (at >> 8) * 7 + seed * 101;
  return bytes;
}

export async function begin({ s3 }: Fixture, Key: string, extra: Partial<S3.CreateMultipartUploadCommandInput> = {}) {
  return (await s3.send(new S3.CreateMultipartUploadCommand({ Bucket, Key, ...extra }))).UploadId!;
}

export async function part({ s3 }: Fixture, Key: string, UploadId: string, PartNumber: number, Body: Uint8Array) {
  return (await s3.send(new S3.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }))).ETag!;
}

export function complete({ s3 }: Fixture, Key: string, UploadId: string, etags: string[]) {
  const Parts = etags.map((ETag, at) => ({ ETag, PartNumber: at + 1 }));
  return s3.send(new S3.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

export async function contents({ s3 }: Fixture, Key: string, Range?: string): Promise<Uint8Array> {
  const { Body } = await s3.send(new S3.GetObjectCommand({ Bucket, Key, Range }));
  return Body!.transformToByteArray();
}

/** The URL of one part, signed by the SDK; `Content-MD5` and the length are bound where given. */
export function partUrl({ s3 }: Fixture, input: Omit<S3.UploadPartCommandInput, 'Bucket'>, signingDate?: Date) {
  const bound = [input.ContentMD5 && 'content-md5', input.ContentLength && 'content-length'].filter(
    Boolean,
  ) as string[];
  return getSignedUrl(s3, new S3.UploadPartCommand({ Bucket, ...input }), {
    expiresIn: 900,
    signableHeaders: new Set(['host', ...bound]),
    unhoistableHeaders: new Set(bound),
    ...(signingDate && { signingDate }),
  });
}

/** A plain PUT, as a browser sends it. */
export async function put(url: string | URL, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'PUT', body, headers });
  const text = await response.text();
  return { status: response.status, code: /<Code>(.*?)<\/Code>/.exec(text)?.[1], text, headers: response.headers };
}

/** The name of the error that a promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'accepted',
    (error: Error) => error.name,
  );
}
