import type { Profile } from '../contract/profile.ts';
import type { PartUrl, Provider, UploadedPart } from '../contract/wire.ts';

/** A multipart upload in the store. */
export interface Upload {
  key: string;
  uploadId: string;
}

/** What HEAD tells of an object. */
export interface Finished {
  size: number;
  /** Without quotes. */
  etag: string;
  /** ISO 8601. */
  lastModified: string;
  /** Whether ETags of this object are made of MD5s; encryption with KMS or the customer's key makes them opaque. */
  md5Etag: boolean;
}

export interface ObjectHeaders {
  contentType: string;
  contentDisposition: string;
  metadata: Record<string, string>;
}

/** One bucket as the server uses it. Every method rejects with a `StoreFault`. */
export interface Bucket {
  provider: Provider;
  name: string;
  profile: Profile;
  /** The store's canonical address of `key`. */
  addressOf(key: string): string;
  /** Not `alone` where an attempt whose answer was lost may still have made another. */
  createUpload(key: string, headers: ObjectHeaders): Promise<{ uploadId: string; alone: boolean }>;
  /** The unfinished uploads whose keys begin with `prefix`, page by page, in the order of their keys. */
  listUploads(prefix: string): AsyncIterable<Upload[]>;
  /** Those begun for exactly `key`, oldest first. */
  findUploads(key: string): Promise<Upload[]>;
  presignPart(
    upload: Upload,
    part: { partNumber: number; size: number; digest?: string },
    expiresIn: number,
  ): Promise<Pick<PartUrl, 'url' | 'headers'>>;
  /** For a PUT of the whole object, bound to its length, its digest and all that it carries; every header is to be sent exactly so. */
  presignObject(
    key: string,
    object: { size: number; digest: string; headers: ObjectHeaders },
    expiresIn: number,
  ): Promise<Pick<PartUrl, 'url' | 'headers'>>;
  /** Every part the store has, ascending, over all pages; ETags without quotes. Lists that may be long wait for their turn. */
  listParts(upload: Upload, atMost: number): Promise<UploadedPart[]>;
  completeUpload(upload: Upload, parts: { partNumber: number; etag: string }[]): Promise<void>;
  headObject(key: string): Promise<Finished | undefined>;
  presignGet(key: string, expiresIn: number): Promise<string>;
  /** Aborts until the store lists no part, else rejects; an upload that is gone already is no error. */
  abortUpload(upload: Upload): Promise<void>;
  deleteObject(key: string): Promise<void>;
  /** Rejects where the bucket does not answer, or refuses the server; `signal` ends the wait. */
  ping(signal: AbortSignal): Promise<void>;
  /** Drops its connections, which would keep the process alive; what is in flight fails. */
  close(): void;
}

/**
 * What the store answered instead: `missing` (no such upload or object), `invalid` (a part or a size it will not have),
 * `refused` (credentials or permissions: the configuration must be mended), `unavailable` (try again later).
 */
export class StoreFault extends Error {
  readonly kind: 'missing' | 'invalid' | 'refused' | 'unavailable';
  /** The store's own error code, such as `SlowDown`. */
  readonly code: string;

  constructor(kind: StoreFault['kind'], code: string, cause: unknown) {
    super(`The store answered ${code}.`, { cause });
    this.kind = kind;
    this.code = code;
  }
}
