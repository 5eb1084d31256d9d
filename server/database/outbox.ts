import type { PendingQuery, Row } from 'postgres';
import type { Database, Query, Target } from './connection.ts';

/** An event on its way to one target, taken by this process until its lease ends. */
export interface Delivery {
  /** The same at every attempt, to tell repeats by. */
  id: string;
  event: 'upload.completed' | 'upload.failed';
  data: Record<string, unknown>;
  createdAt: Date;
  /** This attempt's number, from 1. */
  attempt: number;
}

export interface Outbox {
  /** Takes at most `limit` events that are due and makes them due again after `leaseSeconds`, should this process die. */
  take(limit: number, leaseSeconds: number): Promise<Delivery[]>;
  /** Takes the event of one session that nobody has tried to deliver yet. */
  takeFresh(sessionId: string, leaseSeconds: number): Promise<Delivery[]>;
  settle(delivery: Delivery, outcome: 'delivered' | 'gone' | 'dead'): Promise<void>;
  postpone(delivery: Delivery, seconds: number): Promise<void>;
}

/** The events for `target`. Any number of processes may take from it at once; each event goes to one of them. */
export function openOutbox(database: Database, target: Target): Outbox {
  const scoped = <T>(work: (sql: Query) => Promise<T>) => database.single({ service: 'outbox' }, work);
  const take = (leaseSeconds: number, which: (sql: Query) => PendingQuery<Row[]>, limit: number) =>
    scoped(async (sql) => {
      const rows = await sql`
        with due as (
          select id from outbox where target = ${target} and outcome is null and ${which(sql)}
          order by due_at limit ${limit} for update skip locked)
        update outbox set attempts = attempts + 1, due_at = now() + make_interval(secs => ${leaseSeconds})
        from due where outbox.id = due.id
        returning outbox.id, event, data, created_at, attempts`;
      return rows.map(({ id, event, data, created_at: createdAt, attempts: attempt }) => ({
        id,
        event,
        data,
        createdAt,
        attempt,
      }));
    });
  return {
    take: (limit, leaseSeconds) => take(leaseSeconds, (sql) => sql`due_at <= now()`, limit),
    takeFresh: (sessionId, leaseSeconds) =>
      take(leaseSeconds, (sql) => sql`session_id = ${sessionId} and attempts = 0`, 1),
    // An attempt whose lease has run out has no say any more: somebody else is at it.
    settle: (delivery, outcome) =>
      scoped(async (sql) => {
        await sql`
          update outbox set outcome = ${outcome}, settled_at = now()
          where id = ${delivery.id} and attempts = ${delivery.attempt} and outcome is null`;
      }),
    postpone: (delivery, seconds) =>
      scoped(async (sql) => {
        await sql`
          update outbox set due_at = now() + make_interval(secs => ${seconds})
          where id = ${delivery.id} and attempts = ${delivery.attempt} and outcome is null`;
      }),
  };
}
