import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../fault.ts';
import { findBinaries } from './postgres/binaries.ts';
import { prepareCluster } from './postgres/cluster.ts';
import { prepareDatabase } from './postgres/database.ts';
import { launchPostmaster } from './postgres/launch.ts';
import { lock } from './postgres/lock.ts';
import { keepPasswords } from './postgres/passwords.ts';
import { choosePlace, type Place } from './postgres/place.ts';
import { findPostmaster, type Postmaster, silent, stopPostmaster } from './postgres/postmaster.ts';

/** The PostgreSQL that a server without DATABASE_URL brings along. */
export interface EmbeddedPostgres {
  /** `postgres://…` of the database `partway`, for the role that owns it; the port is another at each start. */
  url: string;
  /** Whether it was left running by a server that was killed. */
  adopted: boolean;
  /** Where its data, log and passwords lie: absolute, in DATA_DIR, or elsewhere where DATA_DIR is closed to PostgreSQL's user. */
  folder: string;
  /** Fast shutdown; resolves when it is gone and the folder is free. May be called again. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** DATA_DIR, absolute or relative to the working directory; made where it is missing. */
  folder: string;
  /** As root only: takes what PostgreSQL's user could not reach where it is. Default `/var/lib/partway`. */
  shelter?: string;
}

const SHELTER = '/var/lib/partway';

/**
 * Starts PostgreSQL on `folder`, or adopts the one still running there. It outlives this process unless stopped.
 * Throws StartError where it cannot, or while another living server has the folder.
 *
 * @example
 * const database = await startPostgres({ folder: '.partway' });
 * await database.stop();
 */
export async function startPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    const place = await choosePlace(options.folder, options.shelter ?? SHELTER);
    const release = lock(place);
    try {
      return await start(place, release);
    } catch (error) {
      release();
      throw error;
    }
  } catch (cause) {
    if (cause instanceof StartError) throw cause;
    const { message } = cause as Error;
    throw new StartError(
      `${options.folder} cannot hold the embedded PostgreSQL (${message}): make it a folder with room that can be written, or set DATA_DIR`,
      { cause },
    );
  }
}

/** The address of the PostgreSQL that runs on `folder`, whoever started it; undefined where none does. */
export async function findPostgres(folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, 'postgres'))) return undefined;
  const place = await choosePlace(folder, SHELTER);
  const running = await findPostmaster(place.data);
  return running && prepareDatabase(running.port, keepPasswords(place));
}

async function start(place: Place, release: () => void): Promise<EmbeddedPostgres> {
  const left = await findPostmaster(place.data);
  const passwords = keepPasswords(place);
  const postmaster = left ?? (await launch(place, passwords.postgres));
  const url = await prepareDatabase(postmaster.port, passwords).catch(async (cause) => {
    if (left) throw new StartError(silent(left.pid), { cause });
    await stopPostmaster(postmaster);
    throw cause;
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopPostmaster(postmaster).finally(release));
  return { url, adopted: left !== undefined, folder: place.home, stop };
}

async function launch(place: Place, password: string): Promise<Postmaster> {
  const binaries = findBinaries(place);
  await prepareCluster(place, binaries, password);
  return launchPostmaster(place, binaries.bin);
}
