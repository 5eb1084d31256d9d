/** A data folder in which PostgreSQL has been set up already, which takes longer than most tests: each begins with a copy. */

import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../server/embedded/postgres.ts';

/** Where `npm test` keeps the one that is copied; without it each server sets up its own. */
const SEED = 'PARTWAY_SEED';

/** A folder that PostgreSQL's user may enter, so that nothing of it lands elsewhere. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'partway-data-'));
  chmodSync(folder, 0o711);
  return folder;
}

/** A copy of the seed, with owners and modes; an empty folder where there is none. */
export function seededFolder(): string {
  const folder = makeFolder();
  const seed = process.env[SEED];
  if (seed) execFileSync('cp', ['-a', `${seed}/.`, folder]);
  return folder;
}

/** Makes the seed for all processes that this one starts; resolves to what clears it away. */
export async function sowSeed(): Promise<() => void> {
  const folder = makeFolder();
  const database = await startPostgres({ folder });
  await database.stop();
  process.env[SEED] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
