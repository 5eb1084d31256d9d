/** How a database is made ready, and what happens when it goes away. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { migrate } from '../../server/database/migrate.ts';
import { apiAt, granted, told } from './client.ts';
import { run } from './run.ts';
import { query, serve, serveDatabase, type TestDatabase } from './serve.ts';
import { openTunnel } from './tunnel.ts';

setDefaultTimeout(60_000);

describe('a database', () => {
  let database: TestDatabase;
  const env = (url: string) => ({ DATABASE_URL: url });
  beforeAll(async () => {
    database = await serveDatabase();
  });
  afterAll(() => database?.stop());

  test('that is empty is made ready by two servers at once', async () => {
    const servers = await Promise.all([serve({ env: env(database.url) }), serve({ env: env(database.url) })]);
    try {
      for (const server of servers) await apiAt(server.url).begin({ size: 10 });
      const names = await query(database.url, (sql) => sql`select name from partway_migrations order by name`);
      expect(new Set(names.map((row) => row.name)).size).toBe(names.length);
      expect(names.length).toBeGreaterThan(0);
    } finally {
      await Promise.all(servers.map((server) => server.stop()));
    }
  });

  test('may be one of several, each new to a server that starts at the same moment', async () => {
    const fresh = await serveDatabase();
    try {
      const names = Array.from({ length: 12 }, (_, n) => `number_${n}`);
      await query(fresh.admin(), async (sql) => {
        for (const name of names) await sql.unsafe(`create database ${name} owner partway`);
      });
      const outcomes = names.map((name) =>
        migrate(fresh.url.replace(/partway$/, name)).then(
          () => 'ready',
          (error: Error) => error.message,
        ),
      );
      expect(await Promise.all(outcomes)).toEqual(names.map(() => 'ready'));
    } finally {
      await fresh.stop();
    }
  });

  test('whose user may make no role: the SQL to run is printed, and it is enough', async () => {
    const fresh = await serveDatabase();
    try {
      await query(fresh.admin(), async (sql) => {
        await sql.unsafe(`create role "humble one" login password 'plain'`);
        await sql.unsafe('create database humble owner "humble one"');
      });
      const address = new URL(fresh.admin('humble'));
      address.username = 'humble one';
      address.password = 'plain';
      const refused = await run({ DATABASE_URL: address.href });
      expect(refused.code).toBe(1);
      expect(refused.output).not.toContain('    at ');
      const statements = refused.output
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => /^(CREATE|GRANT) .*;$/.test(line));
      expect(statements.length).toBeGreaterThan(0);
      await query(fresh.admin(), async (sql) => {
        for (const statement of statements) await sql.unsafe(statement);
      });
      const server = await serve({ env: env(address.href) });
      try {
        await apiAt(server.url).begin({ size: 10 });
      } finally {
        await server.stop();
      }
    } finally {
      await fresh.stop();
    }
  });

  test('that goes away and comes back: callers are told when to try again, and it goes on', async () => {
    const wire = await openTunnel(Number(new URL(database.url).port));
    const url = new URL(database.url);
    url.port = String(wire.port);
    const server = await serve({ env: env(url.href) });
    try {
      const api = apiAt(server.url);
      const { resumeToken } = await api.begin({ size: 10 });
      await wire.down();
      const refused = await api.call('resume', { resumeToken });
      expect(told(refused)).toEqual([503, 'DATABASE_UNAVAILABLE']);
      expect(refused.retryAfter).toBeGreaterThan(0);
      await wire.up();
      granted(await api.call('resume', { resumeToken }));
    } finally {
      await server.stop();
      await wire.down();
    }
  });
});
