/** What stands in a database's outbox, as its superuser sees and hastens it. */

import { query } from './serve.ts';

export interface Row {
  id: string;
  target: string;
  event: string;
  attempts: number;
  outcome: string | null;
  /** Seconds until it is due. */
  due: number;
}

export const rowsOf = (admin: string, sessionId: string): Promise<Row[]> =>
  query(admin, async (sql) => [
    ...(await sql<Row[]>`
      select id, target, event, attempts, outcome, extract(epoch from due_at - now())::float as due
      from outbox where session_id = ${sessionId} order by target`),
  ]);

/** Its next attempt is due now, rather than after the lease or the back-off. */
export async function hasten(admin: string, sessionId: string): Promise<void> {
  await query(
    admin,
    (sql) => sql`update outbox set due_at = now() where session_id = ${sessionId} and outcome is null`,
  );
}

/** It happened so many days ago. */
export async function age(admin: string, sessionId: string, days: number): Promise<void> {
  await query(
    admin,
    (sql) => sql`update outbox set created_at = now() - make_interval(days => ${days}) where session_id = ${sessionId}`,
  );
}

/** Resolves when the session's rows are as `check` wants them. */
export async function rowsUntil(admin: string, sessionId: string, check: (rows: Row[]) => boolean): Promise<Row[]> {
  for (;;) {
    const rows = await rowsOf(admin, sessionId);
    if (check(rows)) return rows;
    await Bun.sleep(50);
  }
}

export const settled = (rows: Row[]) => rows.length > 0 && rows.every(({ outcome }) => outcome !== null);
