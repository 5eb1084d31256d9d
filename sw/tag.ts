import { RUNGS } from './ladder.ts';

/**
 * Sync tags under which an owner's uploads go on, one for each rung of the ladder. A tag that waits for its next attempt
 * cannot be called before: who needs the worker now takes another set.
 */
export const SETS = 10;

const PATTERN = /^partway:(\d+):(.*)$/s;

export interface Tag {
  owner: string;
  set: number;
  rung: number;
}

/** Undefined for a tag of the app's own. */
export function readTag(tag: string): Tag | undefined {
  const [, number, owner] = PATTERN.exec(tag) ?? [];
  return owner === undefined
    ? undefined
    : { owner, set: Math.floor(Number(number) / RUNGS), rung: Number(number) % RUNGS };
}

export const tagsOf = (owner: string, set: number): string[] =>
  Array.from({ length: RUNGS }, (_, rung) => `partway:${set * RUNGS + rung}:${owner}`);

/** Sets of which no tag is registered, lowest first; the last one where all are taken. */
export function freeSets(owner: string, registered: readonly string[]): number[] {
  const taken = new Set(registered.map(readTag).map((tag) => tag?.owner === owner && tag.set));
  const free = [...Array(SETS).keys()].filter((set) => !taken.has(set));
  return free.length ? free : [SETS - 1];
}
