import postgres from 'postgres';

/** The role that every query of the server runs under: neither owner nor superuser, bound by row-level security. */
export const SERVER_ROLE = 'partway_server';

/** For whom a transaction acts; row-level security shows it nothing else. Hashes are SHA-256. */
export interface Scope {
  user?: string;
  tokenHash?: Uint8Array;
  credentialHash?: Uint8Array;
  /** Whoever bears the events of the outbox, and sees nothing else; whoever looks after all uploads. */
  service?: 'outbox' | 'janitor';
}

/** Whom an event of the outbox is for: the app's `onVerified`, or its webhook. */
export type Target = 'hook' | 'webhook';

export type Query = postgres.TransactionSql;

export interface Database {
  /** Runs `work` in one transaction that sees only what `scope` may see. */
  scoped<T>(scope: Scope, work: (sql: Query) => Promise<T>): Promise<T>;
  /** Rejects where the database does not answer. */
  ping(): Promise<void>;
  /** Waits for running queries, then closes. */
  close(): Promise<void>;
}

const hex = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes).toString('hex') : '');

/** Opens the server's pool of at most `size` connections to `url`, each under `SERVER_ROLE`; what it ends is told to `targets`. */
export function openDatabase(url: string, size = 20, targets: Target[] = []): Database {
  const sql = postgres(url, {
    max: size,
    connect_timeout: 5,
    idle_timeout: 60,
    // The driver's own grows to 20 s: so long would calls hang in an outage, and outlast it.
    backoff: () => 0.1 + Math.random() / 10,
    onnotice: () => {},
    connection: { application_name: 'partway', role: SERVER_ROLE, 'partway.events': targets.join(',') } as Record<
      string,
      string
    >,
  });
  return {
    scoped: <T>(scope: Scope, work: (sql: Query) => Promise<T>) =>
      sql.begin(async (query) => {
        // Sent together with the first query of `work`: a connection answers in order, so no round trip is lost.
        const bound = query`
          select set_config('partway.user_id', ${scope.user ?? ''}, true),
            set_config('partway.token_hash', ${hex(scope.tokenHash)}, true),
            set_config('partway.credential_hash', ${hex(scope.credentialHash)}, true),
            set_config('partway.service', ${scope.service ?? ''}, true)`.execute();
        const [result] = await Promise.all([work(query), bound]);
        return result;
      }) as Promise<T>,
    ping: async () => void (await sql`select 1`),
    close: () => sql.end({ timeout: 20 }),
  };
}
