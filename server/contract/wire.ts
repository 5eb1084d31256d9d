import type { ErrorAnswer, ErrorCode } from './errors.ts';
import type { Progress } from './progress.ts';
import type { Ranges } from './ranges.ts';

export const BASE_PATH = '/api/v1/upload/multipart';

export type Provider = 'S3' | 'R2';
export type VerifiedBy = 'etag' | 'parts' | 'size';
export type SessionStatus = 'active' | 'paused' | 'completing' | 'completed' | 'aborted' | 'failed';

/** A part and the base64 MD5 of its bytes (24 characters), as Content-MD5 wants it (RFC 1864). */
export interface PartDigest {
  partNumber: number;
  digest: string;
}

/** Where one part goes: PUT exactly `size` bytes to `url` with exactly `headers`. */
export interface PartUrl {
  partNumber: number;
  url: string;
  headers: Record<string, string>;
  size: number;
  start: number;
  end: number;
}

export interface GrantRequest {
  maxBytes?: number;
  maxFiles?: number;
  contentTypes?: string[];
  days?: number;
}
export interface GrantAnswer {
  success: true;
  grant: string;
  /** Seconds. */
  expiresIn: number;
  maxBytes: number;
  maxFiles: number;
  contentTypes: string[];
}

export interface InitRequest {
  filename: string;
  fileSize: number;
  contentType: string;
  provider?: Provider;
  partSize?: number;
  metadata?: Record<string, string>;
  partUrlCount?: number;
  parts?: PartDigest[];
  fingerprint?: string;
  /** Another bucket than the configured ones, by a server with an API key; all four of the provider, which must be named. */
  r2AccessKey?: string;
  r2SecretKey?: string;
  r2AccountId?: string;
  r2Bucket?: string;
  s3AccessKey?: string;
  s3SecretKey?: string;
  s3Bucket?: string;
  s3Region?: string;
}
export interface InitAnswer {
  success: true;
  resumeToken: string;
  sessionId: string;
  uploadId: string | null;
  fileKey: string;
  /** Empty where the server's plan is not the one that the caller's digests were made for. */
  partUrls: PartUrl[];
  totalParts: number;
  partSize: number;
  fileSize: number;
  /** Seconds that the part URLs live. */
  expiresIn: number;
  /** Seconds that the session lives. */
  sessionExpiresIn: number;
  /** Milliseconds. */
  initializationTime: number;
  message: string;
}

export interface SignRequest {
  resumeToken: string;
  parts: { partNumber: number; digest?: string }[];
  stored?: number[];
  /** Asks the store itself what it has before signing; parts found there get no URL. */
  reconcile?: boolean;
}
export interface SignAnswer {
  success: true;
  partUrls: PartUrl[];
  /** Seconds that the part URLs live. */
  expiresIn: number;
  /** Parts that the bucket has, as far as the server knows; after `reconcile`, as the bucket says. */
  storedParts: Ranges;
  progress: Progress;
}

export interface ResumeRequest {
  resumeToken: string;
  partUrlCount?: number;
}
export interface UploadedPart {
  partNumber: number;
  etag: string;
  size: number;
  lastModified: string;
}
export interface ResumeAnswer {
  success: true;
  resumeToken: string;
  uploadId: string | null;
  fileKey: string;
  filename: string;
  totalParts: number;
  partSize: number;
  uploadedParts: UploadedPart[];
  remainingParts: PartUrl[];
  progress: Progress;
  /** The mark that `init` was given. */
  fingerprint?: string;
  resumeTime: number;
  message: string;
}

export interface CompleteRequest {
  resumeToken: string;
  parts?: { partNumber: number; etag: string }[];
  /** Hex MD5 of the parts' concatenated MD5s, a dash, and the number of parts: S3's multipart ETag. */
  objectDigest?: string;
}
export interface CompleteAnswer {
  success: true;
  url: string;
  /** Missing where the bucket is the caller's own and the answer is given again. */
  downloadUrl?: string;
  fileKey: string;
  filename: string;
  fileSize: number;
  etag: string;
  verifiedBy: VerifiedBy;
  location: string;
  provider: Provider;
  bucket: string;
  totalParts: number;
  completionTime: number;
  message: string;
}

