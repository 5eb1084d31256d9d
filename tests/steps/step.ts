/** The server's dependencies, taken a step at a time: every transaction and every request to the store is one. */

import type { Bucket } from '../../server/bucket/bucket.ts';
import type { Deps } from '../../server/deps.ts';

/** `within`: what the transaction does is done, but not yet committed. `after`: it has taken effect, nobody knows of it yet. */
export const MOMENTS = ['before', 'within', 'after'] as const;
export type Moment = (typeof MOMENTS)[number];

/** Called at every moment of every step; the call goes on when it resolves. */
export type Watch = (step: string, moment: Moment) => Promise<void>;

const REQUESTS = [
  'createUpload',
  'findUploads',
  'listParts',
  'completeUpload',
  'headObject',
  'abortUpload',
  'deleteObject',
] as const satisfies (keyof Bucket)[];

export function stepwise(deps: Deps, watch: Watch): Deps {
  async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
    await watch(name, 'before');
    const result = await work();
    await watch(name, 'after');
    return result;
  }
  const watched = (bucket: Bucket): Bucket => {
    const requests = REQUESTS.map((name) => {
      const request = bucket[name] as (...args: unknown[]) => Promise<unknown>;
      return [name, (...args: unknown[]) => step(name, () => request(...args))];
    });
    return { ...bucket, ...Object.fromEntries(requests) };
  };
  const scoped: Deps['database']['scoped'] = (scope, work) =>
    step('database', () =>
      deps.database.scoped(scope, async (sql) => {
        const result = await work(sql);
        await watch('database', 'within');
        return result;
      }),
    );
  return {
    ...deps,
    // What goes in one round trip otherwise is committed apart, too: it may be killed in between.
    database: { ...deps.database, scoped, single: scoped },
    buckets: Object.fromEntries(Object.entries(deps.buckets).map(([name, bucket]) => [name, watched(bucket)])),
  };
}

const never = new Promise<void>(() => {});

/** Lets steps pass until the `at`th, from 0, and stands still for ever at that moment of it. */
export function standAt(at: number, moment: Moment, onStanding: () => void): Watch {
  let step = -1;
  let stands = false;
  return (_, now) => {
    // A lease is renewed by the clock: whoever stands takes no other step.
    if (stands) return never;
    if (now === 'before') step++;
    if (step !== at || now !== moment) return Promise.resolve();
    stands = true;
    onStanding();
    return never;
  };
}
