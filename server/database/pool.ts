import postgres from 'postgres';

/** One connection, lent to one borrower at a time. */
export interface Link {
  sql: postgres.Sql;
  /** Whether it has answered and was not closed since. */
  open: boolean;
  /** Runs while it is lent. */
  limit?: ReturnType<typeof setTimeout>;
}

interface Waiter {
  resolve(link: Link): void;
  reject(error: Error): void;
  limit: ReturnType<typeof setTimeout>;
}

export interface Pool {
  take(): Promise<Link>;
  give(link: Link): void;
  /** Waits for what is lent, `seconds` at most, then closes every connection; nothing is lent any more. */
  close(seconds: number): Promise<void>;
}

/**
 * At most `size` links, made when they are needed and dropped when they are lost. Each is a client of one connection:
 * the driver's own pool ends the process when a connection is lost in the middle of a transaction (it writes the
 * ROLLBACK to a socket that is gone), never gets that connection back, and tells the next one of the last one's error.
 *
 * A host that has vanished closes nothing and never answers: who waits for a link longer than `limit` milliseconds is
 * rejected with CONNECT_TIMEOUT, and what runs on a link that was lent for so long with CONNECTION_DESTROYED.
 */
export function openPool(
  url: string,
  size: number,
  limit: number,
  options: postgres.Options<Record<string, postgres.PostgresType>>,
): Pool {
  const links = new Set<Link>();
  let idle: Link[] = [];
  const waiting = new Set<Waiter>();
  let closing: (() => void) | undefined;

  function add(): Link {
    const onclose = () => {
      link.open = false;
      if (idle.includes(link)) drop(link);
    };
    // Without `max_lifetime` it is not ended between two statements of a transaction.
    const link: Link = { sql: postgres(url, { ...options, max: 1, max_lifetime: null, onclose }), open: false };
    links.add(link);
    return link;
  }

  function drop(link: Link): Promise<void> {
    links.delete(link);
    idle = idle.filter((other) => other !== link);
    return link.sql.end({ timeout: 0 });
  }

  function lend(link: Link): Link {
    link.limit = setTimeout(() => {
      link.open = false;
      void link.sql.end({ timeout: 0 });
      // They most likely lead nowhere, too.
      for (const other of idle) void drop(other);
    }, limit);
    return link;
  }

  function wait(): Promise<Link> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(waiter);
        reject(fault('CONNECT_TIMEOUT', `No connection to the database was free within ${limit / 1000} s.`));
      };
      const waiter = { resolve, reject, limit: setTimeout(giveUp, limit) };
      waiting.add(waiter);
    });
  }

  function nextWaiter(): Waiter | undefined {
    const [first] = waiting;
    if (!first) return undefined;
    waiting.delete(first);
    clearTimeout(first.limit);
    return first;
  }

  const fault = (code: string, message: string) => Object.assign(new Error(message), { code });
  const ended = () => fault('CONNECTION_ENDED', 'The database is closed.');

  return {
    take() {
      if (closing) return Promise.reject(ended());
      // The one used last: what is not needed stays idle and closes.
      const link = idle.pop() ?? (links.size < size ? add() : undefined);
      return link ? Promise.resolve(lend(link)) : wait();
    },
    give(link) {
      clearTimeout(link.limit);
      if (!link.open) void drop(link);
      const next = nextWaiter();
      if (next) next.resolve(lend(link.open ? link : add()));
      else if (link.open) idle.push(link);
      if (idle.length === links.size) closing?.();
    },
    async close(seconds) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        closing = resolve;
        if (idle.length === links.size) resolve();
        else timer = setTimeout(resolve, seconds * 1000);
      });
      clearTimeout(timer);
      for (let waiter = nextWaiter(); waiter; waiter = nextWaiter()) waiter.reject(ended());
      await Promise.all([...links].map(drop));
    },
  };
}
