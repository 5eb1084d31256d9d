/** A bucket in a process of its own, in any runtime: `process.ts OPTIONS`, which are JSON. See tests/bucket.ts. */

import process from 'node:process';
import { createInterface } from 'node:readline';
import { createBucket } from '../../../server/embedded/bucket/app.ts';
import { listen } from '../../../server/http/runtime.ts';
import type { BucketProcessOptions } from '../../bucket.ts';

const { port, origins, ...options } = JSON.parse(process.argv[2]!) as BucketProcessOptions;
let now: string = '';
const bucket = await createBucket({
  ...options,
  origins: () => origins,
  clock: () => (now ? new Date(now) : new Date()),
}).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
const listener = await listen({ fetch: bucket.fetch, hostname: '127.0.0.1', port });
process.once('SIGTERM', () => void listener.stop().then(() => process.exit(0)));
createInterface(process.stdin)
  .on('line', (line) => {
    now = line;
    console.log(line);
  })
  // Whoever started it has gone.
  .on('close', () => process.exit(1));
console.log(listener.port);
