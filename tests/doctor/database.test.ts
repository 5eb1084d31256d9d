/** What the doctor finds in the database, and leaves as it is. */

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { createServer } from 'node:net';
import { MIGRATIONS, migrate } from '../../server/database/migrate.ts';
import { query, serveDatabase, type TestDatabase } from '../api/serve.ts';
import { freePort } from '../ports.ts';
import { doctor } from './clinic.ts';

setDefaultTimeout(180_000);

let database: TestDatabase;
/** Nothing listens there: the bucket is not what is looked at. */
let env: Record<string, string>;
beforeAll(async () => {
  database = await serveDatabase();
  env = {
    DATABASE_URL: database.url,
    PARTWAY_SECRET: 'x'.repeat(40),
    S3_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    S3_BUCKET: 'none',
    S3_ACCESS_KEY: 'none',
    S3_SECRET_KEY: 'nothing-secret',
  };
});
afterAll(() => database?.stop());

const admin = (...statements: string[]) =>
  query(database.admin(), async (sql) => {
    for (const statement of statements) await sql.unsafe(statement);
  });

async function found(change: Record<string, string> = {}) {
  const diagnosis = await doctor({ ...env, ...change });
  return { ...diagnosis, lines: diagnosis.lines.filter((line) => / (database|migrations|role): /.test(line)) };
}

test('a new one: what the server will do is a note, and the doctor does not do it', async () => {
  const { lines } = await found();
  expect(lines).toEqual([
    expect.stringMatching(/^ok database: PostgreSQL \d+ answers\.$/),
    `note migrations: Not applied yet: ${MIGRATIONS.join(', ')}; the server does it at its start.`,
    'note role: partway_server is not there yet; the server makes it at its start.',
  ]);
  const tables = await query(database.admin(), (sql) => sql`select 1 from pg_tables where schemaname = 'public'`);
  expect(tables).toHaveLength(0);
});

test('a user who may not make the role: what an administrator is to run', async () => {
  await admin('alter role partway nocreaterole');
  const { code, lines, output } = await found();
  expect(lines[2]).toMatch(/^FAULT role: There is no role partway_server/);
  const sql = /(CREATE ROLE .*;)\n +(GRANT .*;)\n/.exec(output)!;
  expect(code).toBe(1);
  await admin(sql[1]!, sql[2]!);
  expect((await found()).lines[2]).toBe('ok role: partway_server is bound by row-level security.');
  await admin('alter role partway createrole');
});

test('one that a server has used, and what would unbind it', async () => {
  await migrate(database.url);
  expect((await found()).lines.slice(1)).toEqual([
    'ok migrations: All are applied.',
    'ok role: partway_server is bound by row-level security.',
  ]);
  for (const [unbind, line] of [
    ['alter role partway_server bypassrls', /^FAULT role: partway_server is above row-level security/],
    ['alter role partway_server superuser', /^FAULT role: partway_server is a superuser/],
    ['alter table grants disable row level security', /^FAULT role: .* does not bind partway_server in grants\.$/],
    ['revoke partway_server from partway', /^FAULT role: DATABASE_URL's user may not act as partway_server/],
  ] as const) {
    await admin(unbind);
    const { code, lines, output } = await found();
    expect(lines[2]).toMatch(line);
    expect(code).toBe(1);
    const [, cure] = /^ {10}((?:ALTER|GRANT) .*;)$/m.exec(output)!;
    await admin(cure!);
    expect((await found()).lines[2]).toBe('ok role: partway_server is bound by row-level security.');
  }
  await admin("insert into partway_migrations (name) values ('9999_later.sql')");
  expect((await found()).lines[1]).toMatch(/^note migrations: A newer release .*9999_later/);
});

test('none, a wrong password, or one that says nothing: a fault for each, without the password', async () => {
  const url = new URL(database.url);
  url.port = String(await freePort());
  expect((await found({ DATABASE_URL: url.href })).lines).toEqual([
    expect.stringMatching(/^FAULT database: No PostgreSQL answers \(ECONNREFUSED\)/),
  ]);
  const wrong = new URL(database.url);
  wrong.password = 'not-this-one';
  expect((await found({ DATABASE_URL: wrong.href })).lines).toEqual([
    expect.stringMatching(/^FAULT database: PostgreSQL refuses the connection/),
  ]);
  const mute = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  url.port = String((mute.address() as { port: number }).port);
  try {
    expect((await found({ DATABASE_URL: url.href })).lines).toEqual([
      'FAULT database: PostgreSQL does not answer within 10 s.',
    ]);
  } finally {
    mute.close();
  }
});
