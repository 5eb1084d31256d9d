import type { ErrorCode } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import type { Ranges } from '../contract/ranges.ts';
import type { Provider, SessionStatus, VerifiedBy } from '../contract/wire.ts';
import { fromMultirange } from './multirange.ts';

/** One row of `multipart_uploads`. */
export interface Session extends Plan {
  id: string;
  userId: string;
  provider: Provider;
  bucket: string;
  fileKey: string;
  /** Of the store's multipart upload; null until it is made, and where there is none. */
  uploadId: string | null;
  filename: string;
  contentType: string;
  stored: Ranges;
  status: SessionStatus;
  leaseHolder: string | null;
  leased: boolean;
  etag: string | null;
  url: string | null;
  verifiedBy: VerifiedBy | null;
  /** What the client says that the finished object's ETag is. */
  objectDigest: string | null;
  /** Base64 of the MD5 that a single PUT is bound to for good; null where it is a multipart upload. */
  partDigest: string | null;
  tokenHash: Uint8Array;
  tokenGeneration: number;
  metadata: Record<string, string>;
  /** Keys to the caller's own bucket, until nothing is left to do there. */
  sealedCredentials: Uint8Array | null;
  /** The bucket is the caller's: none of the configured ones, whatever its name. */
  callersBucket: boolean;
  idempotencyKey: string | null;
  fingerprint: string | null;
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  createdAt: Date;
  updatedAt: Date;
  expiresAt: Date;
}

export interface NewSession extends Plan {
  id: string;
  userId: string;
  apiKeyId: string | null;
  grantId: string | null;
  provider: Provider;
  bucket: string;
  fileKey: string;
  filename: string;
  contentType: string;
  idempotencyKey: string | null;
  fingerprint: string | null;
  partDigest: string | null;
  tokenHash: Uint8Array;
  metadata: Record<string, string>;
  sealedCredentials: Uint8Array | null;
  createdAt: Date;
  expiresAt: Date;
}

export const COLUMNS = `id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size, part_size, total_parts,
  stored_parts::text as stored, status, lease_holder, coalesce(lease_until > now(), false) as leased, etag, url, verified_by,
  object_digest, part_digest, token_hash, token_generation, metadata, sealed_credentials, callers_bucket, idempotency_key, fingerprint, error_code,
  error_message, created_at, updated_at, expires_at`;

/** There is something in the store to send parts to. */
export const BEGUN = '(upload_id is not null or part_digest is not null)';

// biome-ignore lint/suspicious/noExplicitAny: a row of the database, given its type here
export const fromRow = (row: any): Session => ({
  id: row.id,
  userId: row.user_id,
  provider: row.provider,
  bucket: row.bucket,
  fileKey: row.file_key,
  uploadId: row.upload_id,
  filename: row.filename,
  contentType: row.content_type,
  fileSize: Number(row.file_size),
  partSize: Number(row.part_size),
  totalParts: row.total_parts,
  stored: fromMultirange(row.stored),
  status: row.status,
  leaseHolder: row.lease_holder,
  leased: row.leased,
  etag: row.etag,
  url: row.url,
  verifiedBy: row.verified_by,
  objectDigest: row.object_digest,
  partDigest: row.part_digest,
  tokenHash: row.token_hash,
  tokenGeneration: row.token_generation,
  metadata: row.metadata,
  sealedCredentials: row.sealed_credentials,
  callersBucket: row.callers_bucket,
  idempotencyKey: row.idempotency_key,
  fingerprint: row.fingerprint,
  errorCode: row.error_code,
  errorMessage: row.error_message,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  expiresAt: row.expires_at,
});

export const first = (rows: readonly unknown[]): Session | undefined => (rows.length ? fromRow(rows[0]) : undefined);
