/** An app of somebody else, with the server inside. */

import { Hono } from 'hono';
import { listen } from '../../server/http/runtime.ts';
import { createApp, type Deps, type Hooks, openDeps, readConfig } from '../../server/index.ts';
import { embeddedStore, makeBucket } from '../store.ts';
import { freshName, ORIGIN, storeEnv } from './place.ts';
import { makeFolder, removeFolder, serveDatabase } from './serve.ts';

export interface Logged {
  event: string;
  fields: Record<string, unknown>;
}

/** The dependencies of an embedded server over a database and a bucket of its own; `again` is another server there. */
export async function openHost(hooks: Hooks = {}, env: Record<string, string> = {}) {
  const database = await serveDatabase();
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = freshName();
  const dataDir = makeFolder();
  await makeBucket(store, bucket, [ORIGIN]);
  const settings = {
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    PARTWAY_SECRET: 'a secret of at least 32 characters',
    ALLOWED_ORIGINS: ORIGIN,
    ...storeEnv(store, bucket),
    ...env,
  };
  /** What went wrong. */
  const logged: Logged[] = [];
  const closers: (() => Promise<void>)[] = [];

  async function open(hooks: Hooks, more: Record<string, string> = {}): Promise<Deps> {
    const opened = await openDeps(readConfig({ ...settings, ...more }, ['--dev']), {
      ...hooks,
      log: (event, fields) => event !== 'request' && logged.push({ event, fields }),
    });
    closers.push(opened.close);
    return opened.deps;
  }
  const deps = await open(hooks);
  return {
    deps,
    logged,
    database,
    store,
    bucket,
    again: open,
    async stop() {
      for (const close of closers) await close();
      await store.stop();
      await database.stop();
      removeFolder(dataDir);
    },
  };
}

/** Serves the app on a port of its own. */
export async function serveApp(app: Hono) {
  const listener = await listen({ fetch: (request) => app.fetch(request), hostname: '127.0.0.1', port: 0 });
  return { url: `http://127.0.0.1:${listener.port}`, stop: () => listener.stop() };
}

/** `createApp` alone. */
export const serveUploads = (deps: Deps) => serveApp(new Hono().route('/', createApp(deps)));
