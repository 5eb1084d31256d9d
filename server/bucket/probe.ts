import * as S3 from '@aws-sdk/client-s3';
import type { StoreConfig } from '../config/config.ts';
import type { UploadedPart } from '../contract/wire.ts';
import { type Answer, answerTo } from './answer.ts';
import type { Finished, ObjectHeaders, Upload } from './bucket.ts';
import { faultOf } from './fault.ts';
import { unquoted } from './partlist.ts';
import { clientOptions, finishedOf } from './s3.ts';

/** A rule of the bucket's life cycle, as far as it touches what the server makes. */
export interface LifecycleRule {
  id: string;
  enabled: boolean;
  /** Begins the keys that it is for; more conditions may narrow it down. */
  prefix: string;
  /** Days until it aborts an incomplete upload. */
  abortDays: number | undefined;
  /** Days until it deletes an object. */
  expireDays: number | undefined;
}

/** What a probe has made in the bucket, or may have made. */
export interface Traces {
  uploads: Upload[];
  keys: Set<string>;
  /** Of a bucket that keeps versions. */
  versions: { key: string; version: string }[];
}

export type Probe = ReturnType<typeof openProbe>;

/**
 * The server's own calls of a bucket, each asked once and answered whatever comes of it. One call at a time.
 * Rejects only with the reason of `signal`.
 */
export function openProbe(store: StoreConfig, signal: AbortSignal) {
  const client = new S3.S3Client({ ...clientOptions(store), maxAttempts: 1 });
  const Bucket = store.bucket;
  const traces: Traces = { uploads: [], keys: new Set(), versions: [] };

  let heard: { statusCode: number; headers: Record<string, string> } | undefined;
  client.middlewareStack.add(
    (next) => async (args) => {
      const output = await next(args);
      heard = output.response as typeof heard;
      return output;
    },
    // Before the answer is read: a refusal is thrown then.
    { step: 'deserialize', priority: 'low' },
  );

  const ask = <Output, T>(
    send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
    read: (output: Output) => T,
  ): Promise<Answer<T>> =>
    answerTo(signal, async (abortSignal) => {
      heard = undefined;
      const output = await send({ abortSignal }).catch((error) => {
        if (!heard) throw error;
        return faultOf(error);
      });
      const { statusCode: status, headers } = heard!;
      if (output instanceof Error) return { status, headers, code: (output as { code?: string }).code };
      return { status, headers, result: read(output) };
    });

  const noteVersion = (key: string, version: string | undefined) => {
    if (version && version !== 'null') traces.versions.push({ key, version });
  };
  const named = ({ key, uploadId }: Upload) => ({ Bucket, Key: key, UploadId: uploadId });

  return {
    traces,
    listUploads: (prefix: string): Promise<Answer<Upload[]>> =>
      ask(
        (options) => client.send(new S3.ListMultipartUploadsCommand({ Bucket, Prefix: prefix }), options),
        ({ Uploads = [] }) => Uploads.map(({ Key, UploadId }) => ({ key: Key!, uploadId: UploadId! })),
      ),
    createUpload: (key: string, headers: ObjectHeaders): Promise<Answer<Upload>> => {
      // Even where no answer comes, it may be there.
      traces.keys.add(key);
      const input = {
        Bucket,
        Key: key,
        ContentType: headers.contentType,
        ContentDisposition: headers.contentDisposition,
        Metadata: headers.metadata,
      };
      return ask(
        (options) => client.send(new S3.CreateMultipartUploadCommand(input), options),
        ({ UploadId }) => {
          const upload = { key, uploadId: UploadId! };
          traces.uploads.push(upload);
          return upload;
        },
      );
    },
    listParts: (upload: Upload): Promise<Answer<Pick<UploadedPart, 'partNumber' | 'etag' | 'size'>[]>> =>
      ask(
        (options) => client.send(new S3.ListPartsCommand(named(upload)), options),
        ({ Parts = [] }) =>
          Parts.map(({ PartNumber, ETag, Size }) => ({ partNumber: PartNumber!, etag: unquoted(ETag), size: Size! })),
      ),
    /** Answers the ETag, '' where the store does not tell it. */
    completeUpload: (upload: Upload, parts: Pick<UploadedPart, 'partNumber' | 'etag'>[]): Promise<Answer<string>> => {
      const Parts = parts.map(({ partNumber, etag }) => ({ PartNumber: partNumber, ETag: etag }));
      return ask(
        (options) =>
          client.send(new S3.CompleteMultipartUploadCommand({ ...named(upload), MultipartUpload: { Parts } }), options),
        ({ ETag, VersionId }) => {
          noteVersion(upload.key, VersionId);
          return unquoted(ETag);
        },
      );
    },
    headObject: (key: string): Promise<Answer<Finished>> =>
      ask((options) => client.send(new S3.HeadObjectCommand({ Bucket, Key: key }), options), finishedOf),
    abortUpload: (upload: Upload): Promise<Answer> =>
      ask(
        (options) => client.send(new S3.AbortMultipartUploadCommand(named(upload)), options),
        () => undefined,
      ),
    /** Without `version` a bucket that keeps versions only hides the object. */
    deleteObject: (key: string, version?: string): Promise<Answer> =>
      ask(
        (options) => client.send(new S3.DeleteObjectCommand({ Bucket, Key: key, VersionId: version }), options),
        ({ VersionId }) => version ?? noteVersion(key, VersionId),
      ),
    lifecycle: (): Promise<Answer<LifecycleRule[]>> =>
      ask(
        (options) => client.send(new S3.GetBucketLifecycleConfigurationCommand({ Bucket }), options),
        ({ Rules = [] }) =>
          Rules.map((rule) => ({
            id: rule.ID ?? '',
            enabled: rule.Status === 'Enabled',
            prefix: rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? rule.Prefix ?? '',
            abortDays: rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation,
            expireDays: rule.Expiration?.Days,
          })),
      ),
    /** Replaces all rules of the bucket by this one. */
    putLifecycle: (id: string, prefix: string, abortDays: number): Promise<Answer> => {
      const rule: S3.LifecycleRule = {
        ID: id,
        Status: 'Enabled',
        Filter: { Prefix: prefix },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: abortDays },
      };
      const input = { Bucket, LifecycleConfiguration: { Rules: [rule] } };
      return ask(
        (options) => client.send(new S3.PutBucketLifecycleConfigurationCommand(input), options),
        () => undefined,
      );
    },
    deleteLifecycle: (): Promise<Answer> =>
      ask(
        (options) => client.send(new S3.DeleteBucketLifecycleCommand({ Bucket }), options),
        () => undefined,
      ),
    close: () => client.destroy(),
  };
}
