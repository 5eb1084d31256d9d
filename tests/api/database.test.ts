/** How a database is made ready, and what happens when it goes away. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { migrate } from '../../server/database/migrate.ts';
import { apiAt, granted, told } from './client.ts';
import { run } from './run.ts';
import { query, serve, serveDatabase, type TestDatabase } from './serve.ts';
import { openTunnel } from './tunnel.ts';

setDefaultTimeout(180_000);

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

  test('is ready also where another server of its user has made the role and is not granted it yet', async () => {
    const fresh = await serveDatabase();
    try {
      await query(fresh.url, (sql) => sql`create role partway_server nologin`);
      await migrate(fresh.url);
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

  test('that ends connections in the middle of their transactions: each caller is told, and none is missing afterwards', async () => {
    const server = await serve({ env: env(database.url) });
    try {
      const api = apiAt(server.url);
      const { resumeToken } = await api.begin({ size: 10 });
      const report = () => api.call('sign', { resumeToken, parts: [], stored: [1] });
      await query(database.admin(), async (sql) => {
        // What holds the row back, so that every report stands in its transaction until its connection is ended.
        const holder = await sql.reserve();
        await holder`begin`;
        await holder`select from multipart_uploads where filename = 'film.bin' for update`;
        await query(database.admin(), async (admin) => {
          for (let round = 0; round < 3; round++) {
            // As many as the server has connections, and some that wait for one.
            let waiting = 25;
            const reports = Array.from({ length: waiting }, async () => {
              const answer = await report();
              waiting--;
              return answer;
            });
            while (waiting)
              await admin`
                select pg_terminate_backend(pid) from pg_stat_activity
                where application_name = 'partway' and datname = current_database() and wait_event_type = 'Lock'`;
            for (const answer of await Promise.all(reports)) {
              expect(told(answer)).toEqual([503, 'DATABASE_UNAVAILABLE']);
              expect(answer.retryAfter).toBeGreaterThan(0);
            }
          }
        });
        await holder`rollback`;
        holder.release();
      });
      expect(granted(await api.progress(resumeToken)).progress.uploaded).toBe(0);
      for (const answer of await Promise.all(Array.from({ length: 25 }, report)))
        expect(granted(answer).progress.uploaded).toBe(1);
    } finally {
      await server.stop();
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
