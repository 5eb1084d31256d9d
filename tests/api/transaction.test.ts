/** What the server's transactions promise, whatever becomes of the queries in them. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Database } from '../../server/database/connection.ts';
import { openHost } from './host.ts';

setDefaultTimeout(60_000);

let host: Awaited<ReturnType<typeof openHost>>;
let database: Database;
beforeAll(async () => {
  host = await openHost();
  ({ database } = host.deps);
});
afterAll(() => host?.stop());

test('many at once on few connections: each sees its own scope, and whoever has none sees none', async () => {
  const users = Array.from({ length: 200 }, (_, n) => (n % 4 ? `user ' \\ ${n} \u{1f600}` : undefined));
  const seen = await Promise.all(
    users.map((user) =>
      database[Math.random() < 0.5 ? 'single' : 'scoped'](user ? { user } : {}, async (sql) => {
        const [row] =
          await sql`select nullif(current_setting('partway.user_id', true), '') as user, ${user ?? ''} as given`;
        return row?.user ?? undefined;
      }),
    ),
  );
  expect(seen).toEqual(users);
});

test('a user’s name that the database cannot have opens nothing', async () => {
  const query = database.single({ user: 'anna\0' }, (sql) => sql`select 1 as one`);
  await expect(query).rejects.toMatchObject({ code: '22021' });
});

test('a query that fails undoes the ones before it, even where nobody minds', async () => {
  const janitor = { service: 'janitor' } as const;
  const due = () => database.single(janitor, async (sql) => (await sql`select due_at from janitor_rounds`)[0]!.due_at);
  const before = await due();
  const change = "update janitor_rounds set due_at = due_at + interval '1 day'";
  const failing = [
    database.scoped(janitor, async (sql) => {
      await sql.unsafe(change);
      await sql`select 1 / 0`;
    }),
    database.scoped(janitor, async (sql) => {
      await sql.unsafe(change);
      await sql`select 1 / 0`.catch(() => {});
    }),
    database.scoped(janitor, async (sql) => {
      await sql.unsafe(change);
      throw new Error('a mistake');
    }),
  ];
  for (const outcome of await Promise.allSettled(failing)) expect(outcome.status).toBe('rejected');
  expect(await due()).toEqual(before);
});

test('a single transaction takes no second query', async () => {
  const two = database.single({}, async (sql) => {
    await sql`select 1`;
    await sql`select 2`;
  });
  await expect(two).rejects.toThrow('one query');
});
