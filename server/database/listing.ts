import type { SessionStatus } from '../contract/wire.ts';
import type { Query } from './connection.ts';
import { COLUMNS, fromRow, type Session } from './session.ts';

/** A place in the list, newest first; `at` is in microseconds since 1970, exact, which a `Date` is not. */
export interface Place {
  at: string;
  id: string;
}

/** Everybody's open sessions, by status: for whoever looks after all of them. */
export async function countOpen(sql: Query): Promise<Record<'active' | 'paused' | 'completing', number>> {
  const rows = await sql`
    select status, count(*)::integer as count from multipart_uploads
    where status in ('active', 'paused', 'completing') group by status`;
  return {
    active: 0,
    paused: 0,
    completing: 0,
    ...Object.fromEntries(rows.map(({ status, count }) => [status, count])),
  };
}

/** At most `limit` sessions of the user, newest first, those after `after` only. */
export async function listSessions(
  sql: Query,
  userId: string,
  { limit, after, status }: { limit: number; after?: Place | undefined; status?: SessionStatus | undefined },
): Promise<{ session: Session; place: Place }[]> {
  // A plan kept for any user would sort all that this one ever had.
  const planned = sql`set local plan_cache_mode = force_custom_plan`.execute();
  const listed = sql`
    select ${sql.unsafe(COLUMNS)}, (extract(epoch from created_at) * 1000000)::bigint as at
    from multipart_uploads
    where user_id = ${userId}
      ${status ? sql`and status = ${status}` : sql``}
      ${after ? sql`and (created_at, id) < (to_timestamp(0) + ${after.at}::bigint * interval '1 microsecond', ${after.id}::uuid)` : sql``}
    order by created_at desc, id desc limit ${limit}`;
  const [rows] = await Promise.all([listed, planned]);
  return rows.map((row) => ({ session: fromRow(row), place: { at: row.at, id: row.id } }));
}
