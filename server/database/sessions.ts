import type { ErrorCode } from '../contract/errors.ts';
import { rangesOf } from '../contract/ranges.ts';
import type { Query } from './connection.ts';
import { toMultirange } from './multirange.ts';
import { BEGUN, COLUMNS, first } from './session.ts';

export async function findSession(sql: Query, id: string) {
  return first(await sql`select ${sql.unsafe(COLUMNS)} from multipart_uploads where id = ${id}`);
}

export async function findByIdempotencyKey(sql: Query, userId: string, key: string) {
  return first(
    await sql`select ${sql.unsafe(COLUMNS)} from multipart_uploads where user_id = ${userId} and idempotency_key = ${key}`,
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

/** `active → paused`; undefined where the session is neither, or it is not begun in the store yet. */
export async function pauseSession(sql: Query, id: string) {
  return first(
    await sql`
      update multipart_uploads set status = 'paused'
      where id = ${id} and status in ('active', 'paused') and ${sql.unsafe(BEGUN)}
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

/** Every open session of the user whose time has run out, to `failed`; how many. */
export async function failOverdue(sql: Query, userId: string, now: Date, code: ErrorCode, message: string) {
  const failed = await sql`
    update multipart_uploads set status = 'failed', error_code = ${code}, error_message = ${message}
    where user_id = ${userId} and status in ('active', 'paused') and expires_at <= ${now}`;
  return failed.count;
}
