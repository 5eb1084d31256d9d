/** What a browser takes of the machine while it works. */

import { readFileSync } from 'node:fs';
import { processTree } from '../browser/processes.ts';
import { processorOf } from './process.ts';

const EVERY_MS = 100;

export interface Grown {
  kind: string;
  /** Resident bytes. */
  before: number;
  most: number;
}

/** Resident bytes and kind of each process of the browser that `pid` began. */
function resident(pid: number): Map<number, { kind: string; bytes: number }> {
  const members = new Map<number, { kind: string; bytes: number }>();
  for (const member of processTree(pid)) {
    try {
      const command = readFileSync(`/proc/${member}/cmdline`, 'utf8');
      const kind = /--utility-sub-type=([\w.]+)/.exec(command)?.[1] ?? /--type=(\w+)/.exec(command)?.[1] ?? 'browser';
      const pages = Number(readFileSync(`/proc/${member}/statm`, 'utf8').split(' ')[1]);
      members.set(member, { kind, bytes: pages * 4096 });
    } catch {}
  }
  return members;
}

/** Looks on until told to end: the process of each kind that grew most, from when it was first seen. */
export function watchMemory(pid: number, look = () => {}) {
  const members = new Map<number, Grown>();
  const sample = () => {
    for (const [member, { kind, bytes }] of resident(pid)) {
      const { before, most } = members.get(member) ?? { before: bytes, most: bytes };
      members.set(member, { kind, before, most: Math.max(most, bytes) });
    }
    look();
  };
  sample();
  const timer = setInterval(sample, EVERY_MS);
  return {
    end(): Grown[] {
      clearInterval(timer);
      sample();
      const byGrowth = [...members.values()].sort((a, b) => a.most - a.before - (b.most - b.before));
      return [...new Map(byGrowth.map((grown) => [grown.kind, grown])).values()];
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
