/** What passed through the proxy, request by request, and who waits to see it. Times are `performance.now()`. */

export interface Seen {
  method: string;
  /** Without the query. */
  path: string;
  /** Without the question mark; '' if there is none. */
  query: string;
  startedAt: number;
  /** Of the request's body, as its head announces it; 0 where it does not. */
  length: number;
  /** Of the request's body, taken off the client so far; more than `bytes` where the target was not asked. */
  taken: number;
  /** Of the request's body, forwarded so far. */
  bytes: number;
  /** Stands still because a test holds or delays it. */
  held: boolean;
  /** Of the answer, ours or the target's. */
  status?: number;
  /** The answer was passed on whole. */
  finishedAt?: number;
  /** The connection ended before that. */
  brokenAt?: number;
}

const WAIT_MS = 30_000;

export type Traffic = ReturnType<typeof createTraffic>;

export function createTraffic() {
  const requests: Seen[] = [];
  /** How many bytes of PUTs had passed at a time; one entry a millisecond at most. */
  const marks: { at: number; total: number }[] = [];
  let total = 0;
  const watchers = new Set<() => void>();

  function changed(): void {
    for (const look of watchers) look();
  }

  function begin(startLine: string, length = 0): Seen {
    const [method = '', target = ''] = startLine.split(' ');
    const [path = '', query = ''] = target.split(/\?(.*)/s);
    const startedAt = performance.now();
    const seen: Seen = { method, path, query, startedAt, length, taken: 0, bytes: 0, held: false };
    requests.push(seen);
    changed();
    return seen;
  }

  function forwarded(seen: Seen, bytes: number): void {
    seen.bytes += bytes;
    if (seen.method === 'PUT') {
      const at = performance.now();
      total += bytes;
      const last = marks.at(-1);
      if (last && at - last.at < 1) last.total = total;
      else marks.push({ at, total });
    }
    changed();
  }

  function update(seen: Seen, news: Partial<Seen>): void {
    Object.assign(seen, news);
    changed();
  }

  function bytesSince(time: number): number {
    return total - (marks.findLast(({ at }) => at <= time)?.total ?? 0);
  }

  /** Of requests that began at that time or later: what somebody already gone had left in the kernel's buffers is not in it. */
  function bytesBegunSince(time: number): number {
    const begun = requests.filter(({ method, startedAt }) => method === 'PUT' && startedAt >= time);
    return begun.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Resolves when `check` is true, looked at again whenever anything has passed or happened. */
  function waitFor(check: () => boolean, { limit = WAIT_MS, what = String(check) } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        clearTimeout(timer);
        watchers.delete(look);
        settle();
      };
      const timer = setTimeout(() => {
        const last = requests.slice(-10).map((seen) => `\n  ${JSON.stringify(seen)}`);
        end(() => reject(new Error(`waited ${limit} ms for: ${what}; the last requests:${last.join('')}`)));
      }, limit);
      const look = () => {
        try {
          if (check()) end(resolve);
        } catch (error) {
          end(() => reject(error));
        }
      };
      watchers.add(look);
      look();
    });
  }

  return { requests, begin, forwarded, update, bytesSince, bytesBegunSince, waitFor };
}
