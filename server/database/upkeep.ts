import type { ErrorCode } from '../contract/errors.ts';
import type { Query } from './connection.ts';
import { COLUMNS, first, fromRow, type Session } from './session.ts';

/** What a janitor may find to do with a session. */
export type Chore = 'overdue' | 'orphaned' | 'unmade' | 'unswept';

const OVERDUE = `status in ('active', 'paused') and expires_at <= now()`;

/** Seconds after which an `init` that can never be repeated is given up. */
const UNMADE_SECONDS = 3600;

const DUE: Record<Chore, string> = {
  overdue: OVERDUE,
  // Whoever was completing it has died.
  orphaned: `status = 'completing' and lease_until <= now()`,
  unmade: `status = 'active' and upload_id is null and part_digest is null and idempotency_key is null
    and created_at <= now() - interval '${UNMADE_SECONDS} seconds' and (lease_until is null or lease_until <= now())`,
  unswept: `status in ('completed', 'aborted', 'failed') and not swept`,
};

/** Takes at most `limit` sessions that have `chore` to be done, for `seconds`; each goes to one janitor. */
export async function takeChores(sql: Query, chore: Chore, limit: number, seconds: number): Promise<Session[]> {
  const rows = await sql`
    with due as (
      select id from multipart_uploads where ${sql.unsafe(DUE[chore])} and tended_until <= now()
      limit ${limit} for update skip locked)
    update multipart_uploads u set tended_until = now() + make_interval(secs => ${seconds})
    from due where u.id = due.id
    returning ${sql.unsafe(COLUMNS.replace(/^id/, 'u.id'))}`;
  return rows.map(fromRow);
}

/** `active | paused → failed`, where it is still overdue. */
export async function expireSession(sql: Query, id: string, code: ErrorCode, message: string) {
  return first(
    await sql`
      update multipart_uploads set status = 'failed', error_code = ${code}, error_message = ${message}
      where id = ${id} and ${sql.unsafe(OVERDUE)}
      returning ${sql.unsafe(COLUMNS)}`,
  );
}

/** The store has nothing left of it, and nobody needs the keys to a caller's bucket any more. */
export async function markSwept(sql: Query, id: string): Promise<void> {
  await sql`update multipart_uploads set swept = true, sealed_credentials = null where id = ${id}`;
}

/** Has it looked after once more, at `when`. */
export async function tendAgain(sql: Query, id: string, when: Date): Promise<void> {
  await sql`update multipart_uploads set tended_until = ${when} where id = ${id}`;
}

/** Removes at most `limit` ended sessions that have outlived their time by `days`; returns how many. */
export async function pruneSessions(sql: Query, days: number, limit: number): Promise<number> {
  const rows = await sql`
    delete from multipart_uploads where id in (
      select id from multipart_uploads where swept and expires_at < now() - make_interval(days => ${days})
      limit ${limit} for update skip locked)
    returning id`;
  return rows.length;
}

/** Removes the grants whose time is over. */
export async function pruneGrants(sql: Query): Promise<void> {
  await sql`delete from grants where expires_at < now() - interval '1 day'`;
}

/** Removes events that were settled and are older than `days`, and those that nobody has come for in thrice that time. */
export async function pruneEvents(sql: Query, days: number): Promise<void> {
  await sql`
    delete from outbox
    where created_at < now() - make_interval(days => ${days})
      and (outcome is not null or created_at < now() - make_interval(days => ${3 * days}))`;
}

/** Whether this server is to do the round of that `name` now; it is due again after `seconds`. */
export async function takeRound(sql: Query, name: 'reconcile', seconds: number): Promise<boolean> {
  const rows = await sql`
    update janitor_rounds set due_at = now() + make_interval(secs => ${seconds})
    where name = ${name} and due_at <= now()
    returning name`;
  return rows.length > 0;
}

/** The sessions of `keys` in `bucket`, a configured one. */
export async function findByKeys(sql: Query, bucket: string, keys: string[]): Promise<Session[]> {
  const rows = await sql`
    select ${sql.unsafe(COLUMNS)} from multipart_uploads
    where file_key collate "C" = any(${keys}) and bucket = ${bucket} and not callers_bucket`;
  return rows.map(fromRow);
}

/**
 * At most `limit` sessions that should have a multipart upload in `bucket`, a configured one, with keys above `after` and up to `last`; in the
 * order of their keys, which is the store's.
 */
export async function findOpenBetween(
  sql: Query,
  bucket: string,
  { after, last, limit }: { after: string; last: string | undefined; limit: number },
): Promise<Session[]> {
  const rows = await sql`
    select ${sql.unsafe(COLUMNS)} from multipart_uploads
    where bucket = ${bucket} and not callers_bucket and status in ('active', 'paused') and upload_id is not null
      and file_key collate "C" > ${after} ${last === undefined ? sql`` : sql`and file_key collate "C" <= ${last}`}
    order by file_key collate "C" limit ${limit}`;
  return rows.map(fromRow);
}
