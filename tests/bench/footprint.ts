/** What a browser takes of the machine while it works. */

import { readFileSync } from 'node:fs';
import { processTree } from '../browser/processes.ts';
import { processorOf } from './process.ts';

const EVERY_MS = 100;

/** Resident bytes of the largest process of each kind in the browser that `pid` began. */
export function resident(pid: number): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const member of processTree(pid)) {
    try {
      const command = readFileSync(`/proc/${member}/cmdline`, 'utf8');
      const kind = /--utility-sub-type=([\w.]+)/.exec(command)?.[1] ?? /--type=(\w+)/.exec(command)?.[1] ?? 'browser';
      const pages = Number(readFileSync(`/proc/${member}/statm`, 'utf8').split(' ')[1]);
      kinds.set(kind, Math.max(kinds.get(kind) ?? 0, pages * 4096));
    } catch {}
  }
  return kinds;
}

/** Looks on until told to end: bytes of each kind before and at most. */
export function watchMemory(pid: number, look = () => {}) {
  const before = resident(pid);
  const peak = new Map(before);
  const sample = () => {
    for (const [kind, bytes] of resident(pid)) peak.set(kind, Math.max(peak.get(kind) ?? 0, bytes));
    look();
  };
  const timer = setInterval(sample, EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      sample();
      return [...peak].map(([kind, most]) => ({ kind, before: before.get(kind) ?? 0, most }));
    },
  };
}

/** The same with the processor: growth in bytes, and seconds of all processes of the browser, those that end meanwhile too. */
export function watchFootprint(pid: number) {
  const processor = processorOf(pid);
  const begunAt = processor();
  const memory = watchMemory(pid, processor);
  return {
    end() {
      const kinds = memory.end();
      const growthOf = (wanted: string) => {
        const { most, before } = kinds.find(({ kind }) => kind === wanted)!;
        return most - before;
      };
      return {
        renderer: growthOf('renderer'),
        browser: growthOf('browser'),
        processor: (processor() - begunAt) / 1000,
      };
    },
  };
}
