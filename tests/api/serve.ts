/** Servers and databases whose every trace goes with them. */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import postgres from 'postgres';
import { type EmbeddedPostgres, startPostgres } from '../../server/embedded/postgres.ts';
import { seededFolder } from '../seed.ts';

export { makeFolder } from '../seed.ts';
export { startServer as serve } from '../server.ts';

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

export interface TestDatabase extends EmbeddedPostgres {
  /** `postgres://…` of the superuser, for `name`. */
  admin(name?: string): string;
}

/** A PostgreSQL that several servers can share. */
export async function serveDatabase(): Promise<TestDatabase> {
  const folder = seededFolder();
  const database = await startPostgres({ folder });
  return {
    ...database,
    admin: (name) => adminUrl(folder, name),
    async stop() {
      await database.stop();
      removeFolder(folder);
    },
  };
}

/** The superuser's address of the embedded PostgreSQL that runs on `dataDir`. */
export function adminUrl(dataDir: string, name = 'partway'): string {
  const home = join(dataDir, 'postgres');
  const { postgres: password } = JSON.parse(readFileSync(join(home, 'passwords.json'), 'utf8'));
  const port = readFileSync(join(home, 'data/postmaster.pid'), 'utf8').split('\n')[3];
  return `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
}

/** Runs `work` on one connection to `url`. */
export async function query<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
