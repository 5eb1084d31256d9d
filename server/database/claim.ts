import type { Query } from './connection.ts';
import { BEGUN, COLUMNS, first } from './session.ts';

/**
 * Locks the user's open session of that id, or the newest with that fingerprint, until the transaction ends; one that
 * is just being completed only where there is no other. One whose time is over `now` is none, nor one that has changed
 * in the last `idleSeconds`.
 */
export async function lockOpen(
  sql: Query,
  userId: string,
  by: { sessionId: string } | { fingerprint: string },
  now: Date,
  idleSeconds: number,
) {
  return first(
    await sql`
      select ${sql.unsafe(COLUMNS)} from multipart_uploads
      where user_id = ${userId} and status in ('active', 'paused', 'completing') and ${sql.unsafe(BEGUN)}
        and (expires_at > ${now} or status = 'completing')
        and ${idleSeconds ? sql`updated_at <= now() - make_interval(secs => ${idleSeconds})` : sql`true`}
        and ${'sessionId' in by ? sql`id = ${by.sessionId}` : sql`fingerprint = ${by.fingerprint}`}
      order by status = 'completing', created_at desc, id desc limit 1 for update`,
  );
}

/** Makes `hash` the only token of the session. */
export async function replaceToken(sql: Query, id: string, generation: number, hash: Uint8Array) {
  return first(
    await sql`
      update multipart_uploads set token_generation = ${generation}, token_hash = ${Buffer.from(hash)} where id = ${id}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}
