/** Sessions that stand in the database as if the server had begun them. */

import { randomBytes } from 'node:crypto';
import type postgres from 'postgres';
import type { Upload } from '../../server/bucket/bucket.ts';
import { hashToken, newId, resumeToken } from '../../server/token.ts';

export const SECRET = 'a secret of at least 32 characters';

/** Writes an active session of `parts` parts of 1 KiB for `upload`; `sql` must be a superuser's. */
export async function writeSession(
  sql: postgres.Sql,
  bucket: string,
  { key, uploadId }: Upload,
  { user = 'bench', parts = 10_000 }: { user?: string; parts?: number } = {},
): Promise<{ id: string; token: string }> {
  const id = newId(randomBytes);
  const token = resumeToken(SECRET, id, 1);
  await sql`
    insert into multipart_uploads (id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size,
      part_size, total_parts, token_hash, expires_at)
    values (${id}, ${user}, 'S3', ${bucket}, ${key}, ${uploadId}, 'film.mov', 'video/quicktime', ${parts * 1024}, 1024,
      ${parts}, ${Buffer.from(hashToken(token))}, now() + interval '6 days')`;
  return { id, token };
}

/** Gives `user` `count` active sessions of ten parts, marked `print-1` and so on. */
export async function writeOpen(sql: postgres.Sql, bucket: string, user: string, count: number): Promise<void> {
  await sql`
    insert into multipart_uploads (id, user_id, provider, bucket, file_key, upload_id, filename, content_type, file_size,
      part_size, total_parts, fingerprint, token_hash, created_at, expires_at)
    select gen_random_uuid(), ${user}, 'S3', ${bucket}, 'uploads/' || ${user} || '/' || n, 'upload-' || n,
      'IMG_' || n || '.mov', 'video/quicktime', 10240, 1024, 10, 'print-' || n, sha256((${user} || n)::bytea),
      now() - interval '1 minute' * n, now() + interval '6 days'
    from generate_series(1, ${count}::int) as n`;
}
