import type { Query } from './connection.ts';
import { COLUMNS, first, type NewSession } from './session.ts';

/** Inserts the row, leased to `holder` while the store's side is made, if there is one to be made; undefined where the idempotency key is taken. */
export async function insertSession(sql: Query, s: NewSession, holder: string | null, leaseSeconds: number) {
  return first(
    await sql`
      insert into multipart_uploads (id, user_id, api_key_id, grant_id, provider, bucket, file_key, filename, content_type,
        file_size, part_size, total_parts, idempotency_key, fingerprint, part_digest, token_hash, metadata, sealed_credentials, callers_bucket,
        created_at, expires_at, lease_holder, lease_until)
      values (${s.id}, ${s.userId}, ${s.apiKeyId}, ${s.grantId}, ${s.provider}, ${s.bucket}, ${s.fileKey}, ${s.filename},
        ${s.contentType}, ${s.fileSize}, ${s.partSize}, ${s.totalParts}, ${s.idempotencyKey}, ${s.fingerprint}, ${s.partDigest},
        ${Buffer.from(s.tokenHash)}, ${sql.json(s.metadata)}, ${s.sealedCredentials && Buffer.from(s.sealedCredentials)},
        ${s.sealedCredentials !== null}, ${s.createdAt}, ${s.expiresAt}, ${holder},
        ${holder === null ? sql`null` : sql`now() + make_interval(secs => ${leaseSeconds})`})
      on conflict (user_id, idempotency_key) where idempotency_key is not null do nothing
      returning ${sql.unsafe(COLUMNS)}`,
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
