/** A key that is revoked: what was begun with it ends, and nothing else does. */

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Sql } from 'postgres';
import { commandFor, ROOT } from '../runtime.ts';
import { plainEnv } from '../server.ts';
import { embeddedStore } from '../store.ts';
import { type Answer, type Api, apiAt, granted, told } from './client.ts';
import { rowsOf } from './outbox.ts';
import { sha256 } from './people.ts';
import { openWiredPlace, type Place, sendFile } from './place.ts';
import { FILE } from './refusal.ts';
import { query, serveDatabase, type TestDatabase } from './serve.ts';
import { isComplete, stands } from './wire.ts';

setDefaultTimeout(180_000);

let database: TestDatabase;
let place: Awaited<ReturnType<typeof openWiredPlace>>;
beforeAll(async () => {
  database = await serveDatabase();
  place = await openWiredPlace(await embeddedStore({ smallestPart: 1024 }), { env: { DATABASE_URL: database.url } });
});
afterAll(async () => {
  await place?.stop();
  await place?.store.stop();
  await database?.stop();
});

async function keys(args: string[], env: Record<string, string> = {}) {
  const child = spawn(...commandFor('server/keys.ts', args), {
    cwd: ROOT,
    env: plainEnv({ DATABASE_URL: database.url, ...env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stdout: stdout.trim(), stderr: stderr.trim() };
}

interface Listed {
  id: string;
  userId: string;
  createdAt: string;
  revokedAt: string | null;
}

const listed = async (user: string): Promise<Listed[]> =>
  JSON.parse((await keys(['list', '--user', user, '--json'])).stdout);

/** A new key of a new user, and the API as its holder has it. */
async function holder(
  user = `user-${crypto.randomUUID()}`,
): Promise<{ user: string; id: string; key: string; api: Api }> {
  const key = `mpk_${crypto.randomUUID()}`;
  const [row] = await query(
    database.url,
    (sql) => sql`insert into api_keys (user_id, key_hash) values (${user}, ${sha256(key)}) returning id`,
  );
  return { user, id: row!.id, key, api: apiAt(place.server.url, { 'x-api-key': key }) };
}

const status = async (sessionId: string): Promise<[string, string | null]> => {
  const [row] = await query(
    database.url,
    (sql) => sql`select status, error_code from multipart_uploads where id = ${sessionId}`,
  );
  return [row!.status, row!.error_code];
};
const placeOf = (api: Api): Pick<Place, 'api' | 'unit'> => ({ api, unit: place.unit });

test('keys are listed with their users and times, aligned, as JSON too, and never themselves', async () => {
  const anna = await holder();
  const bert = await holder(`bert \u001b[31m ☃`);
  await keys(['revoke', bert.id]);
  const { stdout, code } = await keys(['list']);
  const lines = stdout.split('\n');
  const times = ' +\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z  ';
  expect(code).toBe(0);
  expect(lines[0]).toMatch(/^ID +USER +CREATED +REVOKED$/);
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${anna.id}  ${anna.user}${times}-$`)));
  expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${bert.id}  bert �\\[31m ☃${times}\\d{4}-.*Z$`)));
  expect(new Set(lines.map((line) => line.search(/\d{4}-\d\d-\d\dT|CREATED/))).size).toBe(1);
  expect(await listed(anna.user)).toEqual([
    { id: anna.id, userId: anna.user, createdAt: expect.stringMatching(/Z$/), revokedAt: null },
  ]);
  expect(stdout + (await keys(['list', '--json'])).stdout).not.toContain(anna.key.slice(4));
});

test('the open uploads of a revoked key fail, paused ones too, and say why; its finished ones and others’ stay', async () => {
  const anna = await holder();
  const other = await holder(anna.user);
  const done = await sendFile(placeOf(anna.api));
  granted(await done.complete());
  const [open, paused, aborted] = [
    await sendFile(placeOf(anna.api)),
    await sendFile(placeOf(anna.api)),
    await anna.api.begin({ size: 10 }),
  ];
  granted(await anna.api.call('pause', { resumeToken: paused.resumeToken }));
  granted(await anna.api.call('abort', { resumeToken: aborted.resumeToken }));
  const theirs = await sendFile(placeOf(other.api));
  const { grant } = granted(await anna.api.call('grant', {}));
  const granter = apiAt(place.server.url, { authorization: `Bearer ${grant}` });
  const byGrant = await granter.begin({ size: 10 });
  const { grant: otherGrant } = granted(await other.api.call('grant', {}));

  const { code, stdout } = await keys(['revoke', anna.id]);
  expect([code, stdout]).toEqual([
    0,
    `Key ${anna.id} is revoked: 3 unfinished uploads have failed, 1 grants have expired.`,
  ]);
  const refused = await anna.api.list();
  expect([...told(refused), refused.body.message]).toEqual([401, 'UNAUTHENTICATED', 'This API key has been revoked.']);
  expect(told(await granter.call('init', FILE))).toEqual([401, 'GRANT_EXPIRED']);
  for (const { resumeToken } of [open, paused, byGrant])
    for (const call of ['resume', 'complete', 'pause'] as const) {
      const answer = await place.api.call(call, { resumeToken }, {});
      expect([call, ...told(answer), answer.body.message!]).toEqual([
        call,
        403,
        'KEY_REVOKED',
        expect.stringMatching(/revoked; begin anew/),
      ]);
    }
  expect(granted(await place.api.progress(open.resumeToken)).status).toBe('failed');
  const { uploads } = granted(await other.api.list({ status: 'failed' }));
  expect(uploads.map(({ errorCode }) => errorCode)).toEqual(Array(3).fill('KEY_REVOKED'));

  expect(await status(done.sessionId)).toEqual(['completed', null]);
  expect(await status(aborted.sessionId)).toEqual(['aborted', null]);
  granted(await done.complete(apiAt(place.server.url, {})));
  granted(await theirs.complete());
  granted(await apiAt(place.server.url, { authorization: `Bearer ${otherGrant}` }).call('init', FILE));
});

