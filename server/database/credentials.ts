import type { Sql } from 'postgres';
import type { Query } from './connection.ts';

/** What an API key stands for. */
export interface ApiKey {
  id: string;
  userId: string;
}

export interface Grant {
  id: string;
  userId: string;
  apiKeyId: string | null;
  maxBytes: number;
  maxFiles: number;
  usedBytes: number;
  usedFiles: number;
  contentTypes: string[];
  expiresAt: Date;
}

/** Only the owner of the database may. */
export async function insertApiKey(sql: Sql, userId: string, hash: Uint8Array): Promise<void> {
  await sql`insert into api_keys (user_id, key_hash) values (${userId}, ${Buffer.from(hash)})`;
}

export async function findApiKey(sql: Query, hash: Uint8Array): Promise<ApiKey | undefined> {
  const [row] = await sql`
    select id, user_id from api_keys where key_hash = ${Buffer.from(hash)} and revoked_at is null`;
  return row && { id: row.id, userId: row.user_id };
}

export async function insertGrant(
  sql: Query,
  hash: Uint8Array,
  grant: Pick<Grant, 'userId' | 'apiKeyId' | 'maxBytes' | 'maxFiles' | 'contentTypes' | 'expiresAt'>,
): Promise<void> {
  await sql`
    insert into grants (user_id, api_key_id, grant_hash, max_bytes, max_files, content_types, expires_at)
    values (${grant.userId}, ${grant.apiKeyId}, ${Buffer.from(hash)}, ${grant.maxBytes}, ${grant.maxFiles},
      ${grant.contentTypes}, ${grant.expiresAt})`;
}

export async function findGrant(sql: Query, hash: Uint8Array): Promise<Grant | undefined> {
  const [row] = await sql`
    select id, user_id, api_key_id, max_bytes, max_files, used_bytes, used_files, content_types, expires_at
    from grants where grant_hash = ${Buffer.from(hash)}`;
  return (
    row && {
      id: row.id,
      userId: row.user_id,
      apiKeyId: row.api_key_id,
      maxBytes: Number(row.max_bytes),
      maxFiles: row.max_files,
      usedBytes: Number(row.used_bytes),
      usedFiles: row.used_files,
      contentTypes: row.content_types,
      expiresAt: row.expires_at,
    }
  );
}

/** Takes one file of `bytes` off the grant; false where that is more than it has left. */
export async function spendGrant(sql: Query, id: string, bytes: number): Promise<boolean> {
  const rows = await sql`
    update grants set used_bytes = used_bytes + ${bytes}, used_files = used_files + 1
    where id = ${id} and used_bytes + ${bytes} <= max_bytes and used_files < max_files and expires_at > now()
    returning id`;
  return rows.length > 0;
}
