/** A process with all that it started, found by parentage, so that nothing is ever killed by its name. */

import { readdirSync, readFileSync } from 'node:fs';

interface Entry {
  pid: number;
  parent: number;
  state: string;
}

function entry(pid: number): Entry | undefined {
  try {
    // "pid (name) state ppid …": the name may hold blanks and brackets, so count from the last one.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid, parent: Number(parent), state: state! };
  } catch {
    return undefined;
  }
}

/** `pid` and its descendants; where there is no /proc, `pid` alone (Chromium's children then follow it by themselves). */
export function processTree(pid: number): number[] {
  let entries: Entry[] = [];
  try {
    entries = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => entry(Number(name)) ?? []);
  } catch {}
  const tree = [pid];
  for (const parent of tree) tree.push(...entries.filter((e) => e.parent === parent).map((e) => e.pid));
  return tree;
}

/** A zombie nobody has reaped is not alive: in a container there may be no init that ever does. */
export function isAlive(pid: number): boolean {
  const found = entry(pid);
  if (found) return found.state !== 'Z' && found.state !== 'X';
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux';
  } catch {
    return false;
  }
}

export function kill(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {}
  }
}

/** Resolves to true when none of `pids` is alive, to false when `limit` ms have passed. */
export async function gone(pids: number[], limit: number): Promise<boolean> {
  const deadline = performance.now() + limit;
  while (pids.some(isAlive)) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(5);
  }
  return true;
}
