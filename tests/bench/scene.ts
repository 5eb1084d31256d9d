/** PostgreSQL and a bucket, and servers over them in whichever runtime, each a process of its own. */

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readRecord } from '../../server/embedded/postgres/postmaster.ts';
import { freshName, ORIGIN, storeEnv } from '../api/place.ts';
import { query, serve, serveDatabase } from '../api/serve.ts';
import { crowd } from '../crowd.ts';
import type { Runtime } from '../runtime.ts';
import type { Server } from '../server.ts';
import { embeddedStore, makeBucket } from '../store.ts';
import { callerOf } from './caller.ts';
import { processorOf } from './process.ts';
import { SECRET } from './rows.ts';

/** Of what a database that has a thousand sessions is compared with. */
export const SESSIONS = { few: 1000, many: Number(process.env.BENCH_SESSIONS ?? 1_000_000) };

/** Adds `sessions` sessions, of which a tenth belongs to one user; `admin` is a superuser's address. */
export async function fill(admin: string, sessions: number): Promise<void> {
  const startedAt = performance.now();
  await query(admin, async (sql) => {
    await crowd(sql, sessions, Math.min(sessions, 100_000));
    await sql`vacuum analyze`;
  });
  console.error(`  ${sessions} sessions written in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`);
}

export const keyOf = (user: string) => ({ 'x-api-key': `mpk_${user}` });

/** Lets `user` in by `keyOf`; `admin` is a superuser's address. */
export async function addUser(admin: string, user: string): Promise<void> {
  const hash = createHash('sha256').update(keyOf(user)['x-api-key']).digest();
  await query(admin, (sql) => sql`insert into api_keys (user_id, key_hash) values (${user}, ${hash})`);
}

export type Scene = Awaited<ReturnType<typeof setScene>>;
export type BenchServer = Awaited<ReturnType<Scene['open']>>;

async function setScene() {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = freshName();
  await makeBucket(store, bucket, [ORIGIN]);
  // The filling is not what is measured.
  await query(database.admin(), async (sql) => {
    await sql`alter system set max_wal_size = '8GB'`;
    await sql`select pg_reload_conf()`;
  });
  const settings = { PARTWAY_SECRET: SECRET, JANITOR_SECONDS: '0', ...storeEnv(store, bucket) };

  const servers = new Set<Server>();

  return {
    database,
    store,
    bucket,
    settings,
    /** Milliseconds of the processor that PostgreSQL has used. */
    postgres: processorOf(readRecord(join(database.folder, 'data'))!.pid),
    /** The address of a database of its own for this `name`. */
    async found(name: string): Promise<string> {
      await query(database.admin(), (sql) => sql.unsafe(`create database ${name} owner partway`));
      return database.url.replace(/[^/]+$/, name);
    },
    async open(runtime: Runtime, address = database.url, env: Record<string, string> = {}, flags: string[] = []) {
      const server = await serve({ runtime, flags, env: { DATABASE_URL: address, ...settings, ...env } });
      servers.add(server);
      return {
        pid: server.pid(),
        async stop() {
          servers.delete(server);
          await server.stop();
        },
        processor: processorOf(server.pid()),
        call: callerOf(fetch, server.url),
      };
    },
    async stop() {
      await Promise.all([...servers].map((server) => server.stop()));
      await store.stop();
      await database.stop();
    },
  };
}

/** Whatever comes of it, nothing is left running. */
export async function onScene(work: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await setScene();
  await work(scene).finally(scene.stop);
}
