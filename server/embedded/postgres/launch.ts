import { type StdioOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { StartError } from '../../fault.ts';
import type { Place } from './place.ts';
import { freePort } from './port.ts';
import { findPostmaster, POLL_MS, type Postmaster, readRecord, stopPostmaster } from './postmaster.ts';
import { alive, birth, surroundings } from './process.ts';
import { reason } from './reason.ts';
import { settings } from './settings.ts';

/** Recovery after a power cut may take long; so may a disk under load. */
const START_MS = 120_000;
const HELD_MS = 15_000;
const PORTS = 5;

/**
 * Starts PostgreSQL on `place.data` in a session of its own, where the terminal's Ctrl-C does not reach it. Resolves when it takes
 * connections. Its words go to `log`, the start before's are in `log.old`. Throws StartError with its last complaint where it fails.
 */
export async function launchPostmaster(place: Place, bin: string, port = freePort): Promise<Postmaster> {
  const log = join(place.home, 'log');
  if (statSync(log, { throwIfNoEntry: false })) renameSync(log, `${log}.old`);
  const deadline = Date.now() + HELD_MS;
  for (let ports = 1; ; ) {
    const started = await attempt(place, bin, await port(), log);
    if (typeof started !== 'string') return started;
    const taken = /could not bind|address already in use/i.test(started) && ports++ < PORTS;
    // Children of a postmaster that was killed end by themselves; or a launch that was cut off has just become ready.
    const held = /pre-existing shared memory block|lock file .* already exists/.test(started) && Date.now() < deadline;
    if (!taken && !held) {
      throw new StartError(
        `PostgreSQL did not start on ${place.data} (${reason(started)}): clear that and start again, or set DATABASE_URL`,
      );
    }
    if (!held) continue;
    const left = await findPostmaster(place.data);
    if (left) return left;
    await setTimeout(10 * POLL_MS);
  }
}

/** The postmaster, or what it said before it ended. */
async function attempt({ data, account }: Place, bin: string, port: number, log: string): Promise<Postmaster | string> {
  const said = statSync(log, { throwIfNoEntry: false })?.size ?? 0;
  const child = spawnPostmaster(bin, ['-D', data, ...settings(port)], log, account);
  let failure = '';
  child.once('error', (error) => (failure = error.message));
  child.unref();
  const pid = child.pid ?? 0;
  for (const deadline = Date.now() + START_MS; Date.now() < deadline; await setTimeout(POLL_MS)) {
    const record = readRecord(data);
    if (record?.pid === pid && record.status === 'ready') return { pid, port, birth: birth(pid) };
    if (failure || !alive(pid)) return failure || readFileSync(log).subarray(said).toString();
  }
  await stopPostmaster({ pid, port, birth: birth(pid) });
  return `not ready after ${START_MS / 1000} seconds`;
}

function spawnPostmaster(bin: string, args: string[], log: string, account: Place['account']) {
  const output = openSync(log, 'a', 0o600);
  try {
    const stdio: StdioOptions = ['ignore', output, output];
    return spawn(join(bin, 'postgres'), args, { ...surroundings(account), detached: true, stdio });
  } finally {
    closeSync(output);
  }
}
