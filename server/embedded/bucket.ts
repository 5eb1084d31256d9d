import { join } from 'node:path';
import type { Config, StoreConfig } from '../config/config.ts';
import { PROFILES } from '../contract/profiles.ts';
import { listenOn } from '../http/listen.ts';
import { createBucket } from './bucket/app.ts';

const NAME = 'uploads';
const ACCESS_KEY = 'partway';
const SECRET_KEY = 'partway-local-secret';

/** The embedded bucket that listens on `port`. */
export const storeAt = (port: number): StoreConfig => ({
  provider: 'S3',
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  bucket: NAME,
  accessKey: ACCESS_KEY,
  secretKey: SECRET_KEY,
  sessionToken: undefined,
  pathStyle: true,
  profile: PROFILES.generic,
});

/** Starts the embedded bucket on loopback, in `DATA_DIR/bucket`; pages of `origins` may talk to it. */
export async function startBucket(
  config: Config,
  origins: string[],
): Promise<{ store: StoreConfig; folder: string; stop(): Promise<void> }> {
  const folder = join(config.dataDir, 'bucket');
  const bucket = await createBucket({
    folder,
    accessKey: ACCESS_KEY,
    secretKey: SECRET_KEY,
    buckets: [NAME],
    origins: () => origins,
  });
  const listener = await listenOn('BUCKET_PORT', {
    fetch: (request) => bucket.fetch(request),
    hostname: '127.0.0.1',
    port: config.bucketPort,
  });
  return { store: storeAt(listener.port), folder, stop: () => listener.stop() };
}
