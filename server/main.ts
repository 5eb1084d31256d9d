import { randomBytes } from 'node:crypto';
import { createApp } from './app.ts';
import type { Bucket } from './bucket/bucket.ts';
import { openBucket } from './bucket/s3.ts';
import { type Config, readConfig } from './config.ts';
import { openDatabase } from './database/connection.ts';
import { migrate } from './database/migrate.ts';
import type { Deps } from './deps.ts';
import { startBucket } from './embedded/bucket.ts';
import { createPage } from './embedded/page.ts';
import { type EmbeddedPostgres, startPostgres } from './embedded/postgres.ts';
import { StartError } from './fault.ts';
import { listenOn } from './listen.ts';

/** What was started, last first to be stopped. */
const running: (() => Promise<unknown>)[] = [];

/** Outlives this process unless it is stopped. */
let postgres: EmbeddedPostgres | undefined;

const say = (line: string) => console.log(line);

const log: Deps['log'] = (event, fields) =>
  console.error(JSON.stringify({ time: new Date().toISOString(), event, ...fields }));

async function start(config: Config): Promise<void> {
  const origins = config.dev ? [...localOrigins(config.port), ...config.allowedOrigins] : config.allowedOrigins;
  let databaseUrl = config.databaseUrl;
  if (!databaseUrl) {
    const database = await startPostgres({ folder: config.dataDir });
    postgres = database;
    running.push(() => database.stop());
    databaseUrl = database.url;
    say(`PostgreSQL  ${database.folder}${database.adopted ? ' (left running by an earlier server, adopted)' : ''}`);
  }
  await migrate(databaseUrl);
  const database = openDatabase(databaseUrl);
  running.push(() => database.close());

  const stores = [...config.stores];
  if (!stores.length) {
    const bucket = await startBucket(config, origins);
    running.push(() => bucket.stop());
    stores.push(bucket.store);
    say(`Bucket      ${bucket.store.endpoint}/${bucket.store.bucket}, in ${bucket.folder}`);
  }
  const buckets: Deps['buckets'] = Object.fromEntries(stores.map((store) => [store.provider, openBucket(store)]));
  const app = createApp({
    database,
    buckets,
    defaultProvider: config.defaultProvider ?? stores[0]!.provider,
    secret: config.secret,
    clock: () => new Date(),
    random: randomBytes,
    keyPrefix: config.keyPrefix,
    publicBaseUrl: config.publicBaseUrl,
    allowedOrigins: origins,
    partDigest: config.partDigest,
    dev: config.dev,
    log,
  });
  if (config.dev)
    app.route(
      '/',
      await createPage(Object.values(buckets).map((bucket: Bucket) => new URL(bucket.addressOf('')).origin)),
    );
  const listener = await listenOn('PORT', {
    fetch: (request, remote) => app.fetch(fromAfar(request, remote)),
    hostname: config.host,
    port: config.port,
  });
  running.push(() => listener.stop());
  say(`Partway     http://${config.dev ? 'localhost' : config.host}:${listener.port}`);
}

/** Host and Origin are the caller's own words: a request from another machine is marked, so that the key `dev` is not for it. */
function fromAfar(request: Request, remote: string): Request {
  if (/^(127\.|::1$|::ffff:127\.)/.test(remote)) return request;
  const headers = new Headers(request.headers);
  headers.append('x-forwarded-for', remote);
  return new Request(request, { headers });
}

const localOrigins = (port: number) => ['localhost', '127.0.0.1', '[::1]'].map((host) => `http://${host}:${port}`);

/** Stops in the opposite order; what is in flight is finished first. */
async function stop(): Promise<void> {
  for (const end of running.splice(0).reverse())
    await end().catch((error) => log('stop', { message: String(error?.message ?? error) }));
}

function onSignal(): void {
  if (stopping) {
    // The database goes down in order even so; it would outlive this process.
    void (postgres?.stop() ?? Promise.resolve()).catch(() => {}).then(() => process.exit(1));
    return;
  }
  stopping = true;
  say('Stopping: finishing what is in flight. Once more to stop at once.');
  // What is just being started has to be up before it can be stopped.
  void starting
    .catch(() => {})
    .then(stop)
    .then(() => process.exit(0));
}

let stopping = false;
let starting: Promise<void> = Promise.resolve();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);

try {
  starting = start(readConfig(process.env, process.argv.slice(2)));
  await starting;
} catch (error) {
  if (stopping) await new Promise(() => {});
  console.error(error instanceof StartError ? error.message : `Partway cannot start: ${(error as Error).message}`);
  await stop();
  process.exit(1);
}
