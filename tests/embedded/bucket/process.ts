/** A bucket in a process of its own, to be killed: `bun process.ts FOLDER` prints its port. */
import { createBucket } from '../../../server/embedded/bucket/app.ts';
import { listen } from '../../../server/runtime.ts';
import { Bucket, KEYS } from './fixture.ts';

const bucket = await createBucket({
  folder: process.argv[2]!,
  accessKey: KEYS.accessKeyId,
  secretKey: KEYS.secretAccessKey,
  buckets: [Bucket],
  origins: () => [],
});
const { port } = await listen({ fetch: bucket.fetch, hostname: '127.0.0.1', port: 0 });
console.log(port);