test('a repeated revocation changes nothing and is no fault; an unknown id is one', async () => {
  const { id, user } = await holder();
  expect((await keys(['revoke', id.toUpperCase()])).code).toBe(0);
  const before = await listed(user);
  const again = await keys(['revoke', id]);
  expect([again.code, again.stdout]).toEqual([0, `Key ${id} was revoked already, at ${before[0]!.revokedAt}.`]);
  expect(await listed(user)).toEqual(before);
  for (const unknown of [crypto.randomUUID(), "' or true --"]) {
    const { code, stdout, stderr } = await keys(['revoke', unknown]);
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      `There is no key ${unknown}; partway-keys list shows those that there are.`,
    ]);
  }
});

test('the webhook is told of the uploads that fail, where there is one', async () => {
  for (const [env, expected] of [
    [{ WEBHOOK_URL: 'https://app.example.com/hook' }, [['webhook', 'upload.failed']]],
    [{}, []],
  ] as [Record<string, string>, string[][]][]) {
    const { id, api } = await holder();
    const { sessionId } = await api.begin({ size: 10 });
    await keys(['revoke', id], env);
    const rows = await rowsOf(database.admin(), sessionId);
    expect(rows.map(({ target, event }) => [target, event])).toEqual(expected);
  }
});

describe('a key that is revoked at the same moment', () => {
  test('as an upload is completed does not leave it completed', async () => {
    const { id, api } = await holder();
    const file = await sendFile(placeOf(api));
    const release = place.wire.hold(isComplete);
    const completing = file.complete();
    await stands(place.wire, isComplete);
    expect(await status(file.sessionId)).toEqual(['completing', null]);
    expect((await keys(['revoke', id])).stdout).toContain('1 unfinished uploads');
    release();
    expect(told(await completing)).toEqual([403, 'KEY_REVOKED']);
    expect(await status(file.sessionId)).toEqual(['failed', 'KEY_REVOKED']);
    expect(told(await file.complete(apiAt(place.server.url, {})))).toEqual([403, 'KEY_REVOKED']);
  });

  test('as it begins an upload or a grant begins neither', async () => {
    const { id, api } = await holder();
    const waiting = (sql: Sql) => sql`select pid from pg_locks where not granted`;
    const begun = await query(database.admin(), async (sql) => {
      const calls = await sql.begin(async (query) => {
        await query`update api_keys set revoked_at = now() where id = ${id}`;
        // Known still, until this is committed.
        const calls = [api.call('init', FILE), api.call('grant', {})];
        while ((await waiting(query as unknown as Sql)).length < calls.length) await Bun.sleep(20);
        return { calls };
      });
      return Promise.all(calls.calls);
    });
    expect(begun.map((answer) => told(answer as Answer<object>))).toEqual([
      [403, 'KEY_REVOKED'],
      [403, 'KEY_REVOKED'],
    ]);
    const [rows] = await query(
      database.url,
      (sql) => sql`
        select (select count(*)::integer from multipart_uploads where api_key_id = ${id}) as uploads,
          (select count(*)::integer from grants where api_key_id = ${id}) as grants`,
    );
    expect(rows).toEqual({ uploads: 0, grants: 0 });
  });

  test('as uploads and grants are begun with it leaves none of them open', async () => {
    const { id, api, user } = await holder();
    const lanes = Array.from({ length: 8 }, async () => {
      for (;;) {
        const answer = await api.call('init', FILE);
        await api.call('grant', {});
        if (answer.status !== 200) return told(answer);
      }
    });
    const { code } = await keys(['revoke', id]);
    const ends = await Promise.all(lanes);
    expect(code).toBe(0);
    for (const end of ends)
      expect(end).toBeOneOf([
        [401, 'UNAUTHENTICATED'],
        [403, 'KEY_REVOKED'],
      ]);
    const [open] = await query(
      database.url,
      (sql) => sql`
        select (select count(*)::integer from multipart_uploads where user_id = ${user} and status <> 'failed') as uploads,
          (select count(*)::integer from grants where user_id = ${user} and expires_at > now()) as grants`,
    );
    expect(open).toEqual({ uploads: 0, grants: 0 });
  });
});
