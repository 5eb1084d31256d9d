/** One `sign` of 32 parts that reports 32 others, beside a bare route that does the same; and what a transaction costs. */

import { createHash } from 'node:crypto';
import { Hono } from 'hono';
import postgres from 'postgres';
import { createApp } from '../../server/app.ts';
import { partRange } from '../../server/contract/plan.ts';
import { BASE_PATH } from '../../server/contract/wire.ts';
import { SERVER_ROLE } from '../../server/database/connection.ts';
import { recordStored } from '../../server/database/sessions.ts';
import type { Deps } from '../../server/deps.ts';
import { hashToken } from '../../server/token.ts';
import { openHost, serveApp } from '../api/host.ts';
import { alternate, ratios, tell } from './rounds.ts';
import { SECRET, writeSession } from './rows.ts';

const WINDOW = 32;
const LANES = 8;
const PARTS = 10_000;
const plan = { fileSize: PARTS * 1024, partSize: 1024, totalParts: PARTS };

const digestOf = (n: number) => createHash('md5').update(String(n)).digest('base64');

/** The next call for a session that goes on window by window; enough of them for all rounds, as no part is signed twice. */
function steps(token: string) {
  let at = 0;
  return () => {
    at = (at + WINDOW) % (PARTS - 2 * WINDOW);
    const parts = Array.from({ length: WINDOW }, (_, n) => ({
      partNumber: at + WINDOW + n + 1,
      digest: digestOf(at + n),
    }));
    return { resumeToken: token, parts, stored: Array.from({ length: WINDOW }, (_, n) => at + n + 1) };
  };
}

/** What a team would write by hand: who asks is set, one UPDATE, the URLs. */
function bareApp({ buckets }: Deps, sql: postgres.Sql): Hono {
  return new Hono().post('/sign', async (context) => {
    const { id, user, parts, stored } = await context.req.json();
    const answer = await sql.begin(async (query) => {
      await query`select set_config('partway.user_id', ${user}, true)`;
      const [row] = await query`
        update multipart_uploads
        set stored_parts = stored_parts + ${`{[${stored[0]},${stored.at(-1) + 1})}`}::int4multirange
        where id = ${id} and status = 'active' returning file_key, upload_id`;
      return Promise.all(
        parts.map(async ({ partNumber, digest }: { partNumber: number; digest: string }) => {
          const range = partRange(plan, partNumber);
          const upload = { key: row!.file_key, uploadId: row!.upload_id };
          return { ...range, ...(await buckets.S3!.presignPart(upload, { ...range, digest }, 900)) };
        }),
      );
    });
    return context.json({ partUrls: answer });
  });
}

async function benchSign(): Promise<void> {
  const host = await openHost({}, { PARTWAY_SECRET: SECRET });
  const admin = postgres(host.database.admin(), { max: 20, onnotice: () => {} });
  const connection = { role: SERVER_ROLE } as Record<string, string>;
  const sql = postgres(host.database.url, { max: 20, onnotice: () => {}, connection });
  const upload = { key: 'uploads/bench', uploadId: 'a-store-is-not-asked' };
  const rows = await Promise.all(Array.from({ length: 4 * LANES }, () => writeSession(admin, host.bucket, upload)));

  const ours = createApp(host.deps);
  const bare = bareApp(host.deps, sql);
  const turn = (bodies: (() => object)[]) => {
    let at = 0;
    return () => JSON.stringify(bodies[at++ % bodies.length]!());
  };
  const oursNext = turn(rows.slice(0, 2 * LANES).map(({ token }) => steps(token)));
  const bareNext = turn(
    rows.slice(2 * LANES).map(({ id }) => {
      const next = steps('');
      return () => ({ id, user: 'bench', ...next() });
    }),
  );
  const post = async (fetch: (request: Request) => Response | Promise<Response>, url: string, body: string) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(new Request(url, { method: 'POST', headers, body }));
    const { partUrls } = (await response.json()) as { partUrls?: unknown[] };
    if (partUrls?.length !== WINDOW) throw new Error(`${response.status}`);
  };
  const served = { ours: await serveApp(ours), bare: await serveApp(bare) };
  for (const [how, go] of Object.entries({
    'in process': { ours: (r: Request) => ours.fetch(r), bare: (r: Request) => bare.fetch(r) },
    'over HTTP': { ours: (r: Request) => fetch(r), bare: (r: Request) => fetch(r) },
  })) {
    const times = await alternate(
      {
        ours: () => post(go.ours, `${served.ours.url}${BASE_PATH}/sign`, oursNext()),
        bare: () => post(go.bare, `${served.bare.url}/sign`, bareNext()),
      },
      { calls: 200, lanes: LANES },
    );
    tell(`sign of ${WINDOW} parts, rate over the bare route's, ${how}`, ratios(times.bare, times.ours), '', '≥ 0.6');
    tell(`the same, one call, ${how}`, times.ours, 'µs');
  }
  await Promise.all([served.ours.stop(), served.bare.stop()]);

  let at = 0;
  const next = () => rows[at++ % rows.length]!;
  const stored = Array.from({ length: WINDOW }, (_, n) => n + 1);
  const scope = (token: string) => ({ tokenHash: hashToken(token) });
  const before =
    await admin`select n_tup_upd::int as updated, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'multipart_uploads'`;
  const times = await alternate(
    {
      bare: () => recordStored(admin, next().id, stored),
      byHand: () => {
        const { id, token } = next();
        return sql.begin(async (query) => {
          await query`select set_config('partway.token_hash', ${Buffer.from(hashToken(token)).toString('hex')}, true)`;
          return recordStored(query, id, stored);
        });
      },
      scoped: () => {
        const { id, token } = next();
        return host.deps.database.scoped(scope(token), (query) => recordStored(query, id, stored));
      },
      single: () => {
        const { id, token } = next();
        return host.deps.database.single(scope(token), (query) => recordStored(query, id, stored));
      },
    },
    { calls: 300, lanes: LANES },
  );
  tell(
    'rate of an UPDATE over a bare one: BEGIN, set_config, UPDATE, COMMIT by hand',
    ratios(times.bare, times.byHand),
    '',
  );
  tell('the same by `scoped`: BEGIN goes with the query', ratios(times.bare, times.scoped), '');
  tell('the same by `single`: one round trip', ratios(times.bare, times.single), '');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const after =
    await admin`select n_tup_upd::int as updated, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'multipart_uploads'`;
  tell(
    'share of those updates that touched no index (HOT)',
    [(after[0]!.hot - before[0]!.hot) / (after[0]!.updated - before[0]!.updated)],
    '',
  );
  await Promise.all([admin.end(), sql.end()]);
  await host.stop();
}

await benchSign();
