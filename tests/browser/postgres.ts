import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Kills the embedded PostgreSQL of `dataDir` as a power cut would. */
export async function killPostgres(dataDir: string): Promise<void> {
  const found = readdirSync(dataDir, { recursive: true, encoding: 'utf8' }).find((path) =>
    path.endsWith('postmaster.pid'),
  );
  if (!found) throw new Error(`no postmaster.pid below ${dataDir}`);
  const pid = Number(readFileSync(join(dataDir, found), 'utf8').split('\n')[0]);
  process.kill(pid, 'SIGKILL');
}
