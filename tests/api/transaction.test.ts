/** What the server's transactions promise, whatever becomes of the queries in them. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { connect, createServer } from 'node:net';
import { type Database, openDatabase } from '../../server/database/connection.ts';
import { openHost } from './host.ts';
import { openTunnel } from './tunnel.ts';

setDefaultTimeout(180_000);

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

test('a database that falls silent is given up after a while by whoever is in it and whoever waits, and missed no longer than that', async () => {
  const address = new URL(host.database.url);
  const line = await openTunnel(Number(address.port));
  address.port = String(line.port);
  const distant = openDatabase(address.href, 3, [], 500);
  /** As many as there are connections, each in its transaction until all are. */
  const together = () => {
    let begun = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    return [1, 2, 3].map(() =>
      distant.scoped({}, async (sql) => {
        await sql`select 1`;
        if (++begun === 3) resolve();
        await promise;
      }),
    );
  };
  const outcome = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      ({ code }) => code,
    );
  await Promise.all(together());
  const speak = line.silence();
  // One for each connection and two that wait: for one that is made anew, and leads nowhere either.
  const scoped = [1, 2].map(() => outcome(distant.scoped({}, (sql) => sql`select 1`)));
  const single = [3, 4, 5].map(() => outcome(distant.ping()));
  for (const code of await Promise.all([...scoped, ...single]))
    expect(code).toMatch(/^CONNECT(ION_DESTROYED|_TIMEOUT)$/);
  // One connection alone tells of all that lie idle beside it.
  speak();
  await Promise.all(together());
  const speakAgain = line.silence();
  expect(await outcome(distant.ping())).toBe('CONNECTION_DESTROYED');
  speakAgain();
  await Promise.all(together());
  await distant.close();
  await line.down();
});

test('a connection that is lost as soon as it stands is told to who asked for it, and ends nothing', async () => {
  const address = new URL(host.database.url);
  const target = Number(address.port);
  const line = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    near.pipe(far).on('error', () => {});
    near.on('error', () => {}).once('close', () => far.destroy());
    far.on('data', (bytes: Buffer) => {
      near.write(bytes);
      // ReadyForQuery.
      if (bytes.subarray(-6).equals(Buffer.from('Z\0\0\0\x05I'))) near.end();
    });
  });
  await new Promise<void>((resolve) => line.listen(0, '127.0.0.1', resolve));
  address.port = String((line.address() as { port: number }).port);
  const distant = openDatabase(address.href, 3, [], 500);
  const strays: unknown[] = [];
  const stray = (reason: unknown) => strays.push(reason);
  process.on('unhandledRejection', stray);
  const outcomes = await Promise.allSettled([1, 2, 3].map(() => distant.ping()));
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: expect.stringMatching(/CONN/) } });
  await distant.close();
  line.close();
  // Rejections that nobody minds are told of before what is to be done next.
  await new Promise((resolve) => setTimeout(resolve));
  process.off('unhandledRejection', stray);
  expect(strays).toEqual([]);
});
