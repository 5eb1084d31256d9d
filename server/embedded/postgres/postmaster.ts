import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout } from 'node:timers/promises';
import { StartError } from '../../fault.ts';
import { alive, birth, commandLine } from './process.ts';

/** A running PostgreSQL that takes connections on 127.0.0.1. */
export interface Postmaster {
  pid: number;
  port: number;
  /** See `birth` in process.ts: guards against signalling a stranger. */
  birth: string;
}

/** PostgreSQL tells its state in a file only: this often it is looked at. */
export const POLL_MS = 10;
const SETTLE_MS = 60_000;
/** Beyond every system's largest process number. */
const NOBODY = 2 ** 31 - 1;

/** The lines of `postmaster.pid` (PostgreSQL: src/include/utils/pidfile.h); undefined where there is none. */
export function readRecord(data: string): { pid: number; port: number; status: string } | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * The PostgreSQL that an earlier server left running on `data`, once it is ready; undefined where there is none, or its end was seen.
 * Throws StartError where it is neither ready nor gone within a minute.
 */
export async function findPostmaster(data: string): Promise<Postmaster | undefined> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const record = readRecord(data);
    if (!record) return undefined;
    if (!alive(record.pid) || !commandLine(record.pid).includes(data)) {
      disown(data);
      return undefined;
    }
    if (record.status === 'ready') return { pid: record.pid, port: record.port, birth: birth(record.pid) };
    if (Date.now() > deadline) throw new StartError(silent(record.pid));
    await setTimeout(POLL_MS);
  }
}

export function silent(pid: number): string {
  return `PostgreSQL (process ${pid}), left by an earlier start, does not answer: stop it (kill -QUIT ${pid}) and start again`;
}

/**
 * PostgreSQL takes any process with the recorded number for a living postmaster, be it a stranger or a zombie. The number is replaced rather
 * than the file deleted: its other lines let PostgreSQL see children of the dead one that still hold the data.
 */
function disown(data: string): void {
  const file = join(data, 'postmaster.pid');
  const [, ...rest] = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, [NOBODY, ...rest].join('\n'));
}

/** Fast shutdown, an immediate one (recovered from at the next start) where that takes over a minute. Resolves when the process is gone. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!lives(postmaster)) return;
    process.kill(postmaster.pid, signal);
    for (const deadline = Date.now() + SETTLE_MS; Date.now() < deadline; await setTimeout(POLL_MS)) {
      if (!lives(postmaster)) return;
    }
  }
  throw new Error(`PostgreSQL (process ${postmaster.pid}) does not stop: kill -KILL ${postmaster.pid}`);
}

function lives({ pid, birth: born }: Postmaster): boolean {
  return alive(pid) && birth(pid) === born;
}
