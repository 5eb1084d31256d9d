import { mkdir, readdir } from 'node:fs/promises';
import { BucketError } from '../errors.ts';
import { type Bucket, makeBucket, openBucket } from './bucket.ts';
import { locks } from './lock.ts';

/** All buckets of one folder. One process at a time may have it open. */
export interface Store {
  all(): Bucket[];
  has(name: string): boolean;
  /** Throws NoSuchBucket. */
  bucket(name: string): Bucket;
  /** Resolves also where the bucket is there already. Throws InvalidBucketName. */
  create(name: string, now: number): Promise<void>;
}

/** S3: 3 to 63 of lower-case letters, digits, dots and hyphens; strict, as the name is a folder's. */
const NAME = /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export async function openStore(folder: string): Promise<Store> {
  // What people upload is not for the machine's other users.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const buckets = new Map<string, Bucket>();
  const hold = locks();
  for (const name of await readdir(folder)) {
    const bucket = NAME.test(name) ? await openBucket(folder, name) : undefined;
    if (bucket) buckets.set(name, bucket);
  }
  return {
    all: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    has: (name) => buckets.has(name),
    bucket(name) {
      const bucket = buckets.get(name);
      if (!bucket) throw new BucketError('NoSuchBucket', 'The specified bucket does not exist.');
      return bucket;
    },
    async create(name, now) {
      if (!NAME.test(name)) throw new BucketError('InvalidBucketName', 'The specified bucket is not valid.');
      await hold(name, async () => {
        if (buckets.has(name)) return;
        await makeBucket(folder, name, now);
        buckets.set(name, (await openBucket(folder, name))!);
      });
    },
  };
}
