import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProbe } from '../bucket/probe.ts';
import type { Config, StoreConfig } from '../config/config.ts';
import { pageOrigins } from '../config/origins.ts';
import { migrate } from '../database/migrate.ts';
import { startBucket, storeAt } from '../embedded/bucket.ts';
import { findPostgres, startPostgres } from '../embedded/postgres.ts';

/** Of the running server, or of our own in a folder that goes with `stop()`. */
export interface Local<T> {
  of: T;
  own: boolean;
  stop(): Promise<void>;
}

const running = <T>(of: T): Local<T> => ({ of, own: false, stop: async () => {} });

/** The embedded bucket that `npm start` has at `BUCKET_PORT`, else one as it would start it. */
export async function localBucket(config: Config, signal: AbortSignal): Promise<Local<StoreConfig>> {
  const store = storeAt(config.bucketPort);
  const probe = openProbe(store, signal);
  const { status } = await probe.listUploads(config.keyPrefix).finally(probe.close);
  if (status) return running(store);
  const folder = temporaryFolder();
  const bucket = await startBucket({ ...config, dataDir: folder, bucketPort: 0 }, pageOrigins(config));
  return { of: bucket.store, own: true, stop: () => bucket.stop().finally(() => remove(folder)) };
}

/** The address of the embedded PostgreSQL that `npm start` has in `DATA_DIR`, else of one as it would start it. */
export async function localDatabase(config: Config): Promise<Local<string>> {
  const url = await findPostgres(config.dataDir);
  if (url) return running(url);
  const folder = temporaryFolder();
  const database = await startPostgres({ folder });
  const stop = () => database.stop().finally(() => remove(folder));
  await migrate(database.url).catch(async (error) => {
    await stop();
    throw error;
  });
  return { of: database.url, own: true, stop };
}

/** Open enough for the user that PostgreSQL runs as under root. */
function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'partway-doctor-'));
  chmodSync(folder, 0o711);
  return folder;
}

const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true });
