import postgres from 'postgres';

/** One connection, lent to one borrower at a time. */
export interface Link {
  sql: postgres.Sql;
  /** Whether it has answered and was not closed since. */
  open: boolean;
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
 */
export function openPool(url: string, size: number, options: postgres.Options<Record<string, never>>): Pool {
  const links = new Set<Link>();
  let idle: Link[] = [];
  const waiting: { resolve(link: Link): void; reject(error: Error): void }[] = [];
  let closing: (() => void) | undefined;

  function add(): Link {
    const onclose = () => {
      link.open = false;
      if (idle.includes(link)) drop(link);
    };
    // Without `max_lifetime` it is not ended between two statements of a transaction.
    const link = { sql: postgres(url, { ...options, max: 1, max_lifetime: null, onclose }), open: false };
    links.add(link);
    return link;
  }

  function drop(link: Link): Promise<void> {
    links.delete(link);
    idle = idle.filter((other) => other !== link);
    return link.sql.end({ timeout: 0 });
  }

  const ended = () => Object.assign(new Error('The database is closed.'), { code: 'CONNECTION_ENDED' });

  return {
    take() {
      if (closing) return Promise.reject(ended());
      // The one used last: what is not needed stays idle and closes.
      const link = idle.pop() ?? (links.size < size ? add() : undefined);
      return link ? Promise.resolve(link) : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    give(link) {
      if (!link.open) void drop(link);
      const next = waiting.shift();
      if (next) next.resolve(link.open ? link : add());
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
      for (const { reject } of waiting.splice(0)) reject(ended());
      await Promise.all([...links].map(drop));
    },
  };
}
