import type { ErrorCode } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import { type Ranges, rangesOf } from '../contract/ranges.ts';
import type { Provider, VerifiedBy } from '../contract/wire.ts';
import type { Query } from './connection.ts';
import { fromMultirange, toMultirange } from './multirange.ts';

export type Status = 'active' | 'paused' | 'completing' | 'completed' | 'aborted' | 'failed';

/** One row of `multipart_uploads`. */
export interface Session extends Plan {
  id: string;
  userId: string;
  provider: Provider;
  bucket: string;
  fileKey: string;
  uploadId: string | null;
  filename: string;
  contentType: string;
  stored: Ranges;
  status: Status;
  leaseHolder: string | null;
  leased: boolean;
  etag: string | null;
  url: string | null;
  verifiedBy: VerifiedBy | null;
  tokenHash: Uint8Array;
  tokenGeneration: number;
  metadata: Record<string, string>;
  idempotencyKey: string | null;
  fingerprint: string | null;
  errorCode: ErrorCode | null;
  errorMessage: string | null;
  createdAt: Date;
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
  tokenHash: Uint8Array;
  metadata: Record<string, string>;
  createdAt: Date;
  expiresAt: Date;
}

const COLUMNS = `id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size, part_size, total_parts,
  stored_parts::text as stored, status, lease_holder, coalesce(lease_until > now(), false) as leased, etag, url, verified_by,
  token_hash, token_generation, metadata, idempotency_key, fingerprint, error_code, error_message, created_at, expires_at`;

// biome-ignore lint/suspicious/noExplicitAny: a row of the database, given its type here
const fromRow = (row: any): Session => ({
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
  tokenHash: row.token_hash,
  tokenGeneration: row.token_generation,
  metadata: row.metadata,
  idempotencyKey: row.idempotency_key,
  fingerprint: row.fingerprint,
  errorCode: row.error_code,
  errorMessage: row.error_message,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
});

const first = (rows: readonly unknown[]): Session | undefined => (rows.length ? fromRow(rows[0]) : undefined);

/** Inserts the row, leased to `holder` while the store's side is made; undefined where the idempotency key is taken. */
export async function insertSession(sql: Query, s: NewSession, holder: string, leaseSeconds: number) {
  return first(
    await sql`
      insert into multipart_uploads (id, user_id, api_key_id, grant_id, provider, bucket, file_key, filename, content_type,
        file_size, part_size, total_parts, idempotency_key, fingerprint, token_hash, metadata, created_at, expires_at,
        lease_holder, lease_until)
      values (${s.id}, ${s.userId}, ${s.apiKeyId}, ${s.grantId}, ${s.provider}, ${s.bucket}, ${s.fileKey}, ${s.filename},
        ${s.contentType}, ${s.fileSize}, ${s.partSize}, ${s.totalParts}, ${s.idempotencyKey}, ${s.fingerprint},
        ${Buffer.from(s.tokenHash)}, ${sql.json(s.metadata)}, ${s.createdAt}, ${s.expiresAt},
        ${holder}, now() + make_interval(secs => ${leaseSeconds}))
      on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

export async function findSession(sql: Query, id: string) {
  return first(await sql`select ${sql.unsafe(COLUMNS)} from multipart_uploads where id = ${id}`);
}

export async function findByIdempotencyKey(sql: Query, userId: string, key: string) {
  return first(
    await sql`select ${sql.unsafe(COLUMNS)} from multipart_uploads where user_id = ${userId} and idempotency_key = ${key}`,
  );
}

/** Gives `holder` the making of the store's upload, where nobody else is at it. */
export async function leaseCreation(sql: Query, id: string, holder: string, leaseSeconds: number) {
  return first(
    await sql`
      update multipart_uploads set lease_holder = ${holder}, lease_until = now() + make_interval(secs => ${leaseSeconds})
      where id = ${id} and upload_id is null and status = 'active' and (lease_until is null or lease_until <= now())
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** Lets the next repeat try at once. */
export async function releaseCreation(sql: Query, id: string, holder: string) {
  return first(
    await sql`
      update multipart_uploads set lease_holder = null, lease_until = null
      where id = ${id} and upload_id is null and lease_holder = ${holder}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

export async function attachUpload(sql: Query, id: string, uploadId: string) {
  return first(
    await sql`
      update multipart_uploads set upload_id = ${uploadId}, lease_holder = null, lease_until = null
      where id = ${id} and upload_id is null and status = 'active'
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** Adds `parts` to what the store is known to have; `instead` replaces it. Undefined where the session is not active. */
export async function recordStored(sql: Query, id: string, parts: Iterable<number>, instead = false) {
  const ranges = toMultirange(rangesOf(parts));
  return first(
    await sql`
      update multipart_uploads
      set stored_parts = ${instead ? sql`` : sql`stored_parts +`} ${ranges}::int4multirange
      where id = ${id} and status = 'active'
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `paused → active`; undefined where the session is neither. */
export async function activate(sql: Query, id: string) {
  return first(
    await sql`
      update multipart_uploads set status = 'active' where id = ${id} and status in ('active', 'paused')
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `active | paused → completing`, or succeeds a holder whose lease has run out. */
export async function leaseCompletion(sql: Query, id: string, holder: string, leaseSeconds: number) {
  return first(
    await sql`
      update multipart_uploads
      set status = 'completing', lease_holder = ${holder}, lease_until = now() + make_interval(secs => ${leaseSeconds})
      where id = ${id} and upload_id is not null
        and (status in ('active', 'paused') or (status = 'completing' and lease_until <= now()))
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

export async function renewLease(sql: Query, id: string, holder: string, leaseSeconds: number) {
  return first(
    await sql`
      update multipart_uploads set lease_until = now() + make_interval(secs => ${leaseSeconds})
      where id = ${id} and lease_holder = ${holder} and status = 'completing'
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `completing → active`, with the parts that the store really has. */
export async function releaseCompletion(sql: Query, id: string, holder: string, stored?: Iterable<number>) {
  return first(
    await sql`
      update multipart_uploads set status = 'active', lease_holder = null, lease_until = null
        ${stored ? sql`, stored_parts = ${toMultirange(rangesOf(stored))}::int4multirange` : sql``}
      where id = ${id} and status = 'completing' and lease_holder = ${holder}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

export async function finishCompletion(
  sql: Query,
  id: string,
  holder: string,
  answer: { etag: string; url: string; verifiedBy: VerifiedBy },
) {
  return first(
    await sql`
      update multipart_uploads
      set status = 'completed', completed_at = now(), lease_holder = null, lease_until = null, etag = ${answer.etag},
        url = ${answer.url}, verified_by = ${answer.verifiedBy},
        stored_parts = int4multirange(int4range(1, total_parts + 1))
      where id = ${id} and status = 'completing' and lease_holder = ${holder}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** To `failed`: from `completing` for its `holder`, from `active | paused` without one. */
export async function failSession(sql: Query, id: string, code: ErrorCode, message: string, holder?: string) {
  return first(
    await sql`
      update multipart_uploads
      set status = 'failed', error_code = ${code}, error_message = ${message}, lease_holder = null, lease_until = null
      where id = ${id}
        and ${holder ? sql`status = 'completing' and lease_holder = ${holder}` : sql`status in ('active', 'paused')`}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** `active | paused → aborted`. */
export async function abortSession(sql: Query, id: string) {
  return first(
    await sql`
      update multipart_uploads set status = 'aborted' where id = ${id} and status in ('active', 'paused')
      returning ${sql.unsafe(COLUMNS)}`,
  );
}
