import { StoreFault } from './bucket.ts';

/** Does at most `size` works at a time, in the order in which they were asked for; rejects where `most` wait already. */
export function turns(size: number, most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = size;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (waiting.length >= most) throw new StoreFault('unavailable', 'Busy', undefined);
    if (free) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
