import * as S3 from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { StoreConfig } from '../config/config.ts';
import type { UploadedPart } from '../contract/wire.ts';
import { RESENDS } from '../http/runtime.ts';
import { type Bucket, type Finished, StoreFault, type Upload } from './bucket.ts';
import { faultOf } from './fault.ts';
import { type PartPage, readPartPage, unquoted } from './partlist.ts';
import { locate, presigner } from './presign.ts';
import { turns } from './turns.ts';

const CREATIONS = 3;
const ABORTS = 5;
/** Parts that a store lists on one page. */
const LISTED_AT_ONCE = 1000;
/** Longer lists are read so many at a time, for the sake of memory … */
const LONG_LISTS = 2;
/** … and no more than so many wait. */
const MOST_WAITING = 500;
/** A store that is silent for so long has lost the request. */
const ANSWER_MS = 20_000;
/** Putting ten thousand parts together takes a store minutes, some of them without a word. */
const COMPLETION_MS = 10 * 60_000;

export const finishedOf = (head: S3.HeadObjectCommandOutput): Finished => ({
  size: head.ContentLength ?? 0,
  etag: unquoted(head.ETag),
  lastModified: (head.LastModified ?? new Date(0)).toISOString(),
  md5Etag: !head.ServerSideEncryption?.startsWith('aws:kms') && !head.SSECustomerAlgorithm,
});

const HANDLER = { connectionTimeout: 5_000, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true };
/** Every request on a connection of its own. */
const APART = { ...HANDLER, httpAgent: { keepAlive: false }, httpsAgent: { keepAlive: false } };

/** How every client of `store` talks to it. */
export const clientOptions = (store: StoreConfig): S3.S3ClientConfig => ({
  region: store.region,
  endpoint: store.endpoint,
  forcePathStyle: store.pathStyle,
  credentials: { accessKeyId: store.accessKey, secretAccessKey: store.secretKey, sessionToken: store.sessionToken },
  // Otherwise the SDK signs the CRC32 of an empty body into presigned URLs.
  requestChecksumCalculation: 'WHEN_REQUIRED',
  responseChecksumValidation: 'WHEN_REQUIRED',
  maxAttempts: 3,
  requestHandler: HANDLER,
});

/** The bucket that `store` describes, over the AWS SDK; opens no connection until it is used. */
export function openBucket(store: StoreConfig): Bucket {
  const options = clientOptions(store);
  const client = new S3.S3Client(options);
  /** For what must not be done twice: the answer to the first attempt may have been lost after it had been done. */
  const once = new S3.S3Client({
    ...options,
    maxAttempts: 1,
    requestHandler: RESENDS ? APART : client.config.requestHandler,
  });

  const Bucket = store.bucket;
  const inTurn = turns(LONG_LISTS, MOST_WAITING);

  async function call<Output>(send: () => Promise<Output>): Promise<Output> {
    try {
      return await send();
    } catch (error) {
      throw faultOf(error);
    }
  }
  const missingIs = async <T>(value: T, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof StoreFault && error.kind === 'missing') return value;
      throw error;
    }
  };

  async function listParts({ key, uploadId }: Upload): Promise<UploadedPart[]> {
    const parts: UploadedPart[] = [];
    let marker: string | undefined;
    do {
      const input = { Bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker };
      const page: PartPage = await call(() => readPartPage(client, input));
      parts.push(...page.parts);
      marker = page.next;
    } while (marker);
    return parts;
  }

  /** Whether the store has more than one part: what was only said to be long waits for nobody. */
  async function isBegun({ key, uploadId }: Upload): Promise<boolean> {
    const input = { Bucket, Key: key, UploadId: uploadId, MaxParts: 1 };
    return (await call(() => readPartPage(client, input))).next !== undefined;
  }

  async function* listUploads(Prefix: string): AsyncGenerator<Upload[]> {
    let markers: { KeyMarker?: string; UploadIdMarker?: string } = {};
    do {
      const input = { Bucket, Prefix, ...markers };
      const page = await call(() => client.send(new S3.ListMultipartUploadsCommand(input)));
      yield (page.Uploads ?? []).map(({ Key, UploadId }) => ({ key: Key!, uploadId: UploadId! }));
      markers = page.IsTruncated ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : {};
    } while (markers.KeyMarker);
  }

  async function findUploads(key: string): Promise<Upload[]> {
    const found: Upload[] = [];
    for await (const page of listUploads(key)) found.push(...page.filter((upload) => upload.key === key));
    return found;
  }

  async function headObject(key: string): Promise<Finished | undefined> {
    const head = await missingIs(
      undefined,
      call(() => client.send(new S3.HeadObjectCommand({ Bucket, Key: key }))),
    );
    return head && finishedOf(head);
  }

  async function abortUpload(upload: Upload): Promise<void> {
    const input = { Bucket, Key: upload.key, UploadId: upload.uploadId };
    // A part in flight may land after the abort: S3 says to repeat it until no part is listed.
    for (let attempt = 0; attempt < ABORTS; attempt++) {
      await missingIs(
        undefined,
        call(() => client.send(new S3.AbortMultipartUploadCommand(input))),
      );
      if (!(await missingIs([], listParts(upload))).length) return;
    }
    throw new StoreFault('unavailable', 'PartsRemain', undefined);
  }

  return {
    provider: store.provider,
    name: Bucket,
    profile: store.profile,
    addressOf: (key) => {
      const { endpoint, host, path } = locate(store, key);
      return `${endpoint.protocol}//${host}${path}`;
    },
    createUpload: async (key, headers) => {
      const input = {
        Bucket,
        Key: key,
        ContentType: headers.contentType,
        ContentDisposition: headers.contentDisposition,
        Metadata: headers.metadata,
      };
      for (let attempt = 1; ; attempt++) {
        try {
          const { UploadId } = await call(() => once.send(new S3.CreateMultipartUploadCommand(input)));
          return { uploadId: UploadId!, alone: attempt === 1 };
        } catch (error) {
          if (!(error instanceof StoreFault && error.kind === 'unavailable') || attempt === CREATIONS) throw error;
          const [begun] = await findUploads(key);
          if (begun) return { uploadId: begun.uploadId, alone: true };
        }
      }
    },
    listUploads,
    findUploads,
    ...presigner(store),
    listParts: async (upload, atMost) =>
      atMost > LISTED_AT_ONCE && (await isBegun(upload)) ? inTurn(() => listParts(upload)) : listParts(upload),
    completeUpload: async ({ key, uploadId }, parts) => {
      const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      const input = { Bucket, Key: key, UploadId: uploadId, MultipartUpload: { Parts } };
      await call(() => client.send(new S3.CompleteMultipartUploadCommand(input), { requestTimeout: COMPLETION_MS }));
    },
    headObject,
    presignGet: (key, expiresIn) => getSignedUrl(client, new S3.GetObjectCommand({ Bucket, Key: key }), { expiresIn }),
    abortUpload,
    deleteObject: async (key) => {
      await call(() => client.send(new S3.DeleteObjectCommand({ Bucket, Key: key })));
    },
    // HEAD would not tell a bucket that is not there from a key that is not.
    ping: async (abortSignal) => {
      await call(() => once.send(new S3.ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 }), { abortSignal }));
    },
    close: () => {
      client.destroy();
      once.destroy();
    },
  };
}
