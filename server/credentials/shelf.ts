import type { Bucket } from '../bucket/bucket.ts';

/** Opened buckets of callers, the last used ones. */
export interface Shelf {
  /** The bucket under `key`; where it is not there any more, what `open` opens. */
  take(key: string, open: () => Bucket): Bucket;
  close(): void;
}

/** Holds at most `most`; what has to make room is closed as soon as nobody waits for it. */
export function createShelf(most: number): Shelf {
  /** Least recently used first. */
  const held = new Map<string, Lent>();
  return {
    take(key, open) {
      const lent = held.get(key) ?? lend(open());
      held.delete(key);
      held.set(key, lent);
      const [oldest] = held;
      if (held.size > most && oldest) {
        held.delete(oldest[0]);
        oldest[1].retire();
      }
      return lent.bucket;
    },
    close() {
      for (const { bucket } of held.values()) bucket.close();
      held.clear();
    },
  };
}

interface Lent {
  bucket: Bucket;
  /** Closes it, now or when the last answer is there. */
  retire(): void;
}

function lend(bucket: Bucket): Lent {
  let waiting = 0;
  let retired = false;
  const settle = () => {
    if (retired && waiting === 0) bucket.close();
  };
  const counted = new Proxy(bucket, {
    get(target, name) {
      const member = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer = member.apply(target, args);
        if (!(answer instanceof Promise)) return answer;
        waiting++;
        return answer.finally(() => {
          waiting--;
          settle();
        });
      };
    },
  });
  return {
    bucket: counted,
    retire() {
      retired = true;
      settle();
    },
  };
}
