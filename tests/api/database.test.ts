/** What the server's own database role can see, and how a database is made ready. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { openDatabase, type Scope, SERVER_ROLE } from '../../server/database/connection.ts';
import { startProxy } from '../faults/proxy.ts';
import { embeddedStore } from '../store.ts';
import { apiAt, granted, putAll, random, told } from './client.ts';
import { openPlace, type Place } from './place.ts';
import { run } from './run.ts';
import { query, serve, serveDatabase, type TestDatabase } from './serve.ts';

setDefaultTimeout(60_000);

const sha256 = (text: string) => createHash('sha256').update(text).digest();

describe('a server’s own role', () => {
  let database: TestDatabase;
  let place: Place;
  let tokens: string[];
  beforeAll(async () => {
    database = await serveDatabase();
    place = await openPlace(await embeddedStore({ smallestPart: 1024 }), { env: { DATABASE_URL: database.url } });
    const keys = { annas: 'anna', berts: 'bert' };
    await query(database.url, async (sql) => {
      for (const [key, user] of Object.entries(keys))
        await sql`insert into api_keys (user_id, key_hash) values (${user}, ${sha256(key)})`;
    });
    const begin = (key: string) => apiAt(place.server.url, { 'x-api-key': key }).begin({ size: 3000 });
    tokens = [await begin('annas'), await begin('annas'), await begin('berts')].map((begun) => begun.resumeToken);
    granted(await apiAt(place.server.url, { 'x-api-key': 'annas' }).call('grant', {}));
  });
  afterAll(async () => {
    await place?.stop();
    await database?.stop();
  });

  /** Everything that the server's connection shows to a query without any WHERE. */
  async function seen(scope: Scope) {
    const server = openDatabase(database.url, 1);
    try {
      return await server.scoped(scope, async (sql) => ({
        uploads: (await sql`select user_id from multipart_uploads`).map((row) => row.user_id).sort(),
        keys: (await sql`select user_id from api_keys`).map((row) => row.user_id),
        grants: (await sql`select user_id from grants`).length,
      }));
    } finally {
      await server.close();
    }
  }

  test('is neither superuser, nor owner, nor above row-level security', async () => {
    const server = openDatabase(database.url, 1);
    try {
      const [role] = await server.scoped(
        {},
        (sql) => sql`
        select current_user as name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolcanlogin,
          (select count(*)::integer from pg_class where relowner = pg_roles.oid) as owns
        from pg_roles where rolname = current_user`,
      );
      expect({ ...role }).toEqual({
        name: SERVER_ROLE,
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        rolcreatedb: false,
        rolcanlogin: false,
        owns: 0,
      });
      for (const statement of [
        'drop table grants',
        'alter table multipart_uploads disable row level security',
        'delete from multipart_uploads',
        'update api_keys set revoked_at = now()',
      ])
        await expect(server.scoped({ user: 'anna' }, (sql) => sql.unsafe(statement))).rejects.toMatchObject({
          code: '42501',
        });
    } finally {
      await server.close();
    }
  });

  test('sees nothing without a scope, a user’s own rows, a token’s one row, a key’s one row', async () => {
    expect(await seen({})).toEqual({ uploads: [], keys: [], grants: 0 });
    expect(await seen({ user: 'anna' })).toEqual({ uploads: ['anna', 'anna'], keys: [], grants: 0 });
    expect(await seen({ user: 'bert' })).toEqual({ uploads: ['bert'], keys: [], grants: 0 });
    expect(await seen({ user: "x' or true --" })).toEqual({ uploads: [], keys: [], grants: 0 });
    expect(await seen({ tokenHash: sha256(tokens[0]!) })).toEqual({ uploads: ['anna'], keys: [], grants: 0 });
    expect(await seen({ credentialHash: sha256('berts') })).toEqual({ uploads: [], keys: ['bert'], grants: 0 });
  });

  test('can neither write for another user nor move a row to one', async () => {
    const server = openDatabase(database.url, 1);
    try {
      const rows = await server.scoped(
        { user: 'anna' },
        (sql) => sql`update multipart_uploads set filename = filename where user_id = 'bert' returning id`,
      );
      expect(rows).toHaveLength(0);
      await expect(
        server.scoped({ user: 'anna' }, (sql) => sql`update multipart_uploads set user_id = 'bert'`),
      ).rejects.toMatchObject({ code: '42501' });
      const hash = Buffer.from(random(32));
      await expect(
        server.scoped(
          { user: 'anna' },
          (sql) => sql`
          insert into grants (user_id, grant_hash, max_bytes, max_files, content_types, expires_at)
          values ('bert', ${hash}, 1, 1, '{}', now())`,
        ),
      ).rejects.toMatchObject({ code: '42501' });
    } finally {
      await server.close();
    }
  });

  test('keeps no scope from one transaction to the next on the same connection', async () => {
    const server = openDatabase(database.url, 1);
    try {
      const count = (scope: Scope) =>
        server.scoped(scope, async (sql) => (await sql`select 1 from multipart_uploads`).length);
      expect([
        await count({ user: 'anna' }),
        await count({}),
        await count({ tokenHash: sha256(tokens[2]!) }),
        await count({}),
      ]).toEqual([2, 0, 1, 0]);
    } finally {
      await server.close();
    }
  });

  test('get_upload_progress tells the right figures, to whom they belong', async () => {
    const api = apiAt(place.server.url, { 'x-api-key': 'annas' });
    const bytes = random(2 * 1024 + 10);
    const { resumeToken, partUrls } = await api.begin({ size: bytes.length });
    await putAll(partUrls.slice(1), bytes);
    granted(await api.call('sign', { resumeToken, parts: [], stored: [2, 3] }));
    const progress = async (scope: Scope) => {
      const server = openDatabase(database.url, 1);
      const [row] = await server.scoped(
        scope,
        (sql) => sql`
        select p.* from multipart_uploads u, get_upload_progress(u.id) p where u.token_hash = ${sha256(resumeToken)}`,
      );
      await server.close();
      return row && { ...row };
    };
    const figures = { status: 'active', uploaded: 2, total: 3, uploaded_bytes: '1034', total_bytes: '2058' };
    expect(await progress({ user: 'anna' })).toEqual(figures);
    expect(await progress({ user: 'bert' })).toBeUndefined();
    await putAll(partUrls.slice(0, 1), bytes);
    granted(await api.call('complete', { resumeToken }));
    expect(await progress({ user: 'anna' })).toEqual({
      ...figures,
      status: 'completed',
      uploaded: 3,
      uploaded_bytes: '2058',
    });
  });

  test('nothing in the database opens anything: tokens, grants and keys are kept as hashes alone', async () => {
    const api = apiAt(place.server.url, { 'x-api-key': 'annas' });
    const { grant } = granted(await api.call('grant', {}));
    const text = await query(database.url, async (sql) => {
      const tables = await Promise.all([
        sql`select * from multipart_uploads`,
        sql`select * from grants`,
        sql`select * from api_keys`,
      ]);
      return JSON.stringify(tables, (_, value) =>
        value?.type === 'Buffer' ? Buffer.from(value.data).toString('latin1') : value,
      );
    });
    for (const secret of [...tokens, grant, 'annas', 'berts', place.store.secretKey])
      expect(text).not.toContain(secret);
  });
});

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

  test('may be one of several, new to as many servers at once', async () => {
    const names = ['first', 'second', 'third'];
    const other = await serveDatabase();
    try {
      await query(other.admin(), async (sql) => {
        for (const name of names) await sql.unsafe(`create database ${name} owner partway`);
      });
      const urls = names.map((name) => other.url.replace(/partway$/, name));
      const servers = await Promise.allSettled(urls.map((url) => serve({ env: env(url) })));
      await Promise.all(servers.map((server) => server.status === 'fulfilled' && server.value.stop()));
      expect(servers.map((server) => (server.status === 'rejected' ? String(server.reason) : 'up'))).toEqual([
        'up',
        'up',
        'up',
      ]);
    } finally {
      await other.stop();
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
    const wire = await startProxy({ target: { host: '127.0.0.1', port: Number(new URL(database.url).port) } });
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
      await wire.stop();
    }
  });
});
