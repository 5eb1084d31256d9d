import type { Progress } from './progress.ts';
import type { Ranges } from './ranges.ts';

export const BASE_PATH = '/api/v1/upload/multipart';

export type Provider = 'S3' | 'R2';
export type VerifiedBy = 'etag' | 'parts' | 'size';

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
}
export interface InitAnswer {
  success: true;
  resumeToken: string;
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