export interface AbortRequest {
  resumeToken: string;
}
export interface AbortAnswer {
  success: true;
  resumeToken: string;
  message: string;
}

export interface PauseRequest {
  resumeToken: string;
}
export interface PauseAnswer {
  success: true;
  progress: Progress;
}

/** `GET /progress`, with the resume token in `Authorization: Bearer` or `X-Resume-Token`. */
export interface ProgressAnswer {
  success: true;
  status: SessionStatus;
  progress: Progress;
  /** Of a finished upload. */
  url?: string;
  /** Of a failed one. */
  errorCode?: ErrorCode;
  errorMessage?: string;
}

/** The caller's open upload of that id, or its newest one with that fingerprint: one of the two is needed. */
export interface ClaimRequest {
  sessionId?: string;
  fingerprint?: string;
  /** Only one of which the server has heard nothing for so many seconds, so that nobody loses what is still on its way. */
  idleSeconds?: number;
}
export interface ClaimAnswer {
  success: true;
  /** Issued anew: earlier ones of this upload open nothing any more. */
  resumeToken: string;
  sessionId: string;
  status: 'active' | 'paused';
  uploadId: string | null;
  fileKey: string;
  filename: string;
  fileSize: number;
  totalParts: number;
  partSize: number;
  /** Seconds that the session lives. */
  expiresIn: number;
  /** What the server knows of; `resume` asks the store. */
  progress: Progress;
}

/** One upload of the list; times are ISO 8601 in UTC. */
export interface ListedUpload {
  id: string;
  filename: string;
  fileKey: string;
  fileSize: number;
  contentType: string;
  status: SessionStatus;
  progress: Progress;
  createdAt: string;
  updatedAt: string;
  expiresAt: string;
  /** Of a finished upload. */
  url?: string;
  /** Of a failed one. */
  errorCode?: ErrorCode;
  errorMessage?: string;
}
/** `GET /?limit=&cursor=&status=`: the caller's uploads, newest first. */
export interface ListAnswer {
  success: true;
  uploads: ListedUpload[];
  /** For the next page; missing on the last. */
  cursor?: string;
}

/** The calls that a batch may make: request and answer of each. */
interface Batched {
  init: [InitRequest, InitAnswer];
  sign: [SignRequest, SignAnswer];
  complete: [CompleteRequest, CompleteAnswer];
  resume: [ResumeRequest, ResumeAnswer];
  pause: [PauseRequest, PauseAnswer];
  abort: [AbortRequest, AbortAnswer];
  /** Its own `status` is told as `sessionStatus`. */
  claim: [ClaimRequest, Omit<ClaimAnswer, 'status'> & { sessionStatus: ClaimAnswer['status'] }];
  grant: [GrantRequest, GrantAnswer];
}
/** One call: its name, what it asks, and what would be its header `Idempotency-Key` (ASCII). */
export type BatchCall<Name extends keyof Batched = keyof Batched> = {
  [Each in Name]: { call: Each; idempotencyKey?: string } & Batched[Each][0];
}[Name];
/** What it is answered as if it had come alone; `status` is that of HTTP, `retryAfter` in seconds. */
export type BatchedAnswer<Name extends keyof Batched = keyof Batched> = (Batched[Name][1] | ErrorAnswer) & {
  status: number;
  retryAfter?: number;
};
/** 1 to 64 calls, all with the credentials of the batch; they are made side by side, in no order. */
export interface BatchRequest {
  calls: BatchCall[];
}
export interface BatchAnswer {
  success: true;
  /** Each in the place of its call. */
  answers: BatchedAnswer[];
}
