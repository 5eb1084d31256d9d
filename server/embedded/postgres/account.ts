import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { StartError } from '../../fault.ts';
import { type Account, run } from './process.ts';

/**
 * The user to run PostgreSQL as: undefined for ourselves. PostgreSQL refuses root, so there it is whoever owns what
 * stands at `paths` already (first match), else `postgres`, made as a system user where it is missing.
 */
export async function chooseAccount(paths: string[], name = 'postgres'): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const path of paths) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.uid) return { name: `of number ${found.uid}`, uid: found.uid, gid: found.gid };
  }
  return (await lookUp(name)) ?? (await create(name));
}

async function lookUp(name: string): Promise<Account | undefined> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
  if (uid.code !== 0 || gid.code !== 0) return undefined;
  return { name, uid: Number(uid.output), gid: Number(gid.output) };
}

async function create(name: string): Promise<Account> {
  const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
  const made = await run('useradd', [...options, name]).catch((error: Error) => ({ output: error.message }));
  // Looked up even after a failure: another start may have made it a moment before.
  const account = await lookUp(name);
  if (account) return account;
  const why = made.output.trim();
  throw new StartError(
    `PostgreSQL refuses to run as root and a user "${name}" could not be made (${why}): start as another user, or set DATABASE_URL`,
  );
}

/** The first folder (or file) on the way to the real path `path` that is closed to `account`; undefined if it can get there. */
export function closedTo(account: Account | undefined, path: string): string | undefined {
  if (!account) return undefined;
  const above = dirname(path) === path ? undefined : closedTo(account, dirname(path));
  if (above) return above;
  const { uid, gid, mode } = statSync(path);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return mode & bit ? undefined : path;
}
