import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StartError } from '../../fault.ts';
import { chooseAccount, closedTo } from './account.ts';
import { makeLink } from './link.ts';
import type { Account } from './process.ts';

/** Where an embedded PostgreSQL lives, and as whom it runs. All paths are real and absolute. */
export interface Place {
  /** The DATA_DIR itself. */
  folder: string;
  /** Ours: lock, passwords, log, and `data`, which belongs to the account. */
  home: string;
  data: string;
  /** Where a copy of the binaries may go that the account can reach. */
  copies: string;
  /** undefined: as ourselves. */
  account: Account | undefined;
}

/**
 * Home is `postgres` in DATA_DIR. Where we are root and the user PostgreSQL runs as cannot get there, it is a link to a folder of
 * its own under `shelterDir`, named after DATA_DIR's real path. Makes the folders that are missing.
 */
export async function choosePlace(dataDir: string, shelterDir: string): Promise<Place> {
  const shelter = resolve(shelterDir);
  mkdirSync(resolve(dataDir), { recursive: true });
  const folder = realpathSync(resolve(dataDir));
  const inside = join(folder, 'postgres');
  const account = await chooseAccount([join(inside, 'data'), inside]);
  const link = lstatSync(inside, { throwIfNoEntry: false })?.isSymbolicLink();
  if (link || (!existsSync(inside) && closedTo(account, folder))) {
    // A link may outlive the folder it leads to.
    const away = link ? resolve(folder, readlinkSync(inside)) : join(shelter, hash(folder));
    makeOpen(dirname(away));
    mkdirSync(away, { recursive: true });
    makeLink(away, inside);
  } else {
    mkdirSync(inside, { recursive: true });
  }
  const home = realpathSync(inside);
  if (account) chmodSync(home, 0o711);
  const closed = closedTo(account, home);
  if (closed) {
    throw new StartError(
      `${closed} is closed to the user ${account?.name}, who has to reach ${home}: run chmod o+x ${closed}, or set DATA_DIR to another folder`,
    );
  }
  return { folder, home, data: join(home, 'data'), copies: account ? shelter : folder, account };
}

/** Makes a folder that every user may enter, whatever the umask; one that is there already stays as it is. */
export function makeOpen(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function hash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 16);
}
