/** Coming back to uploads of ten thousand parts: time beside one of a thousand, and the server's memory while 200 do. */

import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import type { Upload } from '../../server/bucket/bucket.ts';
import { openBucket } from '../../server/bucket/s3.ts';
import { PROFILES } from '../../server/contract/profiles.ts';
import { apiAt, granted, put, random } from '../api/client.ts';
import { freshName, ORIGIN, storeEnv } from '../api/place.ts';
import { query, serve, serveDatabase, type TestDatabase } from '../api/serve.ts';
import { RUNTIMES } from '../runtime.ts';
import { embeddedStore, makeBucket, type TestStore } from '../store.ts';
import { peakOf } from './process.ts';
import { alternate, ROUNDS, ratios, tell } from './rounds.ts';
import { SECRET, writeSession } from './rows.ts';

const WINDOW = 32;
const MANY = Number(process.env.BENCH_RESUMES ?? 200);

/** An upload of `parts` parts, of which the store lacks the last window. */
async function send(store: TestStore, Bucket: string, parts: number): Promise<Upload> {
  const key = `uploads/${parts}`;
  const { UploadId } = await store.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: key }));
  const upload = { key, uploadId: UploadId! };
  const bucket = openBucket({
    provider: 'S3',
    bucket: Bucket,
    endpoint: store.endpoint,
    region: 'us-east-1',
    accessKey: store.accessKey,
    secretKey: store.secretKey,
    sessionToken: undefined,
    pathStyle: true,
    profile: PROFILES.S3,
  });
  const part = random(1024);
  const numbers = Array.from({ length: parts - WINDOW }, (_, at) => at + 1).values();
  const lane = async () => {
    for (const partNumber of numbers)
      await put(await bucket.presignPart(upload, { partNumber, size: part.length }, 3600), part);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  bucket.close();
  return upload;
}

async function benchResume(): Promise<void> {
  const store = await embeddedStore({ smallestPart: 1024 });
  const bucket = freshName();
  await makeBucket(store, bucket, [ORIGIN]);
  const [small, large] = [await send(store, bucket, 1000), await send(store, bucket, 10_000)];
  const database = await serveDatabase();
  for (const runtime of RUNTIMES) await measure(runtime, store, bucket, database, small, large);
  await database.stop();
  await store.stop();
}

async function measure(
  runtime: (typeof RUNTIMES)[number],
  store: TestStore,
  bucket: string,
  database: TestDatabase,
  small: Upload,
  large: Upload,
): Promise<void> {
  const env = { DATABASE_URL: database.url, PARTWAY_SECRET: SECRET, ...storeEnv(store, bucket) };
  const server = await serve({ env, runtime });
  const [few, ...many] = await query(database.admin(), async (sql) => [
    await writeSession(sql, bucket, small, { parts: 1000 }),
    ...(await Promise.all(Array.from({ length: MANY }, () => writeSession(sql, bucket, large)))),
  ]);
  const api = apiAt(server.url, {});
  const resume = async (resumeToken: string) => {
    const { remainingParts } = granted(await api.call('resume', { resumeToken, partUrlCount: WINDOW }));
    if (remainingParts.length !== WINDOW) throw new Error(`${remainingParts.length} URLs`);
  };
  const times = await alternate(
    { small: () => resume(few!.token), large: () => resume(many[0]!.token) },
    { calls: 2, rounds: Math.min(ROUNDS, 5) },
  );
  tell(`resume, 10,000 parts over 1,000, ${runtime}`, ratios(times.large, times.small), '', '≤ 12');
  tell(
    `resume of 10,000 parts, ${runtime}`,
    times.large.map((time) => time / 1000),
    'ms',
  );
  const idle = peakOf(server.pid());
  await Promise.all(many.map(({ token }) => resume(token)));
  tell(`peak memory before ${MANY} such resumes at once, ${runtime}`, [idle], 'MiB');
  tell(`peak memory after them, ${runtime}`, [peakOf(server.pid())], 'MiB', '< 200');
  await server.stop();
}

await benchResume();
