import type postgres from 'postgres';
import { openPool } from './pool.ts';
import { transact } from './transaction.ts';

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

export type Query = postgres.ISql;

export interface Database {
  /** Runs `work` in one transaction that sees only what `scope` may see. */
  scoped<T>(scope: Scope, work: (sql: Query) => Promise<T>): Promise<T>;
  /** `scoped` for `work` that makes exactly one query, at once: all of the transaction is one round trip. */
  single<T>(scope: Scope, work: (sql: Query) => Promise<T>): Promise<T>;
  /** Rejects where the database does not answer. */
  ping(): Promise<void>;
  /** Waits for running queries, then closes. */
  close(): Promise<void>;
}

/** Milliseconds that a transaction may take, and that a caller waits for a connection; past them the database is down. */
const LIMIT_MS = 30_000;

/**
 * Arrays of text are all that is sent, and none is read. The driver would ask for the types of all arrays on each new
 * connection, in a query of nobody's: where the connection is lost in it, the rejection ends the process.
 */
const texts = {
  to: 1009,
  from: [],
  serialize: (all: string[]) => `{${all.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`)}}`,
  parse: String,
};

/** Opens the server's pool of at most `size` connections to `url`, each under `SERVER_ROLE`; what it ends is told to `targets`. */
export function openDatabase(url: string, size = 20, targets: Target[] = [], limit = LIMIT_MS): Database {
  const pool = openPool(url, size, limit, {
    connect_timeout: 5,
    idle_timeout: 60,
    fetch_types: false,
    types: { texts },
    onnotice: () => {},
    connection: { application_name: 'partway', role: SERVER_ROLE, 'partway.events': targets.join(',') } as Record<
      string,
      string
    >,
  });
  return {
    scoped: (scope, work) => transact(pool, scope, work, false),
    single: (scope, work) => transact(pool, scope, work, true),
    ping: () => transact(pool, {}, async (sql) => void (await sql`select 1`), true),
    close: () => pool.close(20),
  };
}
