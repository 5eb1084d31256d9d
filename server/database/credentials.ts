import type { Sql } from 'postgres';
import type { ErrorCode } from '../contract/errors.ts';
import type { Query, Target } from './connection.ts';

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

/** Returns the key's id. Only the owner of the database may. */
export async function insertApiKey(sql: Sql, userId: string, hash: Uint8Array): Promise<string> {
  const [row] = await sql`
    insert into api_keys (user_id, key_hash) values (${userId}, ${Buffer.from(hash)}) returning id`;
  return row!.id;
}

/** Oldest first. Only the owner of the database may. */
export async function listApiKeys(sql: Sql, userId?: string) {
  const rows = await sql`
    select id, user_id, created_at, revoked_at from api_keys
    ${userId === undefined ? sql`` : sql`where user_id = ${userId}`} order by created_at, id`;
  return rows.map((row): ApiKey & { createdAt: Date; revokedAt: Date | null } => ({
    id: row.id,
    userId: row.user_id,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  }));
}

const REVOKED: ErrorCode = 'KEY_REVOKED';
/** What everybody is told who goes on with what was begun with a revoked key. */
export const REVOKED_MESSAGE = 'The API key that this was begun with has been revoked; begin anew with a valid one.';

/** Whether `error` says that a key was revoked while something was being begun with it. */
export const isKeyRevoked = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'KR001';

/**
 * Revokes the key, fails its open sessions and ends its grants, all at once; `targets` are told of the failures.
 * Undefined where there is no such key; `before` is when it was revoked already. Only the owner of the database may.
 */
export async function revokeApiKey(
  sql: Sql,
  id: string,
  targets: Target[],
): Promise<{ before?: Date; uploads: number; grants: number } | undefined> {
  return sql.begin(async (query) => {
    // First of all: from here on nothing is begun with it, and what is just being begun is waited for.
    const [key] = await query`
      select id, revoked_at from api_keys where id::text = ${id.toLowerCase()} for update`;
    if (!key) return undefined;
    if (key.revoked_at) return { before: key.revoked_at, uploads: 0, grants: 0 };
    await query`update api_keys set revoked_at = now() where id = ${key.id}`;
    const { count: grants } = await query`
      update grants set expires_at = now() where api_key_id = ${key.id} and expires_at > now()`;
    await query`select set_config('partway.events', ${targets.join(',')}, true)`;
    const { count: uploads } = await query`
      update multipart_uploads
      set status = 'failed', error_code = ${REVOKED}, error_message = ${REVOKED_MESSAGE}, lease_holder = null,
        lease_until = null
      where api_key_id = ${key.id} and status in ('active', 'paused', 'completing')`;
    return { uploads, grants };
  });
}

/** Revoked ones, too: whoever holds one may hear so. */
export async function findApiKey(
  sql: Query,
  hash: Uint8Array,
): Promise<(ApiKey & { revokedAt: Date | null }) | undefined> {
  const [row] = await sql`select id, user_id, revoked_at from api_keys where key_hash = ${Buffer.from(hash)}`;
  return row && { id: row.id, userId: row.user_id, revokedAt: row.revoked_at };
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
    select id, user_id, api_key_id, max_bytes, max_files, used_bytes, used_files,
      to_json(content_types) as content_types, expires_at
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
