import { randomBytes } from 'node:crypto';
import { startAnnouncing, targetsOf } from './announce.ts';
import { openBucket } from './bucket/s3.ts';
import type { Config } from './config/config.ts';
import { pageOrigins } from './config/origins.ts';
import { createShelf } from './credentials/shelf.ts';
import { openDatabase } from './database/connection.ts';
import { migrate } from './database/migrate.ts';
import type { Deps } from './deps.ts';
import { createMetrics } from './health/metrics.ts';
import { type Check, createReadiness } from './health/readiness.ts';
import type { Hooks } from './hooks.ts';
import { openIdentity } from './identity/jwt.ts';
import { startJanitor } from './janitor/janitor.ts';
import { createLog, type Log } from './log/log.ts';
import { openGate } from './rate/gate.ts';

export interface OpenOptions extends Hooks {
  /** Told one line for each embedded default that is started. */
  say?: (line: string) => void;
  /** Told of requests and of what goes wrong; default: one line of JSON on standard error. Fields never hold anything secret. */
  log?: Deps['log'];
  /** Told as soon as the embedded PostgreSQL runs: it outlives this process unless it is stopped. */
  onPostgres?: (postgres: { stop(): Promise<void> }) => void;
}

export interface Opened {
  /** For `createApp`. */
  deps: Deps;
  /** How the database and each bucket stand; asks them at most once a second, takes 2 s at most. */
  checks(): Promise<Check[]>;
  /** What this server has counted, and how it stands: Prometheus' text format 0.0.4. */
  metrics(): Promise<string>;
  /** Lets what is in flight finish and closes everything that was opened, last first. */
  close(): Promise<void>;
}

/** Connections to the database. */
const POOL = 20;
/** Buckets of callers that are kept open. */
const BROUGHT = 100;

/**
 * Opens what `createApp` needs: brings the database to the newest migration, opens its pool and the buckets, and
 * starts the embedded PostgreSQL and bucket where `config` names none, and tells `onVerified` and the webhook how
 * uploads end. Rejects with a `StartError` that says what to do.
 *
 * @example
 * const partway = await openDeps(readConfig(process.env), { onVerified: ({ fileKey }) => publish(fileKey) });
 * app.route('/', createApp(partway.deps));
 * process.once('SIGTERM', () => partway.close());
 */
export async function openDeps(config: Config, options: OpenOptions = {}): Promise<Opened> {
  const journal = createLog(config.logLevel, options.log);
  journal.hide(config);
  /** Last first to be stopped. */
  const running: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of running.splice(0).reverse())
      await end().catch((error) => journal.log('stop', { message: String(error?.message ?? error) }));
  };
  try {
    return { ...(await open(config, options, journal, running)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  config: Config,
  { say, onPostgres, authenticate, beforeInit, onVerified }: OpenOptions,
  { log, hide }: Log,
  running: (() => Promise<unknown>)[],
): Promise<Omit<Opened, 'close'>> {
  const allowedOrigins = pageOrigins(config);
  let { databaseUrl } = config;
  if (!databaseUrl) {
    const { startPostgres } = await import('./embedded/postgres.ts');
    const embedded = await startPostgres({ folder: config.dataDir });
    running.push(() => embedded.stop());
    onPostgres?.(embedded);
    databaseUrl = embedded.url;
    say?.(`PostgreSQL  ${embedded.folder}${embedded.adopted ? ' (left running by an earlier server, adopted)' : ''}`);
  }
  hide(databaseUrl);
  await migrate(databaseUrl);
  const tellers = { onVerified, webhook: config.webhook };
  const targets = targetsOf(tellers);
  const database = openDatabase(databaseUrl, POOL, targets);
  running.push(() => database.close());

  const stores = [...config.stores];
  if (!stores.length) {
    const { startBucket } = await import('./embedded/bucket.ts');
    const embedded = await startBucket(config, allowedOrigins);
    running.push(() => embedded.stop());
    stores.push(embedded.store);
    say?.(`Bucket      ${embedded.store.endpoint}/${embedded.store.bucket}, in ${embedded.folder}`);
  }
  hide(stores);
  const announcing = targets.length ? startAnnouncing(database, tellers, log) : undefined;
  if (announcing) running.push(announcing.stop);
  const buckets = stores.map(openBucket);
  const broughtBuckets = createShelf(BROUGHT);
  // Last of all: what is in flight may still need them.
  running.unshift(async () => {
    for (const bucket of [...buckets, broughtBuckets]) bucket.close();
  });
  const core = {
    database,
    buckets: Object.fromEntries(buckets.map((bucket) => [bucket.provider, bucket])),
    clock: () => new Date(),
    log,
  };
  const checks = createReadiness(core);
  const { metrics, scrape } = createMetrics({ database, checks });
  const deps: Deps = {
    ...core,
    defaultProvider: config.defaultProvider ?? stores[0]!.provider,
    secret: config.secret,
    previousSecrets: config.previousSecrets,
    requestCredentials: config.requestCredentials,
    openBucket,
    broughtBuckets,
    random: randomBytes,
    keyPrefix: config.keyPrefix,
    publicBaseUrl: config.publicBaseUrl,
    allowedOrigins,
    partDigest: config.partDigest,
    limits: config.limits,
    gate: openGate(config.rates),
    dev: config.dev,
    identify: config.identity && openIdentity(config.identity),
    metrics,
    authenticate,
    beforeInit,
    announce: announcing?.announce,
  };
  if (config.janitorSeconds) running.push(startJanitor(deps, config.janitorSeconds, config).stop);
  return { deps, checks, metrics: scrape };
}
