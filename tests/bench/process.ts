/** What a process uses, by Linux's own account of it. */

import { readdirSync, readFileSync } from 'node:fs';
import { processTree } from '../browser/processes.ts';

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
};

const threadsOf = (pid: number): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`);
  } catch {
    return [];
  }
};

/**
 * A clock of the processor time of `pid` and all that it started, in milliseconds: others on the machine do not move it.
 * Counted in nanoseconds thread by thread, since the account of a whole process has steps of ten milliseconds.
 */
export function processorOf(pid: number): () => number {
  const seen = new Map<string, number>();
  let total = 0;
  return () => {
    for (const path of processTree(pid).flatMap(threadsOf)) {
      const used = Number(read(path).split(' ')[0]) / 1e6;
      total += Math.max(0, used - (seen.get(path) ?? 0));
      seen.set(path, used);
    }
    return total;
  };
}

const mebibytes = (pid: number, field: string): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(read(`/proc/${pid}/status`))![1]) / 1024;

/** Mebibytes that the process has in memory. */
export const residentOf = (pid: number): number => mebibytes(pid, 'VmRSS');

/** Mebibytes that the process had at its largest. */
export const peakOf = (pid: number): number => mebibytes(pid, 'VmHWM');
