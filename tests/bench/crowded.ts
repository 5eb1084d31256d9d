/** A million sessions beside a thousand: what each call takes, by the same server on the same cluster and bucket. */

import { BASE_PATH } from '../../server/contract/wire.ts';
import { createApp, openDeps, readConfig } from '../../server/index.ts';
import { runRound } from '../../server/janitor/janitor.ts';
import { freshName, ORIGIN, storeEnv } from '../api/place.ts';
import { makeFolder, query, removeFolder, serveDatabase } from '../api/serve.ts';
import { BUSY, crowd } from '../crowd.ts';
import { embeddedStore, makeBucket } from '../store.ts';
import { alternate, ratios, tell } from './rounds.ts';
import { SECRET } from './rows.ts';

const SESSIONS = { few: 1000, many: Number(process.env.BENCH_SESSIONS ?? 1_000_000) };
type Size = keyof typeof SESSIONS;

const file = { filename: 'film.mov', fileSize: 100 * 1024, contentType: 'video/quicktime', partSize: 1024 };

async function openCrowd(size: Size, name: string, url: string, admin: string, settings: Record<string, string>) {
  await query(admin, async (sql) => {
    await sql.unsafe(`create database ${name} owner partway`);
  });
  const dataDir = makeFolder();
  const at = (address: string) => address.replace(/[^/]+$/, name);
  const env = { ...settings, DATABASE_URL: at(url), DATA_DIR: dataDir, JANITOR_SECONDS: '0' };
  const opened = await openDeps(readConfig(env, ['--dev']), {
    log: () => {},
    authenticate: (r) => r.headers.get('x-user'),
  });
  const startedAt = performance.now();
  await query(at(admin), async (sql) => {
    await crowd(sql, SESSIONS[size], Math.min(SESSIONS[size], 100_000));
    await sql`vacuum analyze`;
  });
  console.log(`  ${SESSIONS[size]} sessions written in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
  const app = createApp(opened.deps);
  const call = async (path: string, user: string, body?: object) => {
    const headers = { 'content-type': 'application/json', 'x-user': user };
    const method = body ? 'POST' : 'GET';
    const request = new Request(`http://localhost${BASE_PATH}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whichever answer it is
    const answer = (await (await app.fetch(request)).json()) as any;
    if (!answer.success) throw new Error(`${path}: ${answer.error} ${answer.message}`);
    return answer;
  };
  const { sessionId } = await call('/init', 'owner', { ...file, fingerprint: 'mine' });
  let { resumeToken } = await call('/claim', 'owner', { sessionId });
  const ways = {
    init: () => call('/init', 'owner', { ...file, partUrlCount: 1 }),
    sign: () => call('/sign', 'owner', { resumeToken, parts: [{ partNumber: 2 }], stored: [1] }),
    resume: () => call('/resume', 'owner', { resumeToken, partUrlCount: 1 }),
    claim: async () => {
      ({ resumeToken } = await call('/claim', 'owner', { fingerprint: 'mine' }));
    },
    list: () => call('?limit=50', 'user-7'),
    'list of whom a tenth belongs to': () => call('?limit=50', BUSY),
    'list of what that user has open': () => call('?limit=50&status=active', BUSY),
    'list of what that user has paused': () => call('?limit=50&status=paused', BUSY),
    'a janitor’s round': () => runRound(opened.deps, { retentionDays: 30 }),
  };
  return {
    ways,
    async stop() {
      await opened.close();
      removeFolder(dataDir);
    },
  };
}

async function benchCrowded(): Promise<void> {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = freshName();
  await makeBucket(store, bucket, [ORIGIN]);
  // The filling is not what is measured.
  await query(database.admin(), async (sql) => {
    await sql`alter system set max_wal_size = '8GB'`;
    await sql`select pg_reload_conf()`;
  });
  const settings = { PARTWAY_SECRET: SECRET, ...storeEnv(store, bucket) };
  const few = await openCrowd('few', 'few', database.url, database.admin(), settings);
  const many = await openCrowd('many', 'many', database.url, database.admin(), settings);
  for (const name of Object.keys(few.ways) as (keyof typeof few.ways)[]) {
    const times = await alternate({ few: few.ways[name], many: many.ways[name] }, { calls: 25 });
    const target = ['init', 'sign', 'resume'].includes(name) ? '≤ 1.3' : '';
    tell(
      `${name}: with ${SESSIONS.many} sessions over with ${SESSIONS.few}`,
      ratios(times.many, times.few),
      '',
      target,
    );
  }
  await few.stop();
  await many.stop();
  await store.stop();
  await database.stop();
}

await benchCrowded();
