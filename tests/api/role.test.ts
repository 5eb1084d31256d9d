/** What the server's own database role can see and do, without any help of its queries. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { openDatabase, type Scope, SERVER_ROLE } from '../../server/database/connection.ts';
import { granted, putAll, random } from './client.ts';
import { gather, KEYS, type People, sha256 } from './people.ts';
import { query } from './serve.ts';

setDefaultTimeout(180_000);

describe('a server’s own role', () => {
  let people: People;
  let database: People['database'];
  let place: People['place'];
  let tokens: string[];
  beforeAll(async () => {
    people = await gather();
    ({ database, place } = people);
    const { anna, bert } = people;
    const begun = [
      await anna.begin({ size: 3000 }),
      await anna.begin({ size: 3000 }),
      await bert.begin({ size: 3000 }),
    ];
    tokens = begun.map(({ resumeToken }) => resumeToken);
    granted(await anna.call('grant', {}));
  });
  afterAll(() => people?.stop());

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
        'delete from outbox where false; delete from usage',
        'update usage set reserved_bytes = 0',
        'update api_keys set revoked_at = now()',
      ])
        await expect(server.scoped({ user: 'anna' }, (sql) => sql.unsafe(statement))).rejects.toMatchObject({
          code: '42501',
        });
      const deleted = (scope: Scope) =>
        server.scoped(scope, async (sql) => (await sql`delete from multipart_uploads`).count);
      // What is not ended and swept stays, even for the janitor.
      for (const scope of [{ user: 'anna' }, { tokenHash: sha256(tokens[0]!) }, { service: 'janitor' } as const])
        expect(await deleted(scope)).toBe(0);
    } finally {
      await server.close();
    }
  });

  test('keeps every user’s uploads apart even where a query forgets whose it is after, and the diagram of states', async () => {
    const server = openDatabase(database.url, 1);
    const policies = await query(
      database.url,
      (sql) => sql`select policyname from pg_policies where tablename = 'multipart_uploads' order by policyname`,
    );
    expect(policies.map(({ policyname }) => policyname)).toEqual([
      'janitor_alone_deletes',
      'service_all_uploads',
      'token_manages_one_upload',
      'users_manage_own_uploads',
    ]);
    try {
      const users = (scope: Scope) =>
        server.scoped(scope, async (sql) =>
          (await sql`select distinct user_id from multipart_uploads order by user_id`).map((row) => row.user_id),
        );
      expect(await users({ user: 'anna' })).toEqual(['anna']);
      expect(await users({ service: 'janitor' })).toEqual(['anna', 'bert']);
      expect(await users({ service: 'outbox' })).toEqual([]);
      const usage = (scope: Scope) =>
        server.scoped(scope, async (sql) => (await sql`select user_id from usage`).map((row) => row.user_id));
      expect(await usage({ user: 'anna' })).toEqual(['anna']);
      expect(await usage({ service: 'janitor' })).toEqual([]);
      await expect(
        server.scoped({ service: 'janitor' }, (sql) => sql`update multipart_uploads set status = 'completed'`),
      ).rejects.toMatchObject({ code: '23514' });
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
    expect(await seen({ credentialHash: sha256(KEYS.bert) })).toEqual({ uploads: [], keys: ['bert'], grants: 0 });
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

  test('bears the events of the outbox in a scope of its own alone, and can neither invent nor change one', async () => {
    const { anna } = people;
    const { resumeToken, partUrls } = await anna.begin({ size: 10 });
    const server = openDatabase(database.url, 1, ['webhook']);
    try {
      await putAll(partUrls, random(10));
      // As the server ends an upload, with a webhook configured.
      const ended = await server.scoped(
        { tokenHash: sha256(resumeToken) },
        (sql) => sql`update multipart_uploads set status = 'failed', error_code = 'UPLOAD_EXPIRED' returning id`,
      );
      expect(ended).toHaveLength(1);
      const events = (scope: Scope) => server.scoped(scope, async (sql) => (await sql`select data from outbox`).length);
      expect(await events({ service: 'outbox' })).toBe(1);
      for (const scope of [{}, { user: 'anna' }, { tokenHash: sha256(resumeToken) }])
        expect(await events(scope)).toBe(0);
      expect(await seen({ service: 'outbox' })).toEqual({ uploads: [], keys: [], grants: 0 });
      for (const statement of [
        `insert into outbox (target, event, session_id, data, due_at)
          values ('webhook', 'upload.completed', gen_random_uuid(), '{}', now())`,
        `update outbox set data = '{}'`,
        `update outbox set target = 'hook'`,
        'select record_outcome()',
      ])
        await expect(server.scoped({ service: 'outbox' }, (sql) => sql.unsafe(statement))).rejects.toMatchObject({
          code: expect.stringMatching(/^(42501|0A000)$/),
        });
    } finally {
      await server.close();
    }
  });

  test('get_upload_progress tells the right figures, to whom they belong', async () => {
    const { anna: api } = people;
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
    const { anna: api } = people;
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
    for (const secret of [...tokens, grant, ...Object.values(KEYS), place.store.secretKey])
      expect(text).not.toContain(secret);
  });
});
